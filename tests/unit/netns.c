/* SPDX-License-Identifier: MIT */
/* A network namespace for a test program, and packets made by hand. */
#include "tests/unit/netns.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define L4_AT (ETHER_HDR_LEN + sizeof(struct iphdr))

/* Leave the machine's network for an empty one of our own: as root, or in a
 * user namespace where those are allowed.
 * Return: NULL, or what is missing; then no test may touch an interface.
 */
const char *netns_enter(void)
{
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return "no permission to make a network namespace";
	if (access("/dev/net/tun", R_OK | W_OK))
		return "no permission for /dev/net/tun, or it is missing";
	return NULL;
}

/* Tell the kernel where STACK_IP4 is, so that it asks nobody. */
bool netns_set_neighbour(const char *ifname, const uint8_t *mac)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(STACK_IP4),
	};
	struct arpreq req = { .arp_flags = ATF_PERM | ATF_COM };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done;

	memcpy(&req.arp_pa, &sin, sizeof(sin));
	req.arp_ha.sa_family = ARPHRD_ETHER;
	memcpy(req.arp_ha.sa_data, mac, ETHER_ADDR_LEN);
	strncpy(req.arp_dev, ifname, sizeof(req.arp_dev) - 1);
	done = !ioctl(fd, SIOCSARP, &req);
	close(fd);
	return done;
}

/* What `ip tuntap add` and `ip tuntap del` do. uid: of its owner; -1: none.
 * Return: 0 or -1.
 */
int netns_tap_persist(const char *ifname, unsigned extra_flags, int uid,
                      bool is_on)
{
	struct ifreq ifr = {
		.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | extra_flags),
	};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	int err;

	strncpy(ifr.ifr_name, ifname, IFNAMSIZ - 1);
	err = ioctl(fd, TUNSETIFF, &ifr);
	if (!err && uid >= 0)
		err = ioctl(fd, TUNSETOWNER, (unsigned long)uid);
	if (!err)
		err = ioctl(fd, TUNSETPERSIST, (unsigned long)is_on);
	close(fd);
	return err;
}

/* RFC 1071, slowly: big-endian words, folded at the end. */
static uint32_t sum_bytes(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? data[i] : (uint32_t)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint32_t pseudo_sum(uint8_t protocol, uint32_t src, uint32_t dst,
                           size_t len)
{
	return (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) +
	       protocol + (uint32_t)len;
}

/* The TCP or UDP checksum of len bytes at l4, in host order: 0 when the field
 * in them is right already.
 */
uint16_t l4_sum(uint8_t protocol, uint32_t src, uint32_t dst,
                const uint8_t *l4, size_t len)
{
	return ~sum_bytes(l4, len, pseudo_sum(protocol, src, dst, len));
}

/* Headers up to IP, from the stack to the kernel's side. */
static void made_start(struct made_frame *made, const uint8_t *dst_mac,
                       const uint8_t *src_mac, uint8_t protocol, size_t l4_len)
{
	struct ether_header *eth = (void *)made->data;
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = protocol,
		.tot_len = htons(sizeof(ip) + l4_len),
		.saddr = htonl(STACK_IP4), .daddr = htonl(KERNEL_IP4),
	};

	memset(made, 0, sizeof(*made));
	memcpy(eth->ether_dhost, dst_mac, ETHER_ADDR_LEN);
	memcpy(eth->ether_shost, src_mac, ETHER_ADDR_LEN);
	eth->ether_type = htons(ETHERTYPE_IP);
	ip.check = htons(~sum_bytes((void *)&ip, sizeof(ip), 0));
	memcpy(made->data + ETHER_HDR_LEN, &ip, sizeof(ip));
	made->iov.iov_base = made->data;
	made->iov.iov_len = L4_AT + l4_len;
	made->out.iov = &made->iov;
	made->out.iovcnt = 1;
	made->out.len = made->iov.iov_len;
	made->out.csum_start = L4_AT;
}

