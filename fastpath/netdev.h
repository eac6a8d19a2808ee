/* SPDX-License-Identifier: MIT */
/* A network device as the stack sees it: one const table of operations.
 *
 * Theory of operation
 *
 * A backend (tap, mem, ...) fills struct netdev_ops and stands in the one list
 * of netdev_open.c. A wrapper (pcap, ...) is a netdev that holds another one.
 * Nobody above this header knows which backend runs: what a device can do it
 * says in `caps`, what it obtained it says in `mode`.
 *
 * Nothing here blocks and nothing here prints. Open fills the caller's `why`
 * with one sentence that quotes the bad value; everything later counts.
 * A netdev serves one thread.
 */
#ifndef NETCOND_FASTPATH_NETDEV_H
#define NETCOND_FASTPATH_NETDEV_H

#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fastpath/frame.h"

#define NETDEV_NAME_LEN 64  /* bytes of an interface's or device's name, with NUL */
#define NETDEV_MODE_LEN 128 /* bytes of the sentence on what was obtained */
#define NETDEV_WHY_LEN 256  /* bytes that every `why` buffer has at least */

/* Bits of netdev.caps. */
enum netdev_cap {
	NETDEV_CAP_TX_CSUM = 1 << 0,  /* adds TCP and UDP checksums */
	NETDEV_CAP_TX_TSO4 = 1 << 1,  /* cuts FRAME_GSO_TCP4 */
	NETDEV_CAP_TX_TSO6 = 1 << 2,  /* cuts FRAME_GSO_TCP6 */
	NETDEV_CAP_TX_USO = 1 << 3,   /* cuts FRAME_GSO_UDP */
	NETDEV_CAP_RX_SUPER = 1 << 4, /* may deliver frames past the MTU */
};

/* Counters of past events; written by the backend, read by anyone. */
struct netdev_stats {
	uint64_t rx_frames;
	uint64_t rx_bytes;
	uint64_t rx_dropped_no_frame;  /* the pool was empty */
	uint64_t rx_dropped_full;      /* queue of the device to us was full */
	uint64_t rx_dropped_malformed; /* shorter than an Ethernet header, or
	                                  offload notes that make no sense */
	uint64_t tx_frames;
	uint64_t tx_bytes;
	uint64_t tx_super_frames;      /* of tx_frames, those with gso */
	uint64_t tx_dropped_full;      /* ring or queue of the device was full */
	uint64_t tx_dropped_error;     /* the kernel refused the frame */
	uint64_t impair_lost;          /* by the impairment, either direction */
	uint64_t impair_duplicated;
	uint64_t impair_corrupted;
	uint64_t impair_reordered;
	uint64_t impair_dropped_full;  /* more would have waited than may */
	uint64_t link_downs;           /* times that the link was found down */
	uint64_t xdp_redirected;       /* by the XDP program: to the stack */
	uint64_t xdp_passed;           /* to the host */
	uint64_t xdp_passed_queue;     /* for the stack, on another queue */
	uint64_t xdp_dropped_long;     /* for the stack, too long a frame */
	uint64_t capture_missed;       /* passed, but not in the pcap file */
};

struct netdev_ops;

/* Common head of each backend's own struct, first member there. */
struct netdev {
	const struct netdev_ops *ops;
	char name[NETDEV_NAME_LEN];  /* as the kernel or the user calls it */
	char mode[NETDEV_MODE_LEN];  /* what was obtained, for the user */
	uint8_t mac[ETHER_ADDR_LEN]; /* the address the stack should use */
	uint16_t mtu;                /* bytes of an IP packet on the wire */
	unsigned caps;               /* enum netdev_cap */
	struct netdev_stats stats;
	bool is_down;                /* the link is: whether it comes back, or is
	                                gone, shows at rx_burst: call it now and
	                                then, whatever rx_fd says */
	char notice[NETDEV_WHY_LEN]; /* what the user should know and do, as
	                                one sentence */
	unsigned notice_count;       /* times that notice was written */
	bool shares_mac;             /* the host has the same address on it */
	char gone[NETDEV_WHY_LEN];   /* why the device will never work again, as
	                                one sentence; empty while it may */
};

/* An address of the stack, for devices that are shared with the host and take
 * only the stack's frames.
 */
struct netdev_addr {
	sa_family_t family; /* AF_INET or AF_INET6 */
	union {
		struct in_addr in;
		struct in6_addr in6;
	};
};

/* How an AF_XDP program is attached. */
enum netdev_xdp_mode {
	NETDEV_XDP_AUTO = 0, /* native, and where that fails skb */
	NETDEV_XDP_NATIVE,
	NETDEV_XDP_SKB,
	NETDEV_XDP_MODE_COUNT
};

/* What the caller asks for. Strings are the caller's, needed only in open. */
struct netdev_conf {
	const char *backend;      /* name of an ops table: "tap", "mem" */
	const char *device;       /* the backend's argument: an interface name */
	const uint8_t *mac;       /* the stack's address; NULL: chosen */
	uint16_t mtu;             /* 0: the device's own, 1500 on a new one */
	bool no_offload;          /* do without vnet_hdr and the like */
	unsigned frame_count;     /* receive buffers; 0: the backend's default */
	unsigned queue;           /* of the card, for backends that take one */
	enum netdev_xdp_mode xdp_mode;
	bool is_verbose;          /* a library's own log may go to stderr */
};

