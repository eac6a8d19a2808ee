/* SPDX-License-Identifier: MIT */
/* A device that is only memory; the header tells how a test drives it.
 *
 * Theory of operation
 *
 * Injected frames take a frame of the pool at once and wait in a list, so the
 * pool bounds that direction. Sent frames are copied into memory of their own
 * and wait in a second list with a limit. The eventfd holds 1 while the first
 * list is not empty: it is written at the first frame and read at the last.
 */
#include "fastpath/netdev_mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fastpath/frame_pool.h"
#include "fastpath/netdev_backends.h"
#include "fastpath/why.h"

#define MEM_FRAME_COUNT 256          /* receive frames, unless asked */
#define MEM_FRAME_ROOM (68u << 10)   /* bytes: a super-frame fits */
#define MEM_TX_LIMIT 4096            /* frames sent and not yet taken */
#define MEM_MTU 1500

struct netdev_mem {
	struct netdev dev;
	struct frame_pool pool;
	struct frame *rx_first;  /* injected, not yet lent; NULL: none */
	struct frame *rx_last;
	unsigned rx_waiting;     /* frames from rx_first on */
	struct netdev_mem_frame *tx_first; /* sent, not yet taken */
	struct netdev_mem_frame *tx_last;
	unsigned tx_count;       /* frames from tx_first on */
	unsigned tx_limit;       /* at most so many; then -EAGAIN */
	unsigned fail_in;        /* tx calls until one fails; 0: none will */
	int fail_err;            /* its errno, positive */
	int event_fd;            /* 1 while rx_waiting */
};

static struct netdev_mem *mem_of(const struct netdev *dev)
{
	return (struct netdev_mem *)dev;
}

static void mem_close(struct netdev *dev)
{
	struct netdev_mem *mem = mem_of(dev);

	while (mem->rx_first) {
		struct frame *frame = mem->rx_first;

		mem->rx_first = frame->next;
		frame_pool_free(&mem->pool, frame);
	}
	netdev_mem_sent_clear(dev);
	frame_pool_fini(&mem->pool);
	if (mem->event_fd >= 0)
		close(mem->event_fd);
	free(mem);
}

static int mem_open(const struct netdev_conf *conf, struct netdev **out,
                    char *why)
{
	/* RFC 7042 section 2.1: the second bit says locally administered. */
	static const uint8_t mac[ETHER_ADDR_LEN] = { 2, 'm', 'e', 'm', 0, 1 };
	const char *name = conf->device ? conf->device : "mem0";
	unsigned count = conf->frame_count ? conf->frame_count
	                                   : MEM_FRAME_COUNT;
	struct netdev_mem *mem = calloc(1, sizeof(*mem));
	int err;

	if (!mem)
		return why_fail(why, ENOMEM, "out of memory");
	mem->dev.ops = &netdev_mem_ops;
	mem->dev.mtu = conf->mtu ? conf->mtu : MEM_MTU;
	mem->dev.caps = conf->no_offload ? 0 : NETDEV_CAP_RX_SUPER;
	mem->tx_limit = MEM_TX_LIMIT;
	memcpy(mem->dev.mac, conf->mac ? conf->mac : mac, ETHER_ADDR_LEN);
	strncpy(mem->dev.name, name, sizeof(mem->dev.name) - 1);
	strcpy(mem->dev.mode, "memory");
	mem->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (mem->event_fd < 0) {
		err = why_fail(why, errno, "no eventfd for the memory device: "
		               "%s", strerror(errno));
		goto fail;
	}
	err = frame_pool_init(&mem->pool, &mem->dev, count, MEM_FRAME_ROOM);
	if (err) {
		why_fail(why, -err, "no memory for %u receive frames: %s",
		         count, strerror(-err));
		goto fail;
	}
	*out = &mem->dev;
	return 0;
fail:
	mem_close(&mem->dev);
	return err;
}

static void event_set(struct netdev_mem *mem)
{
	eventfd_write(mem->event_fd, 1);
}

static void event_clear(struct netdev_mem *mem)
{
	eventfd_t count;

	eventfd_read(mem->event_fd, &count);
}

/* The peer sends a frame about which its device says nothing.
 * data: len bytes from the Ethernet header on, copied.
 * Return: as netdev_mem_inject_noted().
 */
int netdev_mem_inject(struct netdev *dev, const void *data, size_t len)
{
	return netdev_mem_inject_noted(dev, data, len, FRAME_CSUM_INVALID, 0);
}

/* The peer sends a frame, with the receive notes that a device would make.
 * csum, gso_size: as in struct frame.
 * Return: 0; -ENOBUFS when every receive frame is in use, counted as dropped;
 * -EMSGSIZE when it is shorter than an Ethernet header or longer than a
 * buffer, counted as malformed.
 */
int netdev_mem_inject_noted(struct netdev *dev, const void *data, size_t len,
                            enum frame_csum csum, uint16_t gso_size)
{
	struct netdev_mem *mem = mem_of(dev);
	struct frame *frame;

	if (len < ETHER_HDR_LEN || len > MEM_FRAME_ROOM - FRAME_HEADROOM) {
		dev->stats.rx_dropped_malformed++;
		return -EMSGSIZE;
	}
	frame = frame_pool_alloc(&mem->pool);
	if (!frame) {
		dev->stats.rx_dropped_no_frame++;
		return -ENOBUFS;
	}
	memcpy(frame->data, data, len);
	frame->len = len;
	frame->csum = csum;
	frame->gso_size = gso_size;
	if (mem->rx_first) {
		mem->rx_last->next = frame;
	} else {
		mem->rx_first = frame;
		event_set(mem);
	}
	mem->rx_last = frame;
	mem->rx_waiting++;
	return 0;
}

