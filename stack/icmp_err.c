/* SPDX-License-Identifier: MIT */
/* ICMP errors to the sockets they are about.
 *
 * Theory of operation
 *
 * lwIP drops ICMP errors. Two raw pcbs look at every ICMP and ICMPv6 message
 * before lwIP does, and never take one. An error quotes the packet that caused
 * it: its addresses and ports say which sock sent it, so a message that quotes
 * nothing of ours has no effect (RFC 5927 section 4), and TCP's sequence
 * number is checked by sock_tcp_on_icmp().
 *
 * What becomes of an error is Linux's choice (udp_err, tcp_v4_err and their
 * IPv6 twins): a UDP socket hears of it when it is connected and the error is
 * a lasting one, or when it asked with IP_RECVERR.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <lwip/inet_chksum.h>
#include <lwip/ip.h>
#include <lwip/raw.h>

#include "stack/addr.h"
#include "stack/errmap.h"
#include "stack/ports.h"
#include "stack/sock_priv.h"

#define ICMP_HEADER_LEN 8
#define QUOTED_LEN 8      /* of TCP or UDP: ports and the sequence number */
#define IP4_HEADER_MIN 20
#define IP4_HEADER_MAX 60
#define IP6_HEADER_LEN 40
#define MESSAGE_MAX (ICMP_HEADER_LEN + IP4_HEADER_MAX + QUOTED_LEN)

/* What an ICMP error says. */
struct report {
	uint8_t type, code;
	struct errmap_icmp what;
	ip_addr_t local, peer;    /* source and destination of the quoted one */
	uint16_t local_port, peer_port;
	uint8_t proto;            /* IPPROTO_TCP or IPPROTO_UDP */
	uint32_t seq;             /* TCP */
	unsigned mtu;             /* of the next hop, bytes; 0: not said */
};

/* lwIP's own, both of the one stack. */
static struct raw_pcb *raw4, *raw6;

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static bool parse_quoted(const uint8_t *at, size_t len, struct report *out)
{
	if (len < QUOTED_LEN ||
	    (out->proto != IPPROTO_TCP && out->proto != IPPROTO_UDP))
		return false;
	out->local_port = get16(at);
	out->peer_port = get16(at + 2);
	out->seq = get32(at + 4);
	return true;
}

static bool parse4(const uint8_t *msg, size_t len, struct report *out)
{
	const uint8_t *ip = msg + ICMP_HEADER_LEN;
	size_t ip_len;
	uint32_t word;

	if (len < ICMP_HEADER_LEN + IP4_HEADER_MIN || ip[0] >> 4 != 4)
		return false;
	ip_len = (size_t)(ip[0] & 15) * 4;
	if (ip_len < IP4_HEADER_MIN || len < ICMP_HEADER_LEN + ip_len ||
	    get16(ip + 6) & 0x1fff)
		return false; /* a later fragment quotes no ports */
	out->what = errmap_icmp4(out->type, out->code);
	if (out->what.error == EMSGSIZE)
		out->mtu = get16(msg + 6);
	out->proto = ip[9];
	memcpy(&word, ip + 12, sizeof(word));
	ip_addr_set_ip4_u32_val(out->local, word);
	memcpy(&word, ip + 16, sizeof(word));
	ip_addr_set_ip4_u32_val(out->peer, word);
	return parse_quoted(ip + ip_len, len - ICMP_HEADER_LEN - ip_len, out);
}

static void take_ip6(const uint8_t *at, ip_addr_t *out)
{
	uint32_t words[4];

	memcpy(words, at, sizeof(words));
	IP_ADDR6(out, words[0], words[1], words[2], words[3]);
	ip6_addr_assign_zone(ip_2_ip6(out), IP6_UNKNOWN,
	                     ip_current_input_netif());
}

static bool parse6(const uint8_t *msg, size_t len, struct report *out)
{
	const uint8_t *ip = msg + ICMP_HEADER_LEN;

	if (len < ICMP_HEADER_LEN + IP6_HEADER_LEN || ip[0] >> 4 != 6)
		return false;
	out->what = errmap_icmp6(out->type, out->code);
	if (out->what.error == EMSGSIZE)
		out->mtu = get32(msg + 4);
	out->proto = ip[6];
	take_ip6(ip + 8, &out->local);
	take_ip6(ip + 24, &out->peer);
	return parse_quoted(ip + IP6_HEADER_LEN,
	                    len - ICMP_HEADER_LEN - IP6_HEADER_LEN, out);
}

