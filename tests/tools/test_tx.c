/* SPDX-License-Identifier: MIT */
/* The transfer server: sends each client a pseudo-random stream of the length
 * and seed it asks for, or receives and checks one. test_rx is the client.
 *
 * One process a connection, as many servers are written; the parent only
 * accepts. What goes over the wire is described in transfer.h.
 */
#include <signal.h>

#include "tests/tools/transfer.h"

static void usage(void)
{
	fprintf(stderr, "usage: test_tx [-b ADDR] [-p PORT] [-n CONNECTIONS]\n"
	        "Serve transfers on ADDR (0.0.0.0) and PORT (%s); with -n, "
	        "leave after so many.\n", TRANSFER_PORT);
	exit(2);
}

/* Serve one client. Return: the process's exit status. */
static int serve_one(int fd)
{
	struct transfer_request req;
	uint64_t sum;

	if (recv_all(fd, &req, sizeof(req)) != sizeof(req) ||
	    req.magic != TRANSFER_MAGIC) {
		fprintf(stderr, "test_tx: a request that is none\n");
		return 1;
	}
	if (!req.is_upload)
		return transfer_send(fd, req.seed, req.len) ? 1 : 0;
	if (transfer_check(fd, req.seed, req.len, &sum))
		return 1;
	return send_all(fd, &sum, sizeof(sum)) ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *host = "0.0.0.0", *port = TRANSFER_PORT;
	unsigned long long left = 0;
	int listener, opt;

	while ((opt = getopt(argc, argv, "b:p:n:")) != -1) {
		if (opt == 'b')
			host = optarg;
		else if (opt == 'p')
			port = optarg;
		else if (opt == 'n')
			left = arg_number(optarg, 1, 1000000000);
		else
			usage();
	}
	if (optind != argc)
		usage();
	signal(SIGCHLD, SIG_IGN);
	listener = listen_on(host, port, 0);
	printf("test_tx: serving on %s port %s\n", host, port);
	fflush(stdout);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pid_t pid;

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			die("accept");
		pid = fork();
		if (pid < 0)
			die("fork");
		if (pid == 0) {
			close(listener);
			return serve_one(fd);
		}
		close(fd);
		if (left && --left == 0)
			return 0;
	}
}
