/* SPDX-License-Identifier: MIT */
/* The peer's daemon of the oracle set: makes sockets in its own network
 * namespace and hands them over.
 *
 * A client connects to the Unix socket of argv[1] and sends {domain, type}; the
 * answer is one byte with the new socket by SCM_RIGHTS. A socket stays in the
 * namespace that it was made in, so an oracle program in another one can play
 * both sides of a connection by itself. Readiness is a byte on the descriptor
 * of argv[2].
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PEER_BACKLOG 64

static int peer_listen(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(un.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(un.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0 ||
	    listen(fd, PEER_BACKLOG) < 0)
		return -1;
	return fd;
}

static void peer_hand_over(int conn, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(fd))];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	                      .msg_control = control,
	                      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;

	memset(control, 0, sizeof(control));
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	if (sendmsg(conn, &msg, MSG_NOSIGNAL) < 0)
		perror("peer: sendmsg");
}

static void peer_serve(int conn)
{
	int request[2], fd;

	if (recv(conn, request, sizeof(request), 0) != sizeof(request))
		return;
	fd = socket(request[0], request[1] | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		perror("peer: socket");
		return;
	}
	peer_hand_over(conn, fd);
	close(fd);
}

int main(int argc, char **argv)
{
	int listener;

	if (argc != 3) {
		fprintf(stderr, "usage: peer SOCKET READY-FD\n");
		return 2;
	}
	listener = peer_listen(argv[1]);
	if (listener < 0 || write(atoi(argv[2]), "", 1) != 1) {
		perror("peer");
		return 1;
	}
	for (;;) {
		int conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (conn < 0)
			continue;
		peer_serve(conn);
		close(conn);
	}
}
