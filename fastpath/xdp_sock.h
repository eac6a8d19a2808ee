/* SPDX-License-Identifier: MIT */
/* An AF_XDP socket with its four rings. */
#ifndef NETCOND_FASTPATH_XDP_SOCK_H
#define NETCOND_FASTPATH_XDP_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xdp/xsk.h>

#include "fastpath/umem.h"

#define XDP_SOCK_RING_COUNT 2048 /* entries of each ring */

/* Bytes of a chunk that the kernel keeps free before a received frame. */
#define XDP_SOCK_HEADROOM 256 /* XDP_PACKET_HEADROOM of linux/bpf.h */
#define XDP_SOCK_CHUNK_LEN_MAX 4096
/* What goes around an IP packet: Ethernet and one VLAN tag. */
#define XDP_SOCK_L2_LEN 18
#define XDP_SOCK_MTU_MAX                                                       \
	(XDP_SOCK_CHUNK_LEN_MAX - XDP_SOCK_HEADROOM - XDP_SOCK_L2_LEN)

/* linux/if_xdp.h of Linux 6.8. */
#define XDP_SOCK_DESC_HAS_META (1u << 1) /* XDP_TX_METADATA */

/* struct xsk_tx_metadata of Linux 6.8, as far as it is asked for. */
struct xdp_sock_tx_meta {
	uint64_t flags;       /* XDP_SOCK_META_CSUM */
	uint16_t csum_start;  /* bytes from the frame's first one */
	uint16_t csum_offset; /* from csum_start */
	uint32_t reserved;
};
#define XDP_SOCK_META_CSUM (1ull << 1) /* XDP_TXMD_FLAGS_CHECKSUM */

_Static_assert(sizeof(struct xdp_sock_tx_meta) == UMEM_TX_META_LEN,
               "as registered");

enum xdp_sock_ring {
	XDP_SOCK_FILL = 0,
	XDP_SOCK_COMPLETION,
	XDP_SOCK_RX,
	XDP_SOCK_TX,
	XDP_SOCK_RING_KINDS
};

struct xdp_sock {
	int fd;                          /* -1: none */
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons completion, rx;
	struct {
		void *at;                /* the mapping; NULL: none */
		size_t len;              /* bytes */
	} maps[XDP_SOCK_RING_KINDS];
	bool is_zero_copy;
	bool has_tx_meta;                /* the kernel heeds tx metadata */
	bool has_busy_poll;              /* the kernel polls the card for us */
};

void xdp_sock_init(struct xdp_sock *sock);
int xdp_sock_open(struct xdp_sock *sock, const struct umem *umem, char *why);
int xdp_sock_bind(struct xdp_sock *sock, const char *ifname, unsigned ifindex,
                  uint32_t queue, bool is_native, char *why);
int xdp_sock_get_drops(const struct xdp_sock *sock,
                       struct xdp_statistics *stats);
void xdp_sock_fini(struct xdp_sock *sock);

/* Frames that the kernel has not yet taken from the tx ring. */
static inline uint32_t xdp_sock_tx_lag(const struct xdp_sock *sock)
{
	return *sock->tx.producer -
	       __atomic_load_n(sock->tx.consumer, __ATOMIC_ACQUIRE);
}

#endif