/* Frames that were injected and that netdev_rx_burst() has not lent yet. */
unsigned netdev_mem_rx_waiting(const struct netdev *dev)
{
	return mem_of(dev)->rx_waiting;
}

static unsigned mem_rx_burst(struct netdev *dev, struct frame **frames,
                             unsigned count)
{
	struct netdev_mem *mem = mem_of(dev);
	unsigned done = 0;

	while (done < count && mem->rx_first) {
		struct frame *frame = mem->rx_first;

		mem->rx_first = frame->next;
		frame->next = NULL;
		mem->rx_waiting--;
		dev->stats.rx_frames++;
		dev->stats.rx_bytes += frame->len;
		frames[done++] = frame;
	}
	if (done && !mem->rx_first)
		event_clear(mem);
	return done;
}

static void mem_rx_release(struct netdev *dev, struct frame *frame)
{
	frame_pool_free(&mem_of(dev)->pool, frame);
}

static unsigned mem_rx_room(const struct netdev *dev, unsigned *rx_total)
{
	const struct netdev_mem *mem = mem_of(dev);

	*rx_total = mem->pool.total;
	return mem->pool.free_count;
}

static struct netdev_mem_frame *frame_copy(const struct frame_out *out)
{
	struct netdev_mem_frame *copy = malloc(sizeof(*copy) + out->len);
	uint32_t at = 0;

	if (!copy)
		return NULL;
	copy->next = NULL;
	copy->notes = *out;
	copy->notes.iov = NULL;
	copy->notes.iovcnt = 0;
	for (int i = 0; i < out->iovcnt; i++) {
		uint32_t len = out->iov[i].iov_len;

		if (len > out->len - at)
			len = out->len - at;
		memcpy(copy->data + at, out->iov[i].iov_base, len);
		at += len;
	}
	/* What the iovecs did not hold reads as zero. */
	memset(copy->data + at, 0, out->len - at);
	return copy;
}

static int mem_tx(struct netdev *dev, const struct frame_out *out)
{
	struct netdev_mem *mem = mem_of(dev);
	struct netdev_mem_frame *copy;

	if (mem->fail_in && --mem->fail_in == 0) {
		dev->stats.tx_dropped_error++;
		return -mem->fail_err;
	}
	if (mem->tx_count >= mem->tx_limit) {
		dev->stats.tx_dropped_full++;
		return -EAGAIN;
	}
	copy = frame_copy(out);
	if (!copy) {
		dev->stats.tx_dropped_error++;
		return -ENOMEM;
	}
	if (mem->tx_first)
		mem->tx_last->next = copy;
	else
		mem->tx_first = copy;
	mem->tx_last = copy;
	mem->tx_count++;
	dev->stats.tx_frames++;
	dev->stats.tx_bytes += out->len;
	dev->stats.tx_super_frames += out->gso != FRAME_GSO_NONE;
	return 0;
}

/* Nothing is ever queued between tx and the list of sent frames. */
static bool mem_flush(struct netdev *dev)
{
	(void)dev;
	return false;
}

static int mem_rx_fd(const struct netdev *dev)
{
	return mem_of(dev)->event_fd;
}

/* The oldest frame that was sent and not popped; the netdev's, valid until it
 * is popped. Return: NULL when there is none.
 */
const struct netdev_mem_frame *netdev_mem_sent(const struct netdev *dev)
{
	return mem_of(dev)->tx_first;
}

/* Frames that were sent and not popped. */
unsigned netdev_mem_sent_count(const struct netdev *dev)
{
	return mem_of(dev)->tx_count;
}

/* Forget the oldest sent frame, which makes room for one more. */
void netdev_mem_sent_pop(struct netdev *dev)
{
	struct netdev_mem *mem = mem_of(dev);
	struct netdev_mem_frame *frame = mem->tx_first;

	if (!frame)
		return;
	mem->tx_first = frame->next;
	mem->tx_count--;
	free(frame);
}

/* Forget every sent frame. */
void netdev_mem_sent_clear(struct netdev *dev)
{
	while (netdev_mem_sent(dev))
		netdev_mem_sent_pop(dev);
}

/* Claim capabilities: bits of enum netdev_cap. A fresh device has only
 * NETDEV_CAP_RX_SUPER, and none with conf.no_offload.
 */
void netdev_mem_set_caps(struct netdev *dev, unsigned caps)
{
	dev->caps = caps;
}

/* Be full, with -EAGAIN, at limit frames sent and not popped; 0: at once. */
void netdev_mem_set_tx_limit(struct netdev *dev, unsigned limit)
{
	mem_of(dev)->tx_limit = limit;
}

/* Let the nth tx call from now on (1: the next) fail once.
 * nth: 0 calls it off. err: a positive errno; with EAGAIN the device looks
 * full for one frame.
 */
void netdev_mem_fail_tx(struct netdev *dev, unsigned nth, int err)
{
	struct netdev_mem *mem = mem_of(dev);

	mem->fail_in = nth;
	mem->fail_err = err;
}

const struct netdev_ops netdev_mem_ops = {
	.name = "mem",
	.help = "no device at all, only memory: for tests",
	.open = mem_open,
	.close = mem_close,
	.rx_burst = mem_rx_burst,
	.rx_release = mem_rx_release,
	.rx_room = mem_rx_room,
	.tx = mem_tx,
	.flush = mem_flush,
	.rx_fd = mem_rx_fd,
};