struct netdev_ops {
	const char *name; /* as in netdev_conf.backend */
	const char *help; /* one line for the user */

	/* Make a device. Return: 0 and *out, or -errno and a sentence in why
	 * (NETDEV_WHY_LEN bytes); then nothing is left behind.
	 */
	int (*open)(const struct netdev_conf *conf, struct netdev **out,
	            char *why);
	/* Give everything back, also what open made in the kernel. Every frame
	 * must have been released.
	 */
	void (*close)(struct netdev *dev);
	/* Lend up to count frames. Return: how many. */
	unsigned (*rx_burst)(struct netdev *dev, struct frame **frames,
	                     unsigned count);
	/* Take one back. */
	void (*rx_release)(struct netdev *dev, struct frame *frame);
	/* Frames that are free to receive into, of rx_total. */
	unsigned (*rx_room)(const struct netdev *dev, unsigned *rx_total);
	/* Send one frame. Return: 0; -EAGAIN when the device is full and the
	 * caller may try the same frame again after the next flush; another
	 * -errno when the frame is dropped. Both are counted here.
	 */
	int (*tx)(struct netdev *dev, const struct frame_out *out);
	/* Hand what was queued to the kernel, once a turn of the loop. Return:
	 * true while frames are still queued: then the caller must not sleep.
	 */
	bool (*flush)(struct netdev *dev);
	/* The descriptor to poll for received frames; -1: none, always ready. */
	int (*rx_fd)(const struct netdev *dev);
	/* The stack's addresses, all of them, whenever they change. NULL for a
	 * device that is the stack's alone. An unspecified address among them
	 * asks for what configures the stack: 0.0.0.0 for UDP to port 68 (DHCP,
	 * broadcast, or to an address that is still to be the stack's), :: for
	 * router advertisements. Return: 0 or -errno.
	 */
	int (*set_addrs)(struct netdev *dev, const struct netdev_addr *addrs,
	                 unsigned count);
	/* Bring those counters of dev->stats up to date that the kernel keeps.
	 * NULL: there are none.
	 */
	void (*update_stats)(struct netdev *dev);
};

/* Open by name from the one list; see netdev_ops.open. -ENOENT with the list
 * of names in why when there is no such backend.
 */
int netdev_open(const struct netdev_conf *conf, struct netdev **out, char *why);

/* Wrap: frames of `below` in both directions also go to a pcap file. Takes
 * `below` over on success (closing the wrapper closes it); on error `below`
 * is as it was.
 */
int netdev_pcap_wrap(const char *path, struct netdev *below,
                     struct netdev **out, char *why);

/* Wrap: frames of `below`, opened with no_offload, suffer in both directions
 * what conf says. Takes `below` over as netdev_pcap_wrap() does.
 */
struct impair_conf;
int netdev_impair_wrap(const struct impair_conf *conf, struct netdev *below,
                       struct netdev **out, char *why);

/* The backends, NULL-terminated, for --help and tests. */
extern const struct netdev_ops *const netdev_backends[];

static inline void netdev_close(struct netdev *dev)
{
	if (dev)
		dev->ops->close(dev);
}

static inline unsigned netdev_rx_burst(struct netdev *dev,
                                       struct frame **frames, unsigned count)
{
	return dev->ops->rx_burst(dev, frames, count);
}

/* Give a frame back to the device that lent it. */
static inline void netdev_rx_release(struct frame *frame)
{
	frame->dev->ops->rx_release(frame->dev, frame);
}

static inline unsigned netdev_rx_room(const struct netdev *dev,
                                      unsigned *rx_total)
{
	return dev->ops->rx_room(dev, rx_total);
}

static inline int netdev_tx(struct netdev *dev, const struct frame_out *out)
{
	return dev->ops->tx(dev, out);
}

static inline bool netdev_flush(struct netdev *dev)
{
	return dev->ops->flush(dev);
}

static inline int netdev_set_addrs(struct netdev *dev,
                                   const struct netdev_addr *addrs,
                                   unsigned count)
{
	return dev->ops->set_addrs ?
	               dev->ops->set_addrs(dev, addrs, count) : 0;
}

static inline void netdev_update_stats(struct netdev *dev)
{
	if (dev->ops->update_stats)
		dev->ops->update_stats(dev);
}

/* For wrappers: how it goes below, before what the wrapper adds. */
static inline void netdev_pull_state(struct netdev *dev,
                                     const struct netdev *below)
{
	dev->stats = below->stats;
	dev->is_down = below->is_down;
	if (dev->notice_count != below->notice_count)
		memcpy(dev->notice, below->notice, sizeof(dev->notice));
	dev->notice_count = below->notice_count;
	if (below->gone[0] && !dev->gone[0])
		memcpy(dev->gone, below->gone, sizeof(dev->gone));
}

static inline int netdev_rx_fd(const struct netdev *dev)
{
	return dev->ops->rx_fd(dev);
}

#endif
