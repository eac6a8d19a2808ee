/* SPDX-License-Identifier: MIT */
/* One value of the command line into its field: a reader for each type. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fastpath/ifconf.h"
#include "service/cli.h"
#include "stack/cidr.h"

typedef int read_fn(const struct cli_row *row, const char *value, void *field,
                    char *why);

static int refuse(char *why, const char *expected)
{
	snprintf(why, CLI_WHY_LEN, "%s", expected);
	return -EINVAL;
}

static int read_flag(const struct cli_row *row, const char *value, void *field,
                     char *why)
{
	(void)row, (void)value, (void)why;
	*(bool *)field = true;
	return 0;
}

static int read_count_up(const struct cli_row *row, const char *value,
                         void *field, char *why)
{
	(void)row, (void)value, (void)why;
	++*(unsigned *)field;
	return 0;
}

static int read_text(const struct cli_row *row, const char *value, void *field,
                     char *why)
{
	(void)row;
	if (!*value)
		return refuse(why, "expected something");
	*(const char **)field = value;
	return 0;
}

static int read_number(const struct cli_row *row, const char *value,
                       void *field, char *why)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno ||
	    number < row->min || number > row->max) {
		snprintf(why, CLI_WHY_LEN, "expected a number from %d to %d",
		         row->min, row->max);
		return -EINVAL;
	}
	*(int *)field = (int)number;
	return 0;
}

static const char *const poll_names[LOOP_POLL_COUNT] = {
	[LOOP_POLL_BUSY] = "busy",
	[LOOP_POLL_ADAPTIVE] = "adaptive",
	[LOOP_POLL_SLEEP] = "sleep",
};

/* The word for a mode, as --poll takes it. */
const char *cli_poll_name(enum loop_poll_mode mode)
{
	return poll_names[mode];
}

static int read_poll(const struct cli_row *row, const char *value, void *field,
                     char *why)
{
	(void)row;
	for (int i = LOOP_POLL_INVALID + 1; i < LOOP_POLL_COUNT; i++) {
		if (strcmp(value, poll_names[i]))
			continue;
		*(enum loop_poll_mode *)field = (enum loop_poll_mode)i;
		return 0;
	}
	return refuse(why, "expected busy, adaptive or sleep");
}

static int read_xdp_mode(const struct cli_row *row, const char *value,
                         void *field, char *why)
{
	static const char *const names[NETDEV_XDP_MODE_COUNT] = {
		[NETDEV_XDP_AUTO] = "auto",
		[NETDEV_XDP_NATIVE] = "native",
		[NETDEV_XDP_SKB] = "skb",
	};

	(void)row;
	for (int i = 0; i < NETDEV_XDP_MODE_COUNT; i++) {
		if (strcmp(value, names[i]))
			continue;
		*(enum netdev_xdp_mode *)field = (enum netdev_xdp_mode)i;
		return 0;
	}
	return refuse(why, "expected auto, native or skb");
}

