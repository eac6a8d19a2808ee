/* SPDX-License-Identifier: MIT */
/* From options to a device, a stack on it and the kernel's side of the link.
 *
 * The kernel's side of an interface that we made goes when that is closed, so
 * it is set up at once, and the stack's first words are heard. One that was
 * there outlives us: it is touched last, when what else can fail has succeeded.
 * Where it may not be touched, as without root on a tap that was made for its
 * user, that is told and not an error: the administrator has set it up.
 */
#include "service/setup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "service/lease.h"
#include "stack/cidr.h"

#define LINE "%-11s"

static void note(struct setup *setup, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void note(struct setup *setup, const char *format, ...)
{
	va_list args;

	if (setup->note_count == SETUP_NOTE_MAX)
		return;
	va_start(args, format);
	vsnprintf(setup->notes[setup->note_count++], SETUP_NOTE_LEN, format,
	          args);
	va_end(args);
}

/* The addresses that somebody gave the interface. */
static void read_present(struct setup *setup, const char *ifname)
{
	struct ifconf_addr found[SETUP_PRESENT_MAX];
	char why[NETDEV_WHY_LEN];
	unsigned count = 0;

	if (ifconf_get_addrs(ifname, found, SETUP_PRESENT_MAX, &count, why))
		return;
	for (unsigned i = 0; i < count; i++) {
		struct stack_cidr *cidr =
			&setup->present[setup->present_count];

		if (found[i].family == AF_INET6 &&
		    IN6_IS_ADDR_LINKLOCAL(&found[i].in6))
			continue;
		memset(cidr, 0, sizeof(*cidr));
		cidr->family = found[i].family;
		cidr->prefix_len = found[i].prefix_len;
		if (cidr->family == AF_INET)
			cidr->in = found[i].in;
		else
			cidr->in6 = found[i].in6;
		setup->present_count++;
	}
}

/* What the stack sees and says is captured: behind the bad link. */
static int wrap_device(struct setup *setup, const struct cli_conf *conf,
                       char *why)
{
	struct netdev *wrapper;
	int err;

	if (conf->impair.text) {
		err = netdev_impair_wrap(&conf->impair, setup->dev, &wrapper,
		                         why);
		if (err)
			return err;
		setup->dev = wrapper;
	}
	if (!conf->pcap_path)
		return 0;
	err = netdev_pcap_wrap(conf->pcap_path, setup->dev, &wrapper, why);
	if (!err)
		setup->dev = wrapper;
	return err;
}

static int open_device(struct setup *setup, const struct cli_conf *conf,
                       char *why)
{
	const struct netdev_conf dev_conf = {
		.backend = conf->device.backend,
		.device = conf->device.name,
		.mac = conf->mac.is_set ? conf->mac.addr : NULL,
		.mtu = (uint16_t)conf->mtu,
		.queue = (unsigned)conf->queue,
		.xdp_mode = conf->xdp_mode,
		.is_verbose = conf->verbosity,
		.no_offload = conf->no_offload || conf->impair.text,
	};
	int err;

	if (conf->device.has_host_side)
		setup->is_made = !ifconf_exists(conf->device.name);
	read_present(setup, conf->device.name);
	err = netdev_open(&dev_conf, &setup->dev, why);
	return err ? err : wrap_device(setup, conf, why);
}

static int open_stack(struct setup *setup, const struct cli_conf *conf,
                      char *why)
{
	struct stack_conf stack_conf = {
		.dev = setup->dev,
		.addr_count = setup->addrs.count,
		.dns_count = conf->dns.count,
		.use_dhcp = conf->use_dhcp,
	};

	memcpy(stack_conf.addrs, setup->addrs.items, sizeof(stack_conf.addrs));
	memcpy(stack_conf.dns, conf->dns.items, sizeof(stack_conf.dns));
	for (unsigned i = 0; i < setup->gateways.count; i++) {
		const struct stack_cidr *gateway = &setup->gateways.items[i];

		if (gateway->family == AF_INET)
			stack_conf.gw4 = gateway->in;
		else
			stack_conf.gw6 = gateway->in6;
	}
	return stack_open(&stack_conf, loop_clock_us(), &setup->stack, why);
}

static void to_ifconf(const struct stack_cidr *cidr, struct ifconf_addr *out)
{
	memset(out, 0, sizeof(*out));
	out->family = cidr->family;
	out->prefix_len = cidr->prefix_len;
	if (cidr->family == AF_INET)
		out->in = cidr->in;
	else
		out->in6 = cidr->in6;
}

/* May the kernel's side do without this address? A default one of IPv6 on a
 * host where that is switched off, or any where only root may give it.
 */
static bool is_optional(const struct cli_conf *conf,
                        const struct stack_cidr *cidr, int err)
{
	if (conf->host_addrs.count)
		return false;
	return err == -EPERM || cidr->family == AF_INET6;
}

static int give_addrs(struct setup *setup, const struct cli_conf *conf,
                      char *why)
{
	const char *ifname = setup->dev->name;

	for (unsigned i = 0; i < setup->host_addrs.count; i++) {
		const struct stack_cidr *cidr = &setup->host_addrs.items[i];
		char text[CIDR_TEXT_LEN] = "";
		struct ifconf_addr addr;
		int err;

		cidr_format(cidr, text, sizeof(text));
		to_ifconf(cidr, &addr);
		err = ifconf_add_addr(ifname, &addr, why);
		if (err && !is_optional(conf, cidr, err))
			return err;
		if (err)
			note(setup, "%s does not get %s: %s", ifname, text,
			     strerror(-err));
		else
			note(setup, "%s has %s", ifname, text);
	}
	return 0;
}

static int bring_up(struct setup *setup, char *why)
{
	const char *ifname = setup->dev->name;
	int err;

	if (ifconf_is_up(ifname))
		return 0;
	err = ifconf_set_up(ifname, why);
	if (err == -EPERM) {
		note(setup, "%s is down, and only root may bring it up", ifname);
		return 0;
	}
	if (!err)
		note(setup, "%s is up", ifname);
	return err;
}

static int set_up_host_side(struct setup *setup, const struct cli_conf *conf,
                            char *why)
{
	const char *ifname = setup->dev->name;
	int err;

	if (!conf->device.has_host_side)
		return 0;
	if (setup->is_made)
		note(setup, "%s was made, and goes when this ends", ifname);
	for (unsigned i = 0; i < setup->present_count; i++) {
		char text[CIDR_TEXT_LEN] = "";

		cidr_format(&setup->present[i], text, sizeof(text));
		note(setup, "%s had %s, left as it is", ifname, text);
	}
	err = give_addrs(setup, conf, why);
	if (!err)
		err = bring_up(setup, why);
	if (!err && !setup->present_count && !setup->host_addrs.count)
		note(setup, "%s has no address: give it one with --host-addr",
		     ifname);
	return err;
}

/* Open the device and a stack on it. Return: 0, or -errno and one sentence in
 * why (NETDEV_WHY_LEN bytes); then nothing is open.
 */
int setup_open(struct setup *setup, const struct cli_conf *conf, char *why)
{
	int err;

	memset(setup, 0, sizeof(*setup));
	err = open_device(setup, conf, why);
	if (!err)
		err = setup_choose_addrs(setup, conf, why);
	if (!err && setup->is_made)
		err = set_up_host_side(setup, conf, why);
	if (!err)
		err = open_stack(setup, conf, why);
	if (err)
		setup_close(setup);
	return err;
}

/* Close the stack and the device; what is not open is left alone. */
void setup_close(struct setup *setup)
{
	if (setup->stack)
		stack_close(setup->stack);
	netdev_close(setup->dev);
	setup->stack = NULL;
	setup->dev = NULL;
}

/* What setup_open left of the kernel's side: the part that is not undone by
 * setup_close. Return: 0, or -errno and one sentence in why.
 */
int setup_host_side(struct setup *setup, const struct cli_conf *conf, char *why)
{
	return setup->is_made ? 0 : set_up_host_side(setup, conf, why);
}

static void print_server(const struct sockaddr_storage *server, FILE *out)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)server;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)server;
	bool is_ipv6 = server->ss_family == AF_INET6;
	unsigned port = ntohs(is_ipv6 ? sin6->sin6_port : sin->sin_port);
	char text[INET6_ADDRSTRLEN] = "";

	if (is_ipv6)
		inet_ntop(AF_INET6, &sin6->sin6_addr, text, sizeof(text));
	else
		inet_ntop(AF_INET, &sin->sin_addr, text, sizeof(text));
	if (port == 53)
		fprintf(out, LINE "%s\n", "dns", text);
	else
		fprintf(out, is_ipv6 ? LINE "[%s]:%u\n" : LINE "%s:%u\n",
		        "dns", text, port);
}

