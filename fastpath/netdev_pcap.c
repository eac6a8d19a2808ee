/* SPDX-License-Identifier: MIT */
/* A netdev that copies the frames of another one to a capture file.
 *
 * Theory of operation
 *
 * The file is a classic pcap with times in nanoseconds (IETF draft
 * draft-ietf-opsawg-pcap; magic 0xa1b23c4d, in the machine's byte order, as
 * readers expect). Each record is one writev() and nothing is buffered, so a
 * process that is killed leaves a file that ends with a whole record.
 *
 * Super-frames are recorded as they pass: one frame past the MTU, its checksum
 * left to the device, as tcpdump on the kernel's side shows them too.
 *
 * Received frames are recorded as they are lent, and go back to the device
 * below directly (frame.dev is that device). Sent frames are recorded when the
 * device below has taken them, so a frame that is tried again stands once.
 *
 * A capture never holds up traffic: when the file cannot be written the torn
 * record is cut off, capturing ends, and each frame missed is counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fastpath/netdev.h"
#include "fastpath/why.h"

#define PCAP_MAGIC_NS 0xa1b23c4du
#define PCAP_SNAPLEN 262144    /* bytes: what tcpdump uses; no frame is cut */
#define PCAP_LINKTYPE_ETHERNET 1
#define PCAP_IOV_MAX 1024      /* UIO_MAXIOV of Linux */

struct pcap_file_hdr {
	uint32_t magic;
	uint16_t version_major;
	uint16_t version_minor;
	uint32_t reserved[2];
	uint32_t snaplen;  /* bytes of a frame that are kept at most */
	uint32_t linktype;
};
_Static_assert(sizeof(struct pcap_file_hdr) == 24, "as in the file");

struct pcap_record_hdr {
	uint32_t sec;      /* since 1970 */
	uint32_t nsec;
	uint32_t kept_len; /* bytes that follow */
	uint32_t wire_len; /* bytes that the frame had */
};
_Static_assert(sizeof(struct pcap_record_hdr) == 16, "as in the file");

struct netdev_pcap {
	struct netdev dev;
	struct netdev *below;   /* ours: closed with the wrapper */
	int fd;                 /* the file; -1 once it could not be written */
	bool is_regular;        /* it can be cut; false for a pipe */
	off_t end;              /* bytes of whole records in it */
	uint64_t missed;        /* frames that are not in it */
	struct iovec iov[PCAP_IOV_MAX]; /* of the record being written */
};

static const struct netdev_ops netdev_pcap_ops;

static struct netdev_pcap *pcap_of(const struct netdev *dev)
{
	return (struct netdev_pcap *)dev;
}

/* The wrapper's state and counters are those of the device below; what it
 * missed it counts itself.
 */
static void state_pull(struct netdev_pcap *pcap)
{
	netdev_pull_state(&pcap->dev, pcap->below);
	pcap->dev.stats.capture_missed += pcap->missed;
}

static void capture_stop(struct netdev_pcap *pcap)
{
	if (pcap->is_regular && ftruncate(pcap->fd, pcap->end) < 0)
		pcap->is_regular = false; /* readers see a torn record */
	close(pcap->fd);
	pcap->fd = -1;
}

/* Write one record; the caller has put the frame's bytes at iov[1..]. */
static void record_write(struct netdev_pcap *pcap, int iovcnt, uint32_t len)
{
	struct pcap_record_hdr hdr = { .kept_len = len, .wire_len = len };
	struct timespec now;
	ssize_t done;

	clock_gettime(CLOCK_REALTIME, &now);
	hdr.sec = now.tv_sec;
	hdr.nsec = now.tv_nsec;
	pcap->iov[0].iov_base = &hdr;
	pcap->iov[0].iov_len = sizeof(hdr);
	do {
		done = writev(pcap->fd, pcap->iov, iovcnt + 1);
	} while (done < 0 && errno == EINTR);
	if (done == (ssize_t)(sizeof(hdr) + len)) {
		pcap->end += done;
		return;
	}
	pcap->missed++;
	capture_stop(pcap);
}

static void record_rx(struct netdev_pcap *pcap, const struct frame *frame)
{
	if (pcap->fd < 0) {
		pcap->missed++;
		return;
	}
	pcap->iov[1].iov_base = frame->data;
	pcap->iov[1].iov_len = frame->len;
	record_write(pcap, 1, frame->len);
}

static void record_tx(struct netdev_pcap *pcap, const struct frame_out *out)
{
	if (pcap->fd < 0 || out->iovcnt >= PCAP_IOV_MAX) {
		pcap->missed++;
		return;
	}
	memcpy(&pcap->iov[1], out->iov, out->iovcnt * sizeof(*out->iov));
	record_write(pcap, out->iovcnt, out->len);
}

