/* SPDX-License-Identifier: MIT */
/* Which addresses the stack, its gateways and the kernel's side take.
 *
 * Theory of operation
 *
 * Without any address option the two ends of the link take the networks below,
 * so that one command is enough. An interface that has addresses belongs to
 * whoever gave it those: it is left as it is, and unless they are of these very
 * networks nobody but the user can know which address there is free for the
 * stack. The gateway then is the kernel's side, which reaches further where the
 * host forwards. With --dhcp the network gives the addresses, and none of the
 * above is done.
 */
#include <errno.h>
#include <ifaddrs.h>
#include <string.h>

#include "fastpath/why.h"
#include "service/setup.h"
#include "stack/cidr.h"

/* One network of either family: both ends. fd07:6e65:7463::/48 is a unique
 * local prefix (RFC 4193) of netcond's own.
 */
static const struct {
	const char *stack;
	const char *host;
} defaults[] = {
	{ "10.107.0.2/24", "10.107.0.1/24" },
	{ "fd07:6e65:7463::2/64", "fd07:6e65:7463::1/64" },
};

#define DEFAULT_COUNT (sizeof(defaults) / sizeof(defaults[0]))

static bool is_same_addr(const struct stack_cidr *a, const struct stack_cidr *b)
{
	return a->family == b->family &&
	       !memcmp(&a->in6, &b->in6, a->family == AF_INET ?
	               sizeof(a->in) : sizeof(a->in6));
}

/* The first of the addresses that is on the network of net, or NULL. */
static const struct stack_cidr *find_on(const struct stack_cidr *addrs,
                                        unsigned count,
                                        const struct stack_cidr *net)
{
	for (unsigned i = 0; i < count; i++)
		if (cidr_contains(net, &addrs[i]))
			return &addrs[i];
	return NULL;
}

static void cidr_from_sockaddr(const struct sockaddr *addr,
                               struct stack_cidr *out)
{
	memset(out, 0, sizeof(*out));
	out->family = addr->sa_family;
	if (addr->sa_family == AF_INET)
		out->in = ((const struct sockaddr_in *)addr)->sin_addr;
	else
		out->in6 = ((const struct sockaddr_in6 *)addr)->sin6_addr;
}

/* Another interface of the host is on the network of net already: packets for
 * the stack would go there.
 */
static int check_elsewhere(const char *ifname, const struct stack_cidr *net,
                           char *why)
{
	struct ifaddrs *list, *entry;
	struct stack_cidr addr;
	int err = 0;

	if (getifaddrs(&list))
		return 0;
	for (entry = list; entry && !err; entry = entry->ifa_next) {
		if (!entry->ifa_addr || !strcmp(entry->ifa_name, ifname) ||
		    entry->ifa_addr->sa_family != net->family)
			continue;
		cidr_from_sockaddr(entry->ifa_addr, &addr);
		if (cidr_contains(net, &addr))
			err = why_fail(why, EADDRINUSE, "the default network"
			               " is in use on %s already: choose"
			               " another with --addr and --host-addr,"
			               " such as --addr 10.108.0.2/24"
			               " --host-addr 10.108.0.1/24",
			               entry->ifa_name);
	}
	freeifaddrs(list);
	return err;
}

static int refuse_foreign_net(const struct setup *setup, char *why)
{
	char text[CIDR_TEXT_LEN] = "";

	cidr_format(&setup->present[0], text, sizeof(text));
	return why_fail(why, EINVAL, "%s has the address %s already: give the"
	                " stack one of its own on that network with --addr",
	                setup->dev->name, text);
}

static void add(struct cli_cidrs *list, const struct stack_cidr *cidr)
{
	if (list->count < STACK_ADDR_MAX)
		list->items[list->count++] = *cidr;
}

/* Take the default networks: all of them on an interface without addresses, and
 * those it is on already otherwise.
 */
static int take_defaults(struct setup *setup, const struct cli_cidrs *given,
                         char *why)
{
	struct stack_cidr ours, host;

	for (size_t i = 0; i < DEFAULT_COUNT; i++) {
		const struct stack_cidr *present, *gateway;
		int err;

		if (cidr_parse(defaults[i].stack, &ours) ||
		    cidr_parse(defaults[i].host, &host))
			return why_fail(why, EINVAL, "bad default '%s'",
			                defaults[i].stack);
		present = find_on(setup->present, setup->present_count, &ours);
		if (setup->present_count && !present)
			continue;
		err = check_elsewhere(setup->dev->name, &ours, why);
		if (err)
			return err;
		add(&setup->addrs, &ours);
		gateway = present;
		if (!gateway)
			gateway = find_on(given->items, given->count, &ours);
		if (!gateway && !given->count) {
			add(&setup->host_addrs, &host);
			gateway = &host;
		}
		if (gateway)
			add(&setup->gateways, gateway);
	}
	return setup->addrs.count ? 0 : refuse_foreign_net(setup, why);
}

/* The kernel would answer for the address itself. */
static int check_taken(const struct setup *setup, const struct cli_cidrs *hosts,
                       const struct stack_cidr *addr, char *why)
{
	bool is_taken = false;
	char text[CIDR_TEXT_LEN] = "";

	for (unsigned i = 0; i < setup->present_count; i++)
		is_taken |= is_same_addr(&setup->present[i], addr);
	for (unsigned i = 0; i < hosts->count; i++)
		is_taken |= is_same_addr(&hosts->items[i], addr);
	if (!is_taken)
		return 0;
	cidr_format(addr, text, sizeof(text));
	return why_fail(why, EADDRINUSE, "--addr '%s': that is the address of"
	                " the kernel's side of %s: expected another one of the"
	                " same network", text, setup->dev->name);
}

/* A gateway must be on the link: in a network of the stack's own, or
 * link-local.
 */
static int check_gateway(const struct setup *setup,
                         const struct stack_cidr *gateway, char *why)
{
	char text[CIDR_TEXT_LEN] = "";

	for (unsigned i = 0; i < setup->addrs.count; i++)
		if (cidr_contains(&setup->addrs.items[i], gateway))
			return 0;
	if (gateway->family == AF_INET6 &&
	    IN6_IS_ADDR_LINKLOCAL(&gateway->in6))
		return 0;
	cidr_format(gateway, text, sizeof(text));
	*strchrnul(text, '/') = 0;
	return why_fail(why, EINVAL, "--gw '%s': expected an address in a"
	                " network of --addr", text);
}

/* Fill in addrs, gateways and host_addrs from the options, the defaults and
 * what the interface has. Return: 0, or -errno and one sentence in why
 * (NETDEV_WHY_LEN bytes).
 */
int setup_choose_addrs(struct setup *setup, const struct cli_conf *conf,
                       char *why)
{
	int err = 0;

	setup->addrs = conf->addrs;
	setup->host_addrs = conf->host_addrs;
	if (!conf->addrs.count && !conf->use_dhcp)
		err = take_defaults(setup, &conf->host_addrs, why);
	if (conf->gateways.count)
		setup->gateways = conf->gateways;
	for (unsigned i = 0; i < setup->gateways.count && !err; i++)
		err = check_gateway(setup, &setup->gateways.items[i], why);
	for (unsigned i = 0; i < setup->addrs.count && !err; i++)
		err = check_taken(setup, &setup->host_addrs,
		                  &setup->addrs.items[i], why);
	return err;
}