static void print_addrs(const struct setup *setup, const struct cli_conf *conf,
                        FILE *out)
{
	char text[CIDR_TEXT_LEN] = "";

	for (unsigned i = 0; i < setup->addrs.count; i++) {
		cidr_format(&setup->addrs.items[i], text, sizeof(text));
		fprintf(out, LINE "%s\n", "address", text);
	}
	for (unsigned i = 0; i < setup->gateways.count; i++) {
		cidr_format(&setup->gateways.items[i], text, sizeof(text));
		*strchrnul(text, '/') = 0;
		fprintf(out, LINE "%s\n", "gateway", text);
	}
	if (!setup->gateways.count)
		fprintf(out, LINE "none\n", "gateway");
	for (unsigned i = 0; i < conf->dns.count; i++)
		print_server(&conf->dns.items[i], out);
	if (!conf->dns.count)
		fprintf(out, LINE "none\n", "dns");
}

/* The configuration in effect, line by line. */
void setup_print(const struct setup *setup, const struct cli_conf *conf,
                 const char *socket_path, FILE *out)
{
	const struct netdev *dev = setup->dev;
	const uint8_t *mac = dev->mac;

	fprintf(out, LINE "%s\n", "backend", conf->device.backend);
	fprintf(out, LINE "%s\n", "device", dev->name);
	fprintf(out, LINE "%s\n", "mode", dev->mode);
	fprintf(out, LINE "%02x:%02x:%02x:%02x:%02x:%02x\n", "mac", mac[0],
	        mac[1], mac[2], mac[3], mac[4], mac[5]);
	fprintf(out, LINE "%u\n", "mtu", dev->mtu);
	if (conf->use_dhcp)
		lease_print(setup->stack, out);
	else
		print_addrs(setup, conf, out);
	for (unsigned i = 0; i < setup->note_count; i++)
		fprintf(out, LINE "%s\n", "host side", setup->notes[i]);
	fprintf(out, LINE "%s", "poll", cli_poll_name(conf->poll_mode));
	if (conf->poll_mode == LOOP_POLL_ADAPTIVE)
		fprintf(out, ", sleeps %d us after the last work",
		        conf->spin_us);
	fprintf(out, "\n");
	if (conf->cpu >= 0)
		fprintf(out, LINE "%d\n", "cpu", conf->cpu);
	if (conf->user)
		fprintf(out, LINE "%s\n", "user", conf->user);
	if (conf->impair.text)
		fprintf(out, LINE "%s\n", "impair", conf->impair.text);
	if (conf->pcap_path)
		fprintf(out, LINE "%s\n", "capture", conf->pcap_path);
	fprintf(out, LINE "%s\n", "control", socket_path);
}
