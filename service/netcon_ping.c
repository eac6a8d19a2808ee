/* SPDX-License-Identifier: MIT */
/* netcon ping: how long the service takes to answer on the control socket. */
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "service/netcon.h"

static volatile sig_atomic_t is_interrupted;

static void on_interrupt(int signo)
{
	(void)signo;
	is_interrupted = 1;
}

static double clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* One request; *us: how long it took. */
static int measure(struct ctl *ctl, double *us, char *why)
{
	struct rpc_request request = { .op = RPC_HELLO };
	struct rpc_reply reply;
	double start_us = clock_us();
	int err = ctl_request(ctl, &request, &reply, why);

	*us = clock_us() - start_us;
	return err;
}

static void print_summary(unsigned count, double min_us, double sum_us,
                          double max_us)
{
	if (count)
		printf("%u answers, min/avg/max %.1f/%.1f/%.1f us\n", count,
		       min_us, sum_us / count, max_us);
}

/* Ask once a second, count times or until SIGINT; then sum up. */
int netcon_ping(struct ctl *ctl, const struct netcon_options *options)
{
	/* No SA_RESTART: the signal ends the pause. */
	const struct sigaction action = { .sa_handler = on_interrupt };
	double min_us = 0, sum_us = 0, max_us = 0, us;
	char why[CTL_WHY_LEN];
	unsigned count = 0;

	sigaction(SIGINT, &action, NULL);
	printf("pid %d at %s, %s\n", (int)ctl->pid, ctl->path, ctl->backend);
	while (!is_interrupted) {
		if (measure(ctl, &us, why)) {
			print_summary(count, min_us, sum_us, max_us);
			return netcon_fail(why);
		}
		min_us = count && min_us < us ? min_us : us;
		max_us = max_us > us ? max_us : us;
		sum_us += us;
		printf("seq %u: %.1f us\n", ++count, us);
		fflush(stdout);
		if (count == options->count)
			break;
		sleep(1);
	}
	print_summary(count, min_us, sum_us, max_us);
	return NETCON_OK;
}
