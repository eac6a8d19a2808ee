/* SPDX-License-Identifier: MIT */
/* UDP through the preloaded library, against the scripted service. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/shim_program.h"

#define LONG_LEN 1000
#define BIG_LEN 65508 /* one more than UDP over IPv4 takes */

static int with_address(void)
{
	int failures = 0;
	struct sockaddr_in to = program_addr("192.0.2.9", 5353), from;
	struct sockaddr *sa = (struct sockaddr *)&to;
	socklen_t len = sizeof(from);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char big[BIG_LEN], buf[16];
	int waiting = 0;

	EXPECT_ERRNO(send(fd, "x", 1, 0), EDESTADDRREQ);
	EXPECT_ERRNO(recv(fd, buf, 1, MSG_DONTWAIT), EAGAIN);
	EXPECT_ERRNO(sendto(fd, big, sizeof(big), 0, sa, sizeof(to)),
	             EMSGSIZE);
	EXPECT_ERRNO(sendto(fd, "x", 1, 0, sa, 5), EINVAL);
	EXPECT(sendto(fd, "hello", 5, 0, sa, sizeof(to)) == 5);
	poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 1000);
	EXPECT(ioctl(fd, FIONREAD, &waiting) == 0 && waiting == 5);
	EXPECT(recvfrom(fd, buf, 3, MSG_PEEK | MSG_TRUNC, NULL, NULL) == 5);
	EXPECT(recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from,
	                &len) == 5);
	EXPECT(memcmp(buf, "hello", 5) == 0 && len == sizeof(from));
	EXPECT(memcmp(&from, &to, sizeof(to)) == 0);
	/* An empty datagram is one. */
	EXPECT(sendto(fd, "", 0, 0, sa, sizeof(to)) == 0);
	EXPECT(recv(fd, buf, sizeof(buf), 0) == 0);
	EXPECT_ERRNO(write(fd, "x", 1), EDESTADDRREQ);
	/* A read of any size gets payload, not the header. */
	EXPECT(sendto(fd, "by read", 7, 0, sa, sizeof(to)) == 7);
	EXPECT(read(fd, buf, 3) == 3 && !memcmp(buf, "by ", 3));
	EXPECT(sendto(fd, "by read", 7, 0, sa, sizeof(to)) == 7);
	EXPECT(read(fd, big, sizeof(big)) == 7 && !memcmp(big, "by read", 7));
	close(fd);
	return failures;
}

/* Raw payload is moved to where it belongs, whatever the buffers. */
static int connected(void)
{
	int failures = 0;
	struct sockaddr_in to = program_addr("192.0.2.9", 5353), from;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	unsigned char out[LONG_LEN], a[7], b[100], c[LONG_LEN];
	struct iovec iov[] = { { a, sizeof(a) }, { b, sizeof(b) },
		               { c, sizeof(c) } };
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from),
		              .msg_iov = iov, .msg_iovlen = 3 };

	for (int i = 0; i < LONG_LEN; i++)
		out[i] = (unsigned char)(i * 7 + i / 256);
	EXPECT(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	for (int len = 1; len <= LONG_LEN; len += 37) {
		EXPECT(send(fd, out, (size_t)len, 0) == len);
		memset(a, 0, sizeof(a));
		EXPECT(recvmsg(fd, &msg, 0) == len);
		EXPECT(memcmp(a, out, len < 7 ? (size_t)len : 7) == 0);
		EXPECT(len <= 7 || memcmp(b, out + 7, len < 107
		                          ? (size_t)len - 7 : 100) == 0);
		EXPECT(len <= 107 || memcmp(c, out + 107,
		                            (size_t)len - 107) == 0);
		EXPECT(msg.msg_flags == 0 && msg.msg_namelen == sizeof(from));
		EXPECT(from.sin_port == to.sin_port);
	}
	EXPECT(write(fd, out, 200) == 200);
	msg.msg_iovlen = 2; /* 107 bytes of room */
	EXPECT(recvmsg(fd, &msg, 0) == 107 && msg.msg_flags == MSG_TRUNC);
	EXPECT(memcmp(b, out + 7, 100) == 0);
	/* The address is still allowed, and then echoed with a header. */
	EXPECT(sendto(fd, out, 90, 0, (struct sockaddr *)&to, sizeof(to)) == 90);
	EXPECT(recv(fd, c, sizeof(c), 0) == 90 && !memcmp(c, out, 90));
	EXPECT(send(fd, "", 0, 0) == 0);
	EXPECT(recv(fd, c, sizeof(c), 0) == 0);
	close(fd);
	return failures;
}

