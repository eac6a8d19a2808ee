/* SPDX-License-Identifier: MIT */
/* What the service asks of the kernel for its own process. */
#include "service/process.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "fastpath/why.h"
#include "service/log.h"

/* As many descriptors as the hard limit allows: each socket of a program is
 * one here. What fails is told and left.
 */
void process_raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) ||
	    limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		log_warn("cannot raise the limit of open files: %s",
		         strerror(errno));
}

/* Run on this CPU only; -1: anywhere. Return: 0, or -errno and a sentence in
 * why (NETDEV_WHY_LEN bytes).
 */
int process_pin(int cpu, char *why)
{
	cpu_set_t set;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	if (cpu < CPU_SETSIZE)
		CPU_SET(cpu, &set);
	if (!sched_setaffinity(0, sizeof(set), &set))
		return 0;
	return why_fail(why, errno, "cannot run on CPU %d: there is none, or it"
	                " is not allowed", cpu);
}
