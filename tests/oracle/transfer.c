/* SPDX-License-Identifier: MIT */
/* Bulk: every byte arrives, in order, by each way to read and write it. */
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "tests/oracle/oracle.h"

#define BULK_LEN (8u << 20)
#define SMALL_LEN (256u << 10)

enum manner {
	MANNER_INVALID = 0,
	MANNER_WRITE,    /* big blocks */
	MANNER_SMALL,    /* odd little blocks */
	MANNER_VECTOR,
	MANNER_SENDFILE,
	MANNER_SPLICE,
	MANNER_NONBLOCK, /* with poll */
	MANNER_COUNT
};

static const char *const manner_names[] = {
	"invalid", "blocks", "small", "vectors", "sendfile", "splice",
	"non-blocking",
};

/* One side of a transfer, run in a thread. */
struct side {
	int fd;
	enum manner manner;
	size_t len;       /* bytes to send; of the receiver: received */
	uint64_t sum;     /* FNV-1a of the bytes received */
	int error;        /* errno, 0: none */
};

static char *bulk;      /* BULK_LEN bytes without a short period */
static int bulk_file;   /* the same as a file */

static uint64_t sum_add(uint64_t sum, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (unsigned char)bytes[i]) * 1099511628211u;
	return sum;
}

static void bulk_make(void)
{
	uint32_t x = 2463534242u;

	bulk = malloc(BULK_LEN);
	for (size_t i = 0; i < BULK_LEN; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		bulk[i] = (char)x;
	}
	bulk_file = memfd_create("bulk", MFD_CLOEXEC);
	if (write_all(bulk_file, bulk, BULK_LEN) < 0)
		die("memfd");
}

/* Through a pipe, as a proxy does it: a block goes in full. */
static ssize_t splice_out(struct side *side, size_t at)
{
	static _Thread_local int fds[2] = { -1, -1 };
	size_t left = side->len - at, len = left < 32768 ? left : 32768;

	if (fds[0] < 0 && pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	if (write_all(fds[1], bulk + at, len) < 0)
		return -1;
	for (size_t gone = 0; gone < len;) {
		ssize_t n = splice(fds[0], NULL, side->fd, NULL, len - gone,
		                   SPLICE_F_MOVE);

		if (n <= 0)
			return -1;
		gone += (size_t)n;
	}
	return (ssize_t)len;
}

static ssize_t send_some(struct side *side, size_t at)
{
	static const size_t odd[] = { 1, 7, 100, 1461, 3, 5000, 2 };
	static _Thread_local unsigned turn;
	size_t left = side->len - at, len;
	struct iovec iov[3];
	off_t offset = (off_t)at;

	switch (side->manner) {
	case MANNER_SMALL:
		len = odd[turn++ % ARRAY_COUNT(odd)];
		return write(side->fd, bulk + at, len < left ? len : left);
	case MANNER_VECTOR:
		for (int i = 0; i < 3; i++)
			iov[i] = (struct iovec){ bulk + at + i * left / 3,
			                         (i + 1) * left / 3 -
			                         i * left / 3 };
		return writev(side->fd, iov, 3);
	case MANNER_SENDFILE:
		return sendfile(side->fd, bulk_file, &offset, left);
	case MANNER_SPLICE:
		return splice_out(side, at);
	case MANNER_NONBLOCK:
		poll_once(side->fd, POLLOUT, ORACLE_WAIT_MS);
		return send(side->fd, bulk + at, left, MSG_DONTWAIT);
	default:
		return write(side->fd, bulk + at, left);
	}
}

static void *sender(void *arg)
{
	struct side *side = arg;

	for (size_t at = 0; at < side->len;) {
		ssize_t n = send_some(side, at);

		if (n < 0 && errno != EAGAIN) {
			side->error = errno;
			return NULL;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	shutdown(side->fd, SHUT_WR);
	return NULL;
}

static ssize_t splice_in(struct side *side, char *buf, size_t len)
{
	static _Thread_local int fds[2] = { -1, -1 };
	ssize_t n;

	if (fds[0] < 0 && pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	n = splice(side->fd, NULL, fds[1], NULL, len, SPLICE_F_MOVE);
	return n > 0 ? read_all(fds[0], buf, (size_t)n) : n;
}

static ssize_t receive_some(struct side *side, char *buf, size_t len)
{
	struct iovec iov[2] = { { buf, 1000 }, { buf + 1000, len - 1000 } };

	switch (side->manner) {
	case MANNER_SMALL:
		return read(side->fd, buf, 777);
	case MANNER_VECTOR:
		return readv(side->fd, iov, 2);
	case MANNER_SPLICE:
		return splice_in(side, buf, len);
	case MANNER_NONBLOCK:
		poll_once(side->fd, POLLIN, ORACLE_WAIT_MS);
		return recv(side->fd, buf, len, MSG_DONTWAIT);
	default:
		return read(side->fd, buf, len);
	}
}

static void *receiver(void *arg)
{
	static _Thread_local char buf[65536];
	struct side *side = arg;

	side->sum = 14695981039346656037u;
	for (;;) {
		ssize_t n = receive_some(side, buf, sizeof(buf));

		if (n < 0 && errno == EAGAIN)
			continue;
		if (n < 0)
			side->error = errno;
		if (n <= 0)
			return NULL;
		side->len += (size_t)n;
		side->sum = sum_add(side->sum, buf, (size_t)n);
	}
}

static void transfer(const struct place *place, enum manner manner, size_t len,
                     bool is_both_ways)
{
	struct pair pair = pair_open(place);
	struct side out[2] = { { pair.near, manner, len, 0, 0 },
	                       { pair.far, manner, len, 0, 0 } };
	struct side in[2] = { { pair.far, manner, 0, 0, 0 },
	                      { pair.near, manner, 0, 0, 0 } };
	uint64_t sum = sum_add(14695981039346656037u, bulk, len);
	pthread_t threads[4];

	if (!is_both_ways)
		shutdown(pair.far, SHUT_WR);
	for (int i = 0; i < 1 + is_both_ways; i++) {
		pthread_create(&threads[2 * i], NULL, sender, &out[i]);
		pthread_create(&threads[2 * i + 1], NULL, receiver, &in[i]);
	}
	for (int i = 0; i < 1 + is_both_ways; i++) {
		pthread_join(threads[2 * i], NULL);
		pthread_join(threads[2 * i + 1], NULL);
		say("%s, %s: %zu of %zu bytes, %s, errors %s %s",
		    manner_names[manner], i ? "to near" : "to far", in[i].len,
		    len, in[i].sum == sum ? "as sent" : "CHANGED",
		    error_name(out[i].error), error_name(in[i].error));
	}
	pair_close(&pair);
}

static void transfer_all(const struct place *place)
{
	transfer(place, MANNER_WRITE, BULK_LEN, true);
	transfer(place, MANNER_SMALL, SMALL_LEN, true);
	transfer(place, MANNER_VECTOR, SMALL_LEN, true);
	transfer(place, MANNER_SENDFILE, SMALL_LEN, true);
	transfer(place, MANNER_SPLICE, SMALL_LEN, true);
	transfer(place, MANNER_NONBLOCK, SMALL_LEN, true);
	transfer(place, MANNER_WRITE, SMALL_LEN, false);
}

int main(void)
{
	oracle_start();
	bulk_make();
	each_place(transfer_all);
	return 0;
}
