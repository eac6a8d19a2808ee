/* SPDX-License-Identifier: MIT */
/* The one list of backends, and opening one of them by name. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fastpath/frame_pool.h"
#include "fastpath/netdev_backends.h"
#include "fastpath/why.h"

/* RFC 8200 section 5: a link that carries IPv6 carries 1280 bytes; RFC 791:
 * every IPv4 module handles 68. The stack speaks both, and one figure is
 * easier to explain than two.
 */
#define MTU_MIN 1280

const struct netdev_ops *const netdev_backends[] = {
	&netdev_tap_ops,
	&netdev_packet_ops,
	&netdev_xdp_ops,
	&netdev_dpdk_ops,
	&netdev_mem_ops,
	NULL
};

static const struct netdev_ops *backend_find(const char *name)
{
	for (unsigned i = 0; netdev_backends[i]; i++)
		if (!strcmp(netdev_backends[i]->name, name))
			return netdev_backends[i];
	return NULL;
}

static int backend_unknown(const char *name, char *why)
{
	char names[NETDEV_WHY_LEN / 2] = "";
	size_t len = 0;

	for (unsigned i = 0; netdev_backends[i] && len < sizeof(names); i++)
		len += snprintf(names + len, sizeof(names) - len, "%s%s",
		                i ? ", " : "", netdev_backends[i]->name);
	return why_fail(why, ENOENT,
	                "there is no backend '%.32s': expected one of %s",
	                name, names);
}

/* Open a device by its backend's name.
 * conf: what is asked for; read during the call only.
 * out: set on success; the caller's, to be given to netdev_close().
 * why: NETDEV_WHY_LEN bytes, filled on error; NULL is accepted.
 * Return: 0; -ENOENT when there is no such backend; -EINVAL for an MTU or a
 * hardware address that cannot be; else the backend's -errno.
 */
int netdev_open(const struct netdev_conf *conf, struct netdev **out, char *why)
{
	const char *name = conf->backend ? conf->backend : "";
	const struct netdev_ops *ops = backend_find(name);
	const uint8_t *mac = conf->mac;
	static const uint8_t no_mac[ETHER_ADDR_LEN];

	*out = NULL;
	if (!ops)
		return backend_unknown(name, why);
	if (conf->mtu && conf->mtu < MTU_MIN)
		return why_fail(why, EINVAL,
		                "an MTU of %u is too small: expected %u or more",
		                conf->mtu, MTU_MIN);
	if (mac && (mac[0] & 1 || !memcmp(mac, no_mac, sizeof(no_mac))))
		return why_fail(why, EINVAL,
		                "%02x:%02x:%02x:%02x:%02x:%02x cannot be an "
		                "interface's address: expected a unicast one",
		                mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	if (conf->frame_count > FRAME_POOL_COUNT_MAX)
		return why_fail(why, EINVAL, "%u receive frames are too many: "
		                "expected at most %u", conf->frame_count,
		                FRAME_POOL_COUNT_MAX);
	return ops->open(conf, out, why);
}
