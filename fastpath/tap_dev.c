/* SPDX-License-Identifier: MIT */
/* A descriptor attached to a tap device, with its offloads agreed on.
 *
 * Theory of operation
 *
 * The device is named by TUNSETIFF, which makes it when it does not exist. We
 * never ask for TUNSETPERSIST: what we made vanishes with the descriptor, even
 * after kill -9. A device that exists stays, with what was set on it, so its
 * offloads are set each time, and turned off when we leave: its next user may
 * know nothing of virtio-net headers.
 */
#include "fastpath/tap_dev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fastpath/ifconf.h"
#include "fastpath/netdev.h"
#include "fastpath/vnet.h"
#include "fastpath/why.h"

/* Linux 6.2; older headers lack them. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

#define TAP_PATH "/dev/net/tun"

static int permission_fail(const char *ifname, int err, char *why)
{
	return why_fail(why, err, "no permission for " TAP_PATH ": run as root "
	                "or have an administrator make %s with 'ip tuntap add "
	                "dev %s mode tap user NAME'", ifname, ifname);
}

static int device_node_open(const char *ifname, char *why)
{
	int fd = open(TAP_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == EACCES || errno == EPERM)
		return permission_fail(ifname, errno, why);
	return why_fail(why, errno, "cannot open " TAP_PATH ": %s (does the "
	                "kernel have its tun module?)", strerror(errno));
}

/* The sentence for a TUNSETIFF that failed. */
static int attach_fail(const char *ifname, bool existed, int err, char *why)
{
	switch (err) {
	case EPERM:
	case EACCES:
		return permission_fail(ifname, err, why);
	case EBUSY:
		return why_fail(why, err, "'%s' is in use by another process",
		                ifname);
	case EINVAL:
		if (existed)
			return why_fail(why, err, "'%s' exists and is no tap "
			                "device", ifname);
		break;
	}
	return why_fail(why, err, "cannot %s the tap device '%s': %s",
	                existed ? "use" : "make", ifname, strerror(err));
}

/* Attach to the device, made when it does not exist. One that was made with
 * several queues wants to be told so (Linux drivers/net/tun.c, tun_set_iff).
 */
static int device_attach(struct tap_dev *tap, const char *ifname, char *why)
{
	static const short queue_flags[] = { 0, IFF_MULTI_QUEUE };
	struct ifreq ifr;
	short flags = IFF_TAP | IFF_NO_PI;
	bool existed = ifconf_exists(ifname);
	int err = 0;

	if (tap->has_vnet_hdr)
		flags |= IFF_VNET_HDR;
	for (unsigned i = 0; i < 2; i++) {
		memset(&ifr, 0, sizeof(ifr));
		strncpy(ifr.ifr_name, ifname, IFNAMSIZ - 1);
		ifr.ifr_flags = flags | queue_flags[i];
		if (!ioctl(tap->fd, TUNSETIFF, &ifr)) {
			tap->is_ours = !existed;
			snprintf(tap->name, sizeof(tap->name), "%s",
			         ifr.ifr_name);
			return 0;
		}
		err = errno;
		if (err != EINVAL || !existed)
			break;
	}
	return attach_fail(ifname, existed, err, why);
}

/* What the kernel itself can do with this header, by TUNGETFEATURES. */
static bool kernel_has_vnet_hdr(int fd)
{
	unsigned features = 0;

	return !ioctl(fd, TUNGETFEATURES, &features) &&
	       features & IFF_VNET_HDR;
}

/* Agree on offloads. TUNSETOFFLOAD names what we can receive; that the kernel
 * knows a bit at all tells that it can take such frames from us, too.
 * UDP super-frames are only asked about, never asked for: the stack above
 * wants single datagrams.
 */
static int offload_negotiate(struct tap_dev *tap, char *why)
{
	const unsigned tso = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
	const unsigned uso = TUN_F_USO4 | TUN_F_USO6;
	int hdr_len = VNET_HDR_LEN;

	if (!tap->has_vnet_hdr) {
		/* A device that stays may remember its last user's offloads. */
		ioctl(tap->fd, TUNSETOFFLOAD, 0ul);
		return 0;
	}
	if (ioctl(tap->fd, TUNSETVNETHDRSZ, &hdr_len))
		return why_fail(why, errno, "%s takes no virtio-net header of "
		                "%d bytes: %s", tap->name, hdr_len,
		                strerror(errno));
	if (!ioctl(tap->fd, TUNSETOFFLOAD, (unsigned long)(tso | uso)))
		tap->caps |= NETDEV_CAP_TX_USO;
	if (!ioctl(tap->fd, TUNSETOFFLOAD, (unsigned long)tso))
		tap->caps |= NETDEV_CAP_TX_TSO4 | NETDEV_CAP_TX_TSO6 |
		                 NETDEV_CAP_RX_SUPER;
	else
		ioctl(tap->fd, TUNSETOFFLOAD, (unsigned long)TUN_F_CSUM);
	tap->caps |= NETDEV_CAP_TX_CSUM;
	return 0;
}

/* Attach to the device ifname, which is made when it does not exist. The
 * interface is neither given addresses nor brought up: see ifconf.h.
 * want_offload: with virtio-net headers, where the kernel has them.
 * why: NETDEV_WHY_LEN bytes, filled on error.
 * Return: 0, then tap_dev_close() is due; -EINVAL for a name that cannot be
 * or an interface that is no tap; -EPERM or -EACCES; -EBUSY when somebody else
 * is attached; another -errno. On error nothing is left.
 */
int tap_dev_open(struct tap_dev *tap, const char *ifname, bool want_offload,
                 char *why)
{
	int err;

	memset(tap, 0, sizeof(*tap));
	tap->fd = -1;
	if (!ifconf_name_is_valid(ifname))
		return why_fail(why, EINVAL, "'%.64s' cannot be an interface's "
		                "name: expected 1 to %d characters without '/', "
		                "':' and blanks", ifname, IFNAMSIZ - 1);
	err = device_node_open(ifname, why);
	if (err < 0)
		return err;
	tap->fd = err;
	tap->has_vnet_hdr = want_offload && kernel_has_vnet_hdr(tap->fd);
	err = device_attach(tap, ifname, why);
	if (!err)
		err = offload_negotiate(tap, why);
	if (err)
		tap_dev_close(tap);
	return err;
}

/* Leave the device; a half-open tap_dev is accepted, and a closed one. */
void tap_dev_close(struct tap_dev *tap)
{
	if (tap->fd < 0)
		return;
	if (tap->name[0] && !tap->is_ours)
		ioctl(tap->fd, TUNSETOFFLOAD, 0ul);
	close(tap->fd);
	tap->fd = -1;
}