/* Six pairs of hexadecimal digits with colons between them. */
static bool is_mac(const char *text)
{
	for (int i = 0; i < 3 * ETHER_ADDR_LEN - 1; i++) {
		bool is_sep = i % 3 == 2;

		if (is_sep ? text[i] != ':' :
		    !text[i] || !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
	}
	return !text[3 * ETHER_ADDR_LEN - 1];
}

static int read_mac(const struct cli_row *row, const char *value, void *field,
                    char *why)
{
	static const uint8_t zero[ETHER_ADDR_LEN];
	struct cli_mac mac = { .is_set = true };

	(void)row;
	if (!is_mac(value))
		return refuse(why, "expected six pairs of hexadecimal digits"
		              " such as 02:00:5e:10:00:01");
	for (int i = 0; i < ETHER_ADDR_LEN; i++)
		mac.addr[i] = (uint8_t)strtoul(value + 3 * i, NULL, 16);
	if ((mac.addr[0] & 1) || !memcmp(mac.addr, zero, sizeof(zero)))
		return refuse(why, "expected the address of one station: not"
		              " zero, and the first byte even");
	*(struct cli_mac *)field = mac;
	return 0;
}

static bool is_host_in(const struct stack_cidr *cidr)
{
	uint32_t addr = ntohl(cidr->in.s_addr), host;

	if (cidr->prefix_len >= 31) /* RFC 3021 */
		return true;
	host = ~0u >> cidr->prefix_len;
	return (addr & host) != 0 && (addr & host) != host;
}

/* What is wrong with an address that a host should get; NULL: nothing. */
static const char *find_fault(const struct stack_cidr *cidr)
{
	uint32_t addr;

	if (cidr->family == AF_INET6) {
		const struct in6_addr *in6 = &cidr->in6;

		if (IN6_IS_ADDR_UNSPECIFIED(in6) || IN6_IS_ADDR_LOOPBACK(in6) ||
		    IN6_IS_ADDR_MULTICAST(in6) || IN6_IS_ADDR_V4MAPPED(in6))
			return "expected a unicast address that a host can"
			       " have";
		return NULL;
	}
	addr = ntohl(cidr->in.s_addr);
	if (addr >> 24 == 0 || addr >> 24 == 127 || addr >> 28 >= 0xe)
		return "expected a unicast address that a host can have";
	if (!is_host_in(cidr))
		return "that is the network itself or its broadcast address;"
		       " expected a host's address with the network's prefix";
	return NULL;
}

static int add_cidr(struct cli_cidrs *list, const struct stack_cidr *cidr,
                    unsigned max, char *why)
{
	const char *fault = find_fault(cidr);

	if (fault)
		return refuse(why, fault);
	if (list->count == max) {
		snprintf(why, CLI_WHY_LEN, "at most %u can be given", max);
		return -EINVAL;
	}
	list->items[list->count++] = *cidr;
	return 0;
}

static int read_cidrs(const struct cli_row *row, const char *value,
                      void *field, char *why)
{
	struct stack_cidr cidr;

	(void)row;
	if (cidr_parse(value, &cidr))
		return refuse(why, "expected an address with its prefix length"
		              " such as 10.1.2.3/24 or fd00::3/64");
	return add_cidr(field, &cidr, STACK_ADDR_MAX, why);
}

static int read_gateways(const struct cli_row *row, const char *value,
                         void *field, char *why)
{
	struct cli_cidrs *list = field;
	struct stack_cidr cidr;

	(void)row;
	if (cidr_parse_addr(value, &cidr))
		return refuse(why, "expected an address without a prefix such"
		              " as 10.1.2.1 or fd00::1");
	for (unsigned i = 0; i < list->count; i++)
		if (list->items[i].family == cidr.family)
			return refuse(why, "one gateway of each family can be"
			              " given");
	return add_cidr(list, &cidr, CLI_GATEWAY_MAX, why);
}

static int read_servers(const struct cli_row *row, const char *value,
                        void *field, char *why)
{
	struct cli_servers *list = field;
	struct sockaddr_storage server;

	(void)row;
	if (cidr_parse_endpoint(value, 53, &server))
		return refuse(why, "expected a name server's address such as"
		              " 10.1.2.1, 10.1.2.1:5353 or [fd00::1]:5353");
	if (list->count == STACK_DNS_MAX) {
		snprintf(why, CLI_WHY_LEN, "at most %d can be given",
		         STACK_DNS_MAX);
		return -EINVAL;
	}
	list->items[list->count++] = server;
	return 0;
}

static int read_impair(const struct cli_row *row, const char *value,
                       void *field, char *why)
{
	(void)row;
	return impair_parse(value, field, why);
}

static int read_device(const struct cli_row *row, const char *value,
                       void *field, char *why)
{
	struct cli_device *device = field;

	if (device->backend) {
		snprintf(why, CLI_WHY_LEN, "one device can be given, and there"
		         " is --%s '%.64s' already", device->option,
		         device->name);
		return -EINVAL;
	}
	if (!*value)
		return refuse(why, "expected the name of a device");
	if (row->is_ifname && !ifconf_name_is_valid(value))
		return refuse(why, "expected an interface's name: 1 to 15"
		              " characters without '/', ':' and blanks");
	device->backend = row->backend;
	device->option = row->name;
	device->name = value;
	device->has_host_side = row->has_host_side;
	device->is_card = row->is_card;
	return 0;
}

int cli_value_set(const struct cli_row *row, const char *value,
                  struct cli_conf *conf, char *why)
{
	static read_fn *const readers[CLI_TYPE_COUNT] = {
		[CLI_FLAG] = read_flag,
		[CLI_COUNT_UP] = read_count_up,
		[CLI_TEXT] = read_text,
		[CLI_NUMBER] = read_number,
		[CLI_POLL] = read_poll,
		[CLI_XDP_MODE] = read_xdp_mode,
		[CLI_MAC] = read_mac,
		[CLI_CIDRS] = read_cidrs,
		[CLI_GATEWAYS] = read_gateways,
		[CLI_SERVERS] = read_servers,
		[CLI_IMPAIR] = read_impair,
		[CLI_DEVICE] = read_device,
	};

	return readers[row->type](row, value, (char *)conf + row->offset, why);
}
