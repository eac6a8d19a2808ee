/* SPDX-License-Identifier: MIT */
/* Which frames of a card are the stack's, and which stay the host's.
 *
 * Theory of operation
 *
 * Host and stack share the card and its hardware address, so the protocol
 * address decides. The stack gets, by its AF_XDP socket:
 *
 *     IPv4, IPv6      to one of its addresses, fragments among them
 *     ARP             whose target is one of its IPv4 addresses: requests for
 *                     it, and replies to its own requests (RFC 826)
 *     ICMPv6 135      to a multicast address, whose target is one of its IPv6
 *                     addresses (RFC 4861 section 4.3); all other neighbour
 *                     discovery for it goes to its unicast address
 *
 * All else is passed to the host, which so keeps its own traffic, whatever
 * bears a VLAN tag, and what is said to everybody: the service hears that from
 * the host's side (fastpath/xdp_copy.c), since a frame cannot go both ways.
 *
 * A frame of the stack's that cannot be delivered is counted: one that came in
 * by another queue is passed, one that is too long for a buffer is dropped,
 * as the socket would.
 */
#include <linux/bpf.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/xdp_shared.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, XDP_SHARED_QUEUE_MAX);
	__type(key, __u32);   /* queue */
	__type(value, __u32); /* socket */
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XDP_SHARED_ADDR_MAX);
	__type(key, struct xdp_addr);
	__type(value, __u8);
} addrs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdp_counts);
} counts SEC(".maps");

/* Bytes of a frame that a buffer takes; set before loading. */
const volatile __u32 frame_len_max = 1514;

#define ARP_HW_ETHER 1             /* RFC 5494: numbers of hardware types */
#define ICMPV6_NEIGHBOUR_SOLICIT 135 /* RFC 4861 section 4.3 */

/* An ARP packet for Ethernet and IPv4 (RFC 826); linux/if_arp.h brings the C
 * library's headers with it.
 */
struct arp_ipv4 {
	__be16 hw_type;
	__be16 protocol;
	__u8 hw_len;
	__u8 protocol_len;
	__be16 op;
	__u8 sender_mac[ETH_ALEN];
	__u8 sender_ip[4];
	__u8 target_mac[ETH_ALEN];
	__u8 target_ip[4];
} __attribute__((packed));

static __always_inline int count(enum xdp_verdict verdict, int action)
{
	__u32 key = 0;
	struct xdp_counts *mine = bpf_map_lookup_elem(&counts, &key);

	if (mine)
		mine->frames[verdict]++;
	return action;
}

static __always_inline int is_ours(const struct xdp_addr *addr)
{
	return bpf_map_lookup_elem(&addrs, addr) != 0;
}

static __always_inline int is_ours_v4(const void *ip)
{
	struct xdp_addr addr;

	addr.words[0] = 0;
	addr.words[1] = 0;
	addr.words[2] = bpf_htonl(0xffff);
	__builtin_memcpy(&addr.words[3], ip, 4);
	return is_ours(&addr);
}

static __always_inline int arp_is_ours(void *data, void *end)
{
	struct arp_ipv4 *arp = data;

	if ((void *)(arp + 1) > end)
		return 0;
	if (arp->hw_type != bpf_htons(ARP_HW_ETHER) ||
	    arp->protocol != bpf_htons(ETH_P_IP) ||
	    arp->hw_len != ETH_ALEN || arp->protocol_len != 4)
		return 0;
	return is_ours_v4(arp->target_ip);
}

static __always_inline int ipv4_is_ours(void *data, void *end)
{
	struct iphdr *ip = data;

	return (void *)(ip + 1) <= end && is_ours_v4(&ip->daddr);
}

/* A solicitation to a multicast address stands right behind the fixed header:
 * RFC 4861 knows no extension header before it.
 */
static __always_inline int solicits_ours(struct ipv6hdr *ip, void *end)
{
	struct icmp6hdr *icmp = (void *)(ip + 1);
	struct xdp_addr *target = (void *)(icmp + 1);

	if (ip->nexthdr != IPPROTO_ICMPV6 || (void *)(target + 1) > end)
		return 0;
	return icmp->icmp6_type == ICMPV6_NEIGHBOUR_SOLICIT &&
	        is_ours(target);
}

static __always_inline int ipv6_is_ours(void *data, void *end)
{
	struct ipv6hdr *ip = data;
	struct xdp_addr addr;

	if ((void *)(ip + 1) > end)
		return 0;
	if (ip->daddr.s6_addr[0] == 0xff)
		return solicits_ours(ip, end);
	__builtin_memcpy(&addr, &ip->daddr, sizeof(addr));
	return is_ours(&addr);
}

static __always_inline int frame_is_ours(void *data, void *end)
{
	struct ethhdr *eth = data;
	void *payload = eth + 1;

	if (payload > end)
		return 0;
	switch (eth->h_proto) {
	case bpf_htons(ETH_P_IP):
		return ipv4_is_ours(payload, end);
	case bpf_htons(ETH_P_IPV6):
		return ipv6_is_ours(payload, end);
	case bpf_htons(ETH_P_ARP):
		return arp_is_ours(payload, end);
	default:
		return 0;
	}
}

static __always_inline int handle(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u32 queue = ctx->rx_queue_index;

	if (!frame_is_ours(data, end))
		return count(xdp_verdict_passed, XDP_PASS);
	if (!bpf_map_lookup_elem(&sockets, &queue))
		return count(xdp_verdict_passed_queue, XDP_PASS);
	if (end - data > frame_len_max)
		return count(xdp_verdict_dropped_long, XDP_DROP);
	count(xdp_verdict_redirected, XDP_REDIRECT);
	return bpf_redirect_map(&sockets, queue, XDP_PASS);
}

/* A tag that the card has taken out of the frame shows in what the driver says
 * (Linux Documentation/networking/xdp-rx-metadata.rst); Linux 6.8.
 */
extern int bpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *ctx,
                                        __be16 *protocol,
                                        __u16 *tci) __ksym __weak;

/* For any driver, and behind it: only tags within the frame are seen. */
SEC("xdp")
int netcond_xdp(struct xdp_md *ctx)
{
	return handle(ctx);
}

/* For a program that is bound to one driver. */
SEC("xdp")
int netcond_xdp_tag(struct xdp_md *ctx)
{
	__be16 protocol;
	__u16 tci;

	if (!bpf_xdp_metadata_rx_vlan_tag(ctx, &protocol, &tci))
		return count(xdp_verdict_passed, XDP_PASS);
	return handle(ctx);
}

/* The kernel's functions are for programs whose licence goes with the GPL. MIT's
 * does, and this is how the kernel spells it (linux/license.h).
 */
char _license[] SEC("license") = "Dual MIT/GPL";
