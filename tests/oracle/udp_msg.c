/* SPDX-License-Identifier: MIT */
/* Datagrams: sendmsg and recvmsg with ancillary data, and many at once. */
#include "tests/oracle/oracle.h"

#define BATCH 8

union control {
	struct cmsghdr align;
	char bytes[256];
};

/* Print each item of ancillary data that came. */
static void say_control(struct msghdr *msg, const char *label)
{
	struct cmsghdr *cmsg;
	char ip[INET6_ADDRSTRLEN];

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		void *data = CMSG_DATA(cmsg);

		if (cmsg->cmsg_level == IPPROTO_IP &&
		    cmsg->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo *info = data;

			say("%s: pktinfo to %s, interface %s", label,
			    inet_ntop(AF_INET, &info->ipi_addr, ip,
			    sizeof(ip)), info->ipi_ifindex > 0 ? "yes" : "no");
		} else if (cmsg->cmsg_level == IPPROTO_IPV6 &&
		           cmsg->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo *info = data;

			say("%s: pktinfo to %s, interface %s", label,
			    inet_ntop(AF_INET6, &info->ipi6_addr, ip,
			    sizeof(ip)), info->ipi6_ifindex ? "yes" : "no");
		} else {
			say("%s: level %d type %d len %zu value %d", label,
			    cmsg->cmsg_level, cmsg->cmsg_type,
			    cmsg->cmsg_len, *(unsigned char *)data);
		}
	}
}

static void receive(int fd, const char *label)
{
	union control control;
	struct addr from;
	char buf[64];
	struct iovec iov[2] = { { buf, 2 }, { buf + 2, sizeof(buf) - 2 } };
	struct msghdr msg = { .msg_name = &from.storage,
	                      .msg_namelen = sizeof(from.storage),
	                      .msg_iov = iov, .msg_iovlen = 2,
	                      .msg_control = control.bytes,
	                      .msg_controllen = sizeof(control.bytes) };

	poll_once(fd, POLLIN, ORACLE_WAIT_MS);
	say_n(recvmsg(fd, &msg, MSG_DONTWAIT), "%s", label);
	say("%s: from %s, flags %x", label, addr_text(&from, msg.msg_namelen),
	    msg.msg_flags);
	say_control(&msg, label);
}

static void ancillary(const struct place *place)
{
	bool is_4 = place->family == AF_INET;
	int near = near_socket(place, SOCK_DGRAM);
	int far = far_socket(place, SOCK_DGRAM);
	struct addr addr;

	bind_to(near, is_4 ? "0.0.0.0" : "::", 0);
	addr = sock_name(near);
	addr = addr_of(place->near_ip, addr_port(&addr));
	bind_to(far, place->far_ip, 0);
	if (is_4) {
		say_rc(set_int(near, IPPROTO_IP, IP_PKTINFO, 1), "PKTINFO");
		say_rc(set_int(near, IPPROTO_IP, IP_RECVTTL, 1), "RECVTTL");
		say_rc(set_int(near, IPPROTO_IP, IP_RECVTOS, 1), "RECVTOS");
		set_int(far, IPPROTO_IP, IP_TOS, 0x10);
		set_int(far, IPPROTO_IP, IP_TTL, 61);
	} else {
		say_rc(set_int(near, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1),
		       "RECVPKTINFO");
		say_rc(set_int(near, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1),
		       "RECVHOPLIMIT");
		say_rc(set_int(near, IPPROTO_IPV6, IPV6_RECVTCLASS, 1),
		       "RECVTCLASS");
		set_int(far, IPPROTO_IPV6, IPV6_TCLASS, 0x10);
		set_int(far, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 61);
	}
	sendto(far, "hello", 5, 0, &addr.sa, addr.len);
	receive(near, "receive");
	close(near);
	close(far);
}