static int many(void)
{
	int failures = 0;
	struct sockaddr_in to = program_addr("192.0.2.9", 5353);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char text[4][4] = { "one", "two", "six", "ten" }, got[4][8];
	struct timespec limit = { 0, 100000000 };
	struct iovec iov[8];
	struct mmsghdr msgs[8];

	memset(msgs, 0, sizeof(msgs));
	for (int i = 0; i < 4; i++) {
		iov[i] = (struct iovec){ text[i], 3 };
		iov[4 + i] = (struct iovec){ got[i], 8 };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_hdr.msg_name = &to;
		msgs[i].msg_hdr.msg_namelen = sizeof(to);
		msgs[4 + i].msg_hdr.msg_iov = &iov[4 + i];
		msgs[4 + i].msg_hdr.msg_iovlen = 1;
	}
	EXPECT(sendmmsg(fd, msgs, 4, 0) == 4 && msgs[3].msg_len == 3);
	EXPECT(recvmmsg(fd, msgs + 4, 3, 0, NULL) == 3);
	EXPECT(msgs[6].msg_len == 3 && memcmp(got[2], "six", 3) == 0);
	EXPECT(recvmmsg(fd, msgs + 4, 4, MSG_WAITFORONE, &limit) == 1);
	EXPECT_ERRNO(recvmmsg(fd, msgs + 4, 4, MSG_DONTWAIT, NULL), EAGAIN);
	limit.tv_nsec = -1;
	EXPECT_ERRNO(recvmmsg(fd, msgs + 4, 4, 0, &limit), EINVAL);
	close(fd);
	return failures;
}

static int control(void)
{
	int failures = 0;
	struct sockaddr_in to = program_addr("192.0.2.9", 5353);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	union { char buf[256]; struct cmsghdr align; } room;
	char buf[8] = "data";
	struct iovec iov = { buf, 4 };
	struct msghdr msg = { .msg_name = &to, .msg_namelen = sizeof(to),
		              .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	struct in_pktinfo info = { 0 };
	int on = 1;

	EXPECT(setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) == 0);
	EXPECT(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)) == 0);
	EXPECT(setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)) == 0);
	on = 0;
	EXPECT(setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)) == 0);
	memset(&room, 0, sizeof(room));
	msg.msg_control = room.buf;
	msg.msg_controllen = CMSG_SPACE(sizeof(info));
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = IPPROTO_IP;
	cmsg->cmsg_type = IP_PKTINFO;
	cmsg->cmsg_len = CMSG_LEN(sizeof(info));
	inet_pton(AF_INET, "192.0.2.77", &info.ipi_spec_dst);
	memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
	EXPECT(sendmsg(fd, &msg, 0) == 4);
	msg.msg_controllen = sizeof(room);
	EXPECT(recvmsg(fd, &msg, 0) == 4);
	cmsg = CMSG_FIRSTHDR(&msg);
	EXPECT(cmsg && cmsg->cmsg_level == SOL_SOCKET &&
	       cmsg->cmsg_type == SO_TIMESTAMP);
	cmsg = cmsg ? CMSG_NXTHDR(&msg, cmsg) : NULL;
	EXPECT(cmsg && cmsg->cmsg_type == IP_PKTINFO &&
	       !memcmp(&((struct in_pktinfo *)CMSG_DATA(cmsg))->ipi_addr,
	               &info.ipi_spec_dst, 4));
	EXPECT(!cmsg || !CMSG_NXTHDR(&msg, cmsg));
	/* Too little room is told. */
	msg.msg_controllen = 0;
	EXPECT(sendmsg(fd, &msg, 0) == 4);
	msg.msg_controllen = 20;
	EXPECT(recvmsg(fd, &msg, 0) == 4 && msg.msg_flags & MSG_CTRUNC);
	/* Segmentation is refused. */
	msg.msg_controllen = CMSG_SPACE(2);
	cmsg = CMSG_FIRSTHDR(&msg);
	*cmsg = (struct cmsghdr){ CMSG_LEN(2), IPPROTO_UDP, 103 };
	EXPECT_ERRNO(sendmsg(fd, &msg, 0), EINVAL);
	return failures;
}

const struct shim_program shim_programs_dgram[] = {
	{ "dgram_with_address", FAKE_FAULT_NONE, with_address },
	{ "dgram_connected", FAKE_FAULT_NONE, connected },
	{ "dgram_many", FAKE_FAULT_NONE, many },
	{ "dgram_control", FAKE_FAULT_NONE, control },
	{ NULL, 0, NULL }
};