static unsigned pcap_rx_burst(struct netdev *dev, struct frame **frames,
                              unsigned count)
{
	struct netdev_pcap *pcap = pcap_of(dev);
	unsigned got = netdev_rx_burst(pcap->below, frames, count);

	for (unsigned i = 0; i < got; i++)
		record_rx(pcap, frames[i]);
	state_pull(pcap);
	return got;
}

/* Only for a holder that names the wrapper instead of frame.dev. */
static void pcap_rx_release(struct netdev *dev, struct frame *frame)
{
	(void)dev;
	netdev_rx_release(frame);
}

static unsigned pcap_rx_room(const struct netdev *dev, unsigned *rx_total)
{
	return netdev_rx_room(pcap_of(dev)->below, rx_total);
}

static int pcap_tx(struct netdev *dev, const struct frame_out *out)
{
	struct netdev_pcap *pcap = pcap_of(dev);
	int err = netdev_tx(pcap->below, out);

	if (!err)
		record_tx(pcap, out);
	state_pull(pcap);
	return err;
}

static bool pcap_flush(struct netdev *dev)
{
	struct netdev_pcap *pcap = pcap_of(dev);
	bool is_queued = netdev_flush(pcap->below);

	state_pull(pcap);
	return is_queued;
}

static int pcap_rx_fd(const struct netdev *dev)
{
	return netdev_rx_fd(pcap_of(dev)->below);
}

static int pcap_set_addrs(struct netdev *dev, const struct netdev_addr *addrs,
                          unsigned count)
{
	return netdev_set_addrs(pcap_of(dev)->below, addrs, count);
}

static void pcap_update_stats(struct netdev *dev)
{
	struct netdev_pcap *pcap = pcap_of(dev);

	netdev_update_stats(pcap->below);
	state_pull(pcap);
}

static void pcap_close(struct netdev *dev)
{
	struct netdev_pcap *pcap = pcap_of(dev);

	netdev_close(pcap->below);
	if (pcap->fd >= 0)
		close(pcap->fd);
	free(pcap);
}

/* Make the file, over an older one; readable by its owner alone, since it
 * will hold what the programs say.
 */
static int file_create(struct netdev_pcap *pcap, const char *path, char *why)
{
	const struct pcap_file_hdr hdr = {
		.magic = PCAP_MAGIC_NS,
		.version_major = 2,
		.version_minor = 4,
		.snaplen = PCAP_SNAPLEN,
		.linktype = PCAP_LINKTYPE_ETHERNET,
	};
	int err;

	pcap->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (pcap->fd < 0)
		return why_fail(why, errno, "cannot write the capture file "
		                "'%.128s': %s", path, strerror(errno));
	pcap->is_regular = lseek(pcap->fd, 0, SEEK_CUR) == 0;
	if (write(pcap->fd, &hdr, sizeof(hdr)) == sizeof(hdr)) {
		pcap->end = sizeof(hdr);
		return 0;
	}
	err = errno ? errno : EIO;
	close(pcap->fd);
	return why_fail(why, err, "cannot write the capture file '%.128s': %s",
	                path, strerror(err));
}

/* Wrap a device so that its frames, both ways, also go to a file.
 * path: made or emptied; a pipe works as well, for a reader that is live.
 * below: taken over on success: closing *out closes it. On error it is as it
 * was.
 * out: the wrapper, with the name, mode, address and abilities of below.
 * Return: 0; -ENOMEM; -errno of open(2) or write(2) with a sentence in why.
 */
int netdev_pcap_wrap(const char *path, struct netdev *below,
                     struct netdev **out, char *why)
{
	static const char suffix[] = ", captured";
	struct netdev_pcap *pcap = calloc(1, sizeof(*pcap));
	int err;

	*out = NULL;
	if (!pcap)
		return why_fail(why, ENOMEM, "out of memory");
	err = file_create(pcap, path, why);
	if (err) {
		free(pcap);
		return err;
	}
	pcap->dev = *below;
	pcap->dev.ops = &netdev_pcap_ops;
	pcap->below = below;
	if (strlen(pcap->dev.mode) + sizeof(suffix) <= NETDEV_MODE_LEN)
		strcat(pcap->dev.mode, suffix);
	*out = &pcap->dev;
	return 0;
}

static const struct netdev_ops netdev_pcap_ops = {
	.name = "pcap",
	.help = "copies the frames of another device to a file",
	.close = pcap_close,
	.rx_burst = pcap_rx_burst,
	.rx_release = pcap_rx_release,
	.rx_room = pcap_rx_room,
	.tx = pcap_tx,
	.flush = pcap_flush,
	.rx_fd = pcap_rx_fd,
	.set_addrs = pcap_set_addrs,
	.update_stats = pcap_update_stats,
};