/* A server on the wildcard answers from the address it was asked at. */
static void source_chosen(const struct place *place)
{
	bool is_4 = place->family == AF_INET;
	int near = near_socket(place, SOCK_DGRAM);
	int far = far_socket(place, SOCK_DGRAM);
	struct addr addr, to;
	union control control = { .bytes = "" };
	struct iovec iov = { "answer", 6 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	bind_to(near, is_4 ? "0.0.0.0" : "::", 0);
	addr = sock_name(near);
	addr = addr_of(place->near_ip, addr_port(&addr));
	bind_to(far, place->far_ip, 0);
	to = sock_name(far);
	connect(far, &addr.sa, addr.len);
	say_n(sendto(near, "plain", 5, 0, &to.sa, to.len), "by route");
	receive(far, "far");

	msg.msg_name = &to.sa;
	msg.msg_namelen = to.len;
	msg.msg_control = control.bytes;
	msg.msg_controllen = is_4 ? CMSG_SPACE(sizeof(struct in_pktinfo)) :
		CMSG_SPACE(sizeof(struct in6_pktinfo));
	cmsg = CMSG_FIRSTHDR(&msg);
	if (is_4) {
		struct in_pktinfo info = { .ipi_spec_dst = addr.in.sin_addr };

		cmsg->cmsg_level = IPPROTO_IP;
		cmsg->cmsg_type = IP_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
	} else {
		struct in6_pktinfo info = { .ipi6_addr = addr.in6.sin6_addr };

		cmsg->cmsg_level = IPPROTO_IPV6;
		cmsg->cmsg_type = IPV6_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
	}
	say_n(sendmsg(near, &msg, 0), "by pktinfo");
	receive(far, "far");
	close(near);
	close(far);
}

static void many(const struct place *place)
{
	int near = near_socket(place, SOCK_DGRAM);
	int far = far_socket(place, SOCK_DGRAM);
	struct addr near_addr, far_addr, froms[BATCH];
	struct mmsghdr msgs[BATCH];
	struct iovec iovs[BATCH];
	char bufs[BATCH][32];
	struct timespec timeout = { .tv_sec = 3 };
	int n, good_count = 0;

	bind_to(near, place->near_ip, 0);
	bind_to(far, place->far_ip, 0);
	near_addr = sock_name(near);
	far_addr = sock_name(far);
	memset(msgs, 0, sizeof(msgs));
	for (int i = 0; i < BATCH; i++) {
		iovs[i] = (struct iovec){ bufs[i], (size_t)i + 1 };
		memset(bufs[i], 'a' + i, sizeof(bufs[i]));
		msgs[i].msg_hdr.msg_iov = &iovs[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_hdr.msg_name = &far_addr.sa;
		msgs[i].msg_hdr.msg_namelen = far_addr.len;
	}
	n = sendmmsg(near, msgs, BATCH, 0);
	say_n(n, "sendmmsg");
	say("lengths %u %u %u", msgs[0].msg_len, msgs[1].msg_len,
	    msgs[7].msg_len);
	for (int i = 0; i < BATCH; i++) {
		char buf[64];

		poll_once(far, POLLIN, ORACLE_WAIT_MS);
		n = (int)recv(far, buf, sizeof(buf), MSG_DONTWAIT);
		good_count += n == i + 1 && buf[0] == 'a' + i;
		if (sendto(far, buf, (size_t)(n > 0 ? n : 0), 0,
		           &near_addr.sa, near_addr.len) < 0)
			say_n(-1, "far answers");
	}
	say("%d in order", good_count);
	for (int i = 0; i < BATCH; i++) {
		iovs[i].iov_len = sizeof(bufs[i]);
		msgs[i].msg_hdr.msg_name = &froms[i].storage;
		msgs[i].msg_hdr.msg_namelen = sizeof(froms[i].storage);
	}
	for (good_count = 0; good_count < BATCH; good_count += n) {
		poll_once(near, POLLIN, ORACLE_WAIT_MS);
		n = recvmmsg(near, msgs + good_count,
		             (unsigned)(BATCH - good_count),
		             MSG_WAITFORONE, &timeout);
		if (n <= 0)
			break;
	}
	say("recvmmsg: %d in all, lengths %u %u, from %s", good_count,
	    msgs[0].msg_len, msgs[7].msg_len,
	    addr_text(&froms[7], msgs[7].msg_hdr.msg_namelen));
	say_rc(recvmmsg(near, msgs, BATCH, MSG_DONTWAIT, NULL), "none left");
	connect(near, &far_addr.sa, far_addr.len);
	msgs[0].msg_hdr.msg_name = NULL;
	msgs[0].msg_hdr.msg_namelen = 0;
	say_n(sendmmsg(near, msgs, 1, 0), "sendmmsg when connected");
	say_n(sendmmsg(near, msgs, 0, 0), "sendmmsg of none");
	close(near);
	close(far);
}

int main(void)
{
	oracle_start();
	each_target(ancillary);
	each_target(source_chosen);
	each_target(many);
	return 0;
}
