/* SPDX-License-Identifier: MIT */
/* What a card is, before anything is attached to it. */
#include "fastpath/xdp_card.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fastpath/ifconf.h"
#include "fastpath/why.h"
#include "fastpath/xdp_sock.h"

static int ifreq_ioctl(unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = ioctl(fd, request, ifr) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* Queues to receive by, as `ethtool -l` shows them; 0 where it does not. */
static unsigned queues_read(const char *ifname)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq ifr = { .ifr_data = (void *)&channels };

	strncpy(ifr.ifr_name, ifname, IFNAMSIZ - 1);
	if (ifreq_ioctl(SIOCETHTOOL, &ifr))
		return 0;
	return channels.combined_count + channels.rx_count;
}

/* Read what an interface is.
 * Return: 0, or -errno and a sentence in why: there is none, or it is down.
 */
int xdp_card_read(struct xdp_card *card, const char *ifname, char *why)
{
	int err;

	memset(card, 0, sizeof(*card));
	err = ifconf_get_mtu(ifname, &card->mtu, why);
	if (!err)
		err = ifconf_get_mac(ifname, card->mac, why);
	if (err)
		return err;
	card->ifindex = if_nametoindex(ifname);
	if (!ifconf_is_up(ifname))
		return why_fail(why, ENETDOWN, "%s is down: bring it up with "
		                "'ip link set %s up'", ifname, ifname);
	card->queues = queues_read(ifname);
	return 0;
}

/* Can what is asked for be had of this card?
 * Return: 0, or -errno and a sentence in why.
 */
int xdp_card_check(const struct xdp_card *card, const struct netdev_conf *conf,
                   char *why)
{
	const char *ifname = conf->device;

	if (card->mtu > XDP_SOCK_MTU_MAX)
		return why_fail(why, EMSGSIZE, "the MTU of %s is %u, and an "
		                "AF_XDP buffer takes %u at most: lower it with "
		                "'ip link set %s mtu %u'", ifname, card->mtu,
		                XDP_SOCK_MTU_MAX, ifname, XDP_SOCK_MTU_MAX);
	if (conf->mtu > card->mtu)
		return why_fail(why, EMSGSIZE, "an MTU of %u is more than the %u"
		                " of %s", conf->mtu, card->mtu, ifname);
	if (conf->mac && memcmp(conf->mac, card->mac, ETHER_ADDR_LEN))
		return why_fail(why, EINVAL, "the stack shares the hardware "
		                "address of %s: do without --mac", ifname);
	if (card->queues && conf->queue >= card->queues)
		return why_fail(why, EINVAL, "%s has no queue %u: expected 0 to "
		                "%u", ifname, conf->queue, card->queues - 1);
	return 0;
}

/* Is an interface still in our network namespace, and up? */
bool xdp_card_is_there(unsigned ifindex, bool *is_up)
{
	struct ifreq ifr = { .ifr_ifindex = (int)ifindex };

	*is_up = false;
	if (ifreq_ioctl(SIOCGIFNAME, &ifr))
		return false;
	*is_up = !ifreq_ioctl(SIOCGIFFLAGS, &ifr) && (ifr.ifr_flags & IFF_UP);
	return true;
}