/* Does this UDP sock hear of it? */
static bool is_told(const struct sock *sock, const struct report *report)
{
	bool is_v6 = IP_IS_V6_VAL(report->peer);
	int discover = is_v6 ? sock->opt.kept.mtu_discover6
	                     : sock->opt.kept.mtu_discover;
	bool is_fatal = report->what.is_fatal;

	if (is_v6 ? sock->opt.kept.recv_err6 : sock->opt.kept.recv_err)
		return true;
	if (report->what.error == EMSGSIZE)
		is_fatal = discover != IP_PMTUDISC_DONT;
	return is_fatal && sock->state == SOCK_STATE_CONNECTED;
}

static void report_udp(const struct stack *stack, const struct report *report)
{
	struct sock *sock = ports_first(stack, SOCK_DGRAM, report->local_port);

	for (; sock; sock = sock->port_next) {
		if (!addr_overlaps(&sock->local_ip, &report->local))
			continue;
		if (sock->state == SOCK_STATE_CONNECTED &&
		    (sock->peer_port != report->peer_port ||
		     !ip_addr_cmp(&sock->peer_ip, &report->peer)))
			continue;
		if (is_told(sock, report))
			sock_on_error(sock, report->what.error);
	}
}

static void deliver(struct stack *stack, const struct report *report)
{
	if (!report->what.error)
		return;
	if (report->proto == IPPROTO_UDP)
		report_udp(stack, report);
	else
		sock_tcp_on_icmp(stack, &report->local, report->local_port,
		                 &report->peer, report->peer_port, report->seq,
		                 report->what.error, report->mtu);
}

/* lwIP has not verified the sum yet when a raw pcb sees a message. On the
 * loopback there is none.
 */
static bool has_good_sum(struct pbuf *p, u16_t ip_len, bool is_v6)
{
	u16_t check = is_v6 ? NETIF_CHECKSUM_CHECK_ICMP6
	                    : NETIF_CHECKSUM_CHECK_ICMP;
	u16_t sum;

	if (!(ip_current_input_netif()->chksum_flags & check))
		return true;
	if (pbuf_remove_header(p, ip_len))
		return false;
	sum = is_v6 ? ip6_chksum_pseudo(p, IP6_NEXTH_ICMP6, p->tot_len,
	                                ip6_current_src_addr(),
	                                ip6_current_dest_addr())
	            : inet_chksum_pbuf(p);
	pbuf_add_header_force(p, ip_len);
	return !sum;
}

/* A raw pcb's callback: the payload starts at the IP header. */
static u8_t on_icmp(void *arg, struct raw_pcb *pcb, struct pbuf *p,
                    const ip_addr_t *addr)
{
	struct stack *stack = arg;
	struct report report = { .mtu = 0 };
	u16_t ip_len = ip_current_header_tot_len();
	uint8_t msg[MESSAGE_MAX];
	bool is_v6 = pcb == raw6;
	size_t len = pbuf_copy_partial(p, msg, sizeof(msg), ip_len);

	(void)addr;
	if (len < ICMP_HEADER_LEN)
		return 0;
	report.type = msg[0];
	report.code = msg[1];
	if ((is_v6 ? parse6 : parse4)(msg, len, &report) &&
	    has_good_sum(p, ip_len, is_v6))
		deliver(stack, &report);
	return 0;
}

static struct raw_pcb *listen_to(struct stack *stack, u8_t type, u8_t proto)
{
	struct raw_pcb *pcb = raw_new_ip_type(type, proto);

	if (pcb)
		raw_recv(pcb, on_icmp, stack);
	return pcb;
}

/**
 * icmp_err_init() - Begin to listen.
 * @stack:	whose socks are told
 *
 * Return: 0 or -ENOMEM.
 */
int icmp_err_init(struct stack *stack)
{
	raw4 = listen_to(stack, IPADDR_TYPE_V4, IPPROTO_ICMP);
	raw6 = listen_to(stack, IPADDR_TYPE_V6, IPPROTO_ICMPV6);
	if (raw4 && raw6)
		return 0;
	icmp_err_fini(stack);
	return -ENOMEM;
}

/**
 * icmp_err_fini() - Stop.
 * @stack:	may not have begun
 */
void icmp_err_fini(struct stack *stack)
{
	(void)stack;
	if (raw4)
		raw_remove(raw4);
	if (raw6)
		raw_remove(raw6);
	raw4 = raw6 = NULL;
}
