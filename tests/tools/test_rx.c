/* SPDX-License-Identifier: MIT */
/* The transfer client: asks test_tx for a stream (or, with -u, sends it one)
 * and checks every byte of it. Prints the length and the rate.
 */
#include "tests/tools/transfer.h"

static void usage(void)
{
	fprintf(stderr,
	        "usage: test_rx [-u] [-p PORT] [-l BYTES] [-s SEED] HOST\n"
	        "Fetch (-u: send) a stream of BYTES (64 MiB) from HOST, port "
	        "%s, and check it.\n", TRANSFER_PORT);
	exit(2);
}

/* Send the stream and compare the server's sum with ours. */
static int upload(int fd, const struct transfer_request *req)
{
	uint64_t theirs, ours = transfer_sum(req->seed, req->len);

	if (transfer_send(fd, req->seed, req->len))
		return -1;
	if (recv_all(fd, &theirs, sizeof(theirs)) != sizeof(theirs)) {
		fprintf(stderr, "test_rx: no sum from the server\n");
		return -1;
	}
	if (theirs != ours) {
		fprintf(stderr, "test_rx: the sums differ\n");
		return -1;
	}
	return 0;
}

/* Receive and check the stream; nothing may follow it. */
static int download(int fd, const struct transfer_request *req)
{
	uint64_t sum;
	char extra;

	if (transfer_check(fd, req->seed, req->len, &sum))
		return -1;
	if (recv_all(fd, &extra, 1) != 0) {
		fprintf(stderr, "test_rx: no clean end of the stream\n");
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct transfer_request req = {
		.magic = TRANSFER_MAGIC, .seed = 1, .len = 64 << 20};
	const char *port = TRANSFER_PORT;
	uint64_t start, ns;
	int fd, opt;

	while ((opt = getopt(argc, argv, "up:l:s:")) != -1) {
		if (opt == 'u')
			req.is_upload = 1;
		else if (opt == 'p')
			port = optarg;
		else if (opt == 'l')
			req.len = arg_number(optarg, 0, 1ull << 50);
		else if (opt == 's')
			req.seed = arg_number(optarg, 0, UINT64_MAX);
		else
			usage();
	}
	if (optind + 1 != argc)
		usage();
	start = now_ns();
	fd = connect_to(argv[optind], port);
	if (send_all(fd, &req, sizeof(req)))
		die("send");
	if (req.is_upload ? upload(fd, &req) : download(fd, &req))
		return 1;
	ns = now_ns() - start;
	printf("test_rx: %s %llu bytes in %.3f s, %.3f Gbit/s, all correct\n",
	       req.is_upload ? "sent" : "received",
	       (unsigned long long)req.len, (double)ns / 1e9,
	       (double)req.len * 8 / (double)ns);
	return 0;
}
