/* SPDX-License-Identifier: MIT */
/* What the service asks of the kernel for its own process. */
#ifndef NETCOND_SERVICE_PROCESS_H
#define NETCOND_SERVICE_PROCESS_H

void process_raise_fd_limit(void);
int process_pin(int cpu, char *why);

#endif