/* Put the whole sum in, or the pseudo-header's and a note. */
static void made_finish(struct made_frame *made, uint8_t protocol,
                        size_t l4_len, uint16_t csum_offset, bool needs_csum)
{
	uint8_t *l4 = made->data + L4_AT;
	uint16_t sum;

	made->out.csum_offset = csum_offset;
	made->out.needs_csum = needs_csum;
	sum = needs_csum ? sum_bytes(NULL, 0, pseudo_sum(protocol, STACK_IP4,
	                                                 KERNEL_IP4, l4_len))
	                 : l4_sum(protocol, STACK_IP4, KERNEL_IP4, l4, l4_len);
	sum = htons(sum);
	memcpy(l4 + csum_offset, &sum, sizeof(sum));
}

/* A datagram from the stack; its payload is the bytes 0, 1, 2 and so on. */
void made_udp4(struct made_frame *made, const uint8_t *dst_mac,
               const uint8_t *src_mac, uint16_t src_port, uint16_t dst_port,
               size_t payload_len, bool needs_csum)
{
	size_t l4_len = sizeof(struct udphdr) + payload_len;
	struct udphdr udp = {
		.source = htons(src_port), .dest = htons(dst_port),
		.len = htons(l4_len),
	};

	made_start(made, dst_mac, src_mac, IPPROTO_UDP, l4_len);
	memcpy(made->data + L4_AT, &udp, sizeof(udp));
	for (size_t i = 0; i < payload_len; i++)
		made->data[L4_AT + sizeof(udp) + i] = i;
	made->out.hdr_len = L4_AT + sizeof(udp);
	made_finish(made, IPPROTO_UDP, l4_len, offsetof(struct udphdr, check),
	            needs_csum);
}

/* A TCP segment without data that answers one from the kernel. */
void made_tcp4(struct made_frame *made, const uint8_t *dst_mac,
               const uint8_t *src_mac, const struct seen_frame *answers,
               uint32_t seq, uint8_t tcp_flags)
{
	uint32_t acked = answers->seq + answers->payload_len +
	                 !!(answers->tcp_flags & TH_SYN);
	struct tcphdr tcp = {
		.source = htons(answers->dst_port),
		.dest = htons(answers->src_port),
		.seq = htonl(seq), .ack_seq = htonl(acked),
		.doff = 5, .window = htons(65535),
	};

	made_start(made, dst_mac, src_mac, IPPROTO_TCP, sizeof(tcp));
	tcp.th_flags = tcp_flags;
	memcpy(made->data + L4_AT, &tcp, sizeof(tcp));
	made->out.hdr_len = L4_AT + sizeof(tcp);
	made_finish(made, IPPROTO_TCP, sizeof(tcp),
	            offsetof(struct tcphdr, check), true);
}

/* Read a frame that the kernel sent; protocol is 0 when it is not for us. */
void seen_parse(const struct frame *frame, struct seen_frame *seen)
{
	struct iphdr ip;
	struct tcphdr tcp = { 0 };
	size_t hdr_len;

	memset(seen, 0, sizeof(*seen));
	if (frame->len < L4_AT + sizeof(struct udphdr))
		return;
	memcpy(&ip, frame->data + ETHER_HDR_LEN, sizeof(ip));
	if (ip.version != 4 || ip.daddr != htonl(STACK_IP4))
		return;
	seen->l4 = frame->data + L4_AT;
	seen->l4_len = ntohs(ip.tot_len) - sizeof(ip);
	hdr_len = sizeof(struct udphdr);
	memcpy(&tcp, seen->l4, hdr_len);
	seen->src_port = ntohs(tcp.source);
	seen->dst_port = ntohs(tcp.dest);
	if (ip.protocol == IPPROTO_TCP) {
		memcpy(&tcp, seen->l4, sizeof(tcp));
		hdr_len = tcp.doff * 4u;
		seen->seq = ntohl(tcp.seq);
		seen->tcp_flags = tcp.th_flags;
	}
	seen->protocol = ip.protocol;
	seen->payload = seen->l4 + hdr_len;
	seen->payload_len = seen->l4_len - hdr_len;
}
