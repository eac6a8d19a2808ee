/* SPDX-License-Identifier: MIT */
/* netcon's commands; each prints to stdout and returns the exit status. */
#ifndef NETCOND_SERVICE_NETCON_H
#define NETCOND_SERVICE_NETCON_H

#include <stdbool.h>

#include "shim/proto/ctl.h"

/* Pages that are asked for at most: a service that repeats itself must not keep
 * us forever. Above every table of the service.
 */
#define NETCON_PAGE_MAX 65536

/* What the words after the command ask for. */
struct netcon_options {
	bool is_tcp;       /* ss -t; neither -t nor -u: both */
	bool is_udp;       /* ss -u */
	bool is_listening; /* ss -l */
	bool is_json;      /* stat --json */
	unsigned count;    /* ping -c; 0: until interrupted */
};

enum netcon_status {
	NETCON_OK = 0,
	NETCON_FAILED = 1,
	NETCON_MISUSE = 2,
};

int netcon_ss(struct ctl *ctl, const struct netcon_options *options);
int netcon_stat(struct ctl *ctl, const struct netcon_options *options);
int netcon_ping(struct ctl *ctl, const struct netcon_options *options);
int netcon_fail(const char *why);

#endif
