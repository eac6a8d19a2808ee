/* SPDX-License-Identifier: MIT */
/* DPDK's environment (EAL): started once a process, for one device. */
#ifndef NETCOND_FASTPATH_DPDK_EAL_H
#define NETCOND_FASTPATH_DPDK_EAL_H

#include <stdbool.h>

struct dpdk_eal_conf {
	const char *device; /* with its arguments, as DPDK writes them */
	unsigned memory_mb; /* for pools and rings */
	bool is_verbose;    /* show DPDK's own log on stderr */
};

bool dpdk_eal_is_pci(const char *device);
int dpdk_eal_start(const struct dpdk_eal_conf *conf, char *why);
void dpdk_eal_stop(void);
const char *dpdk_eal_complaint(void);

#endif
