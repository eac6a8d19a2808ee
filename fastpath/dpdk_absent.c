/* SPDX-License-Identifier: MIT */
/* The DPDK backend of a build without DPDK: known, and refused. */
#include <errno.h>

#include "fastpath/netdev_backends.h"
#include "fastpath/why.h"

static int absent_open(const struct netdev_conf *conf, struct netdev **out,
                       char *why)
{
	(void)conf;
	*out = NULL;
	return why_fail(why, ENOTSUP, "this netcond was built without DPDK: "
	                "install libdpdk-dev and build again");
}

/* Nothing is ever open, so the rest is never called. */
const struct netdev_ops netdev_dpdk_ops = {
	.name = "dpdk",
	.help = "a DPDK port; not in this build",
	.open = absent_open,
};
