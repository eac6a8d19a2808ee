/* SPDX-License-Identifier: MIT */
/* The command line of netcond: typed rows, parsed and printed from one list.
 *
 * Theory of operation
 *
 * A row of cli_rows says all there is about an option: how it is called, what
 * its value looks like, which field takes it, what it means. Parsing, defaults
 * and --help walk the rows, and a test holds them against the man page, so an
 * option cannot exist in one of these places only. A new option is a row; a new
 * device is a row of type CLI_DEVICE with the backend's name.
 *
 * getopt_long(3) is not used: it prints its own messages, which neither say
 * what was expected nor what was probably meant.
 */
#include "service/cli.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define TEXT(x) #x
#define NUMBER_TEXT(x) TEXT(x)
#define ROW(name_, short_, metavar_, type_, field_, ...)                       \
	{ .name = name_, .short_name = short_, .metavar = metavar_,           \
	  .type = type_, .offset = offsetof(struct cli_conf, field_),         \
	  __VA_ARGS__ }
#define SUGGEST_MAX 2  /* edits that a suggestion may be away */
#define XDP_QUEUE_MAX 255 /* what the XDP program knows */
#define NAME_MAX_LEN 32 /* bytes of an option's name that are compared */

const struct cli_row cli_rows[] = {
	ROW("if", 0, "TAP", CLI_DEVICE, device,
	    .help = "run on the tap device TAP, made when it does not exist",
	    .backend = "tap", .is_ifname = true, .has_host_side = true),
	ROW("packet", 0, "IF", CLI_DEVICE, device,
	    .help = "run beside the host on an interface that exists, through\n"
	    "a packet socket",
	    .backend = "packet", .is_ifname = true, .is_card = true),
	ROW("xdp", 0, "IF", CLI_DEVICE, device,
	    .help = "run on an AF_XDP socket of the card IF, sharing it with\n"
	    "the host",
	    .backend = "xdp", .is_ifname = true, .is_card = true),
	ROW("queue", 0, "N", CLI_NUMBER, queue, .preset = "0",
	    .help = "the queue of the card that --xdp reads", .min = 0,
	    .max = XDP_QUEUE_MAX),
	ROW("xdp-mode", 0, "MODE", CLI_XDP_MODE, xdp_mode, .preset = "auto",
	    .help = "native: in the card's driver; skb: behind it; auto:\n"
	    "native, and where that does not go skb"),
	ROW("dpdk", 0, "ARGS", CLI_DEVICE, device,
	    .help = "run on the port of a DPDK device, as 0000:01:00.0 or\n"
	    "net_af_packet0,iface=eth1",
	    .backend = "dpdk", .is_card = true),
	ROW("addr", 0, "CIDR", CLI_CIDRS, addrs,
	    .help = "an address of the stack, as 10.1.2.3/24; may be repeated\n"
	    "(default: 10.107.0.2/24 and fd07:6e65:7463::2/64; on a\n"
	    "card: --dhcp)"),
	ROW("dhcp", 0, NULL, CLI_FLAG, use_dhcp,
	    .help = "ask the network for addresses: DHCP for IPv4, router\n"
	    "advertisements for IPv6"),
	ROW("gw", 0, "ADDR", CLI_GATEWAYS, gateways,
	    .help = "the gateway, once for IPv4 and once for IPv6\n"
	    "(default with the default addresses: the kernel's side)"),
	ROW("dns", 0, "ADDR", CLI_SERVERS, dns,
	    .help = "a name server, as 10.1.2.1:5353; may be repeated"),
	ROW("mac", 0, "MAC", CLI_MAC, mac,
	    .help = "the stack's Ethernet address (default: chosen)"),
	ROW("mtu", 0, "N", CLI_NUMBER, mtu,
	    .help = "bytes of the largest IP packet (default: the device's)",
	    .min = CLI_MTU_MIN, .max = 65535),
	ROW("host-addr", 0, "CIDR", CLI_CIDRS, host_addrs,
	    .help = "an address for the kernel's side; may be repeated\n"
	    "(default with the default addresses: 10.107.0.1/24 and\n"
	    "fd07:6e65:7463::1/64)"),
	ROW("no-offload", 0, NULL, CLI_FLAG, no_offload,
	    .help = "exchange plain frames with the device: no checksums left\n"
	    "out, no super-frames"),
	ROW("poll", 0, "HOW", CLI_POLL, poll_mode,
	    .preset = "adaptive",
	    .help = "busy: never sleep; adaptive: sleep when nothing came for\n"
	    "a while; sleep: sleep at once"),
	ROW("spin-us", 0, "N", CLI_NUMBER, spin_us,
	    .preset = NUMBER_TEXT(LOOP_SPIN_US),
	    .help = "microseconds without work before an adaptive service\n"
	    "sleeps",
	    .min = 0, .max = 1000000),
	ROW("cpu", 0, "N", CLI_NUMBER, cpu,
	    .help = "run on this CPU only (default: any)", .min = 0, .max = 65535),
	ROW("socket", 0, "PATH", CLI_TEXT, socket_path,
	    .help = "the control socket (default: $" RPC_SOCKET_ENV ", else\n"
	            RPC_SOCKET_ROOT ", else $XDG_RUNTIME_DIR/" RPC_SOCKET_USER ")"),
	ROW("user", 0, "NAME", CLI_TEXT, user,
	    .help = "become this user when everything is open"),
	ROW("pcap", 0, "FILE", CLI_TEXT, pcap_path,
	    .help = "write every frame to FILE, for tcpdump and wireshark"),
	ROW("impair", 0, "SPEC", CLI_IMPAIR, impair,
	    .help = "be a bad link, as loss=1%,delay=5ms,rx:rate=1mbit;\n"
	    "netcond(8) lists what there is"),
	ROW("stats", 0, NULL, CLI_FLAG, is_stats,
	    .help = "print the counters at the end"),
	ROW("ready-fd", 0, "N", CLI_NUMBER, ready_fd,
	    .help = "write a newline to descriptor N and close it when ready",
	    .min = 0, .max = INT_MAX),
	ROW("daemon", 0, NULL, CLI_FLAG, is_daemon,
	    .help = "go to the background; returns when the service is ready"),
	ROW("pidfile", 0, "PATH", CLI_TEXT, pidfile_path,
	    .help = "write the process id to PATH, and remove it at the end"),
	ROW("verbose", 'v', NULL, CLI_COUNT_UP, verbosity,
	    .help = "tell more: sessions; twice: each request"),
	ROW("version", 'V', NULL, CLI_FLAG, is_version,
	    .help = "print the version and exit"),
	ROW("help", 'h', NULL, CLI_FLAG, is_help,
	    .help = "print this and exit"),
	{ .name = NULL },
};

static unsigned min_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edits (insert, remove, change) from one word to another: Levenshtein. */
static unsigned count_edits(const char *from, const char *to)
{
	unsigned row[NAME_MAX_LEN + 1], to_len = (unsigned)strlen(to);

	if (to_len > NAME_MAX_LEN)
		return UINT_MAX;
	for (unsigned i = 0; i <= to_len; i++)
		row[i] = i;
	for (unsigned i = 1; from[i - 1]; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= to_len; j++) {
			unsigned above = row[j];
			unsigned change = diagonal + (from[i - 1] != to[j - 1]);

			row[j] = min_of(change, min_of(above, row[j - 1]) + 1);
			diagonal = above;
		}
	}
	return row[to_len];
}

static const struct cli_row *find_nearest(const char *name)
{
	const struct cli_row *nearest = NULL;
	unsigned edits_min = SUGGEST_MAX + 1;

	for (const struct cli_row *row = cli_rows; row->name; row++) {
		unsigned edits = count_edits(name, row->name);

		if (edits >= edits_min || edits >= strlen(row->name))
			continue;
		edits_min = edits;
		nearest = row;
	}
	return nearest;
}

static int refuse_unknown(const char *word, char *why)
{
	const struct cli_row *nearest = NULL;

	if (word[1] == '-')
		nearest = find_nearest(word + 2);
	if (nearest)
		snprintf(why, CLI_WHY_LEN, "unknown option '%.64s': did you"
		         " mean --%s?", word, nearest->name);
	else
		snprintf(why, CLI_WHY_LEN, "unknown option '%.64s': --help"
		         " lists them", word);
	return -EINVAL;
}

/* The row for "--name", "--name=value" or "-x"; *value is what stands after
 * '=', or NULL.
 */
static const struct cli_row *find_row(char *word, const char **value)
{
	bool is_long = word[1] == '-';
	size_t len = strcspn(word, "=");

	*value = NULL;
	for (const struct cli_row *row = cli_rows; row->name; row++) {
		if (is_long && (strlen(row->name) != len - 2 ||
		                memcmp(row->name, word + 2, len - 2) != 0))
			continue;
		if (!is_long && (row->short_name != word[1] || word[2]))
			continue;
		if (is_long && word[len])
			*value = word + len + 1;
		return row;
	}
	return NULL;
}

/* A repeated short flag, as in -vv. */
static bool is_cluster(const char *word)
{
	return word[1] == 'v' && strspn(word + 1, "v") == strlen(word + 1);
}

/* One option and, where it takes one, its value. Return: words used, -EINVAL */
static int parse_option(char **words, struct cli_conf *conf, char *why)
{
	const struct cli_row *row;
	char expected[CLI_WHY_LEN];
	const char *value;
	int used = 1;

	if (is_cluster(words[0])) {
		conf->verbosity += (unsigned)strlen(words[0]) - 1;
		return 1;
	}
	row = find_row(words[0], &value);
	if (!row)
		return refuse_unknown(words[0], why);
	if (value && !row->metavar) {
		snprintf(why, CLI_WHY_LEN, "--%s takes no value, not '%.64s'",
		         row->name, value);
		return -EINVAL;
	}
	if (row->metavar && !value) {
		value = words[used++];
		if (!value) {
			snprintf(why, CLI_WHY_LEN, "--%s needs a value: --%s"
			         " %s", row->name, row->name, row->metavar);
			return -EINVAL;
		}
	}
	if (cli_value_set(row, value, conf, expected)) {
		snprintf(why, CLI_WHY_LEN, "--%s '%.64s': %.300s", row->name,
		         value, expected);
		return -EINVAL;
	}
	return used;
}

static int set_presets(struct cli_conf *conf, char *why)
{
	memset(conf, 0, sizeof(*conf));
	conf->cpu = -1;
	conf->ready_fd = -1;
	for (const struct cli_row *row = cli_rows; row->name; row++)
		if (row->preset && cli_value_set(row, row->preset, conf, why))
			return -EINVAL;
	return 0;
}

static int refuse_no_device(char *why)
{
	size_t used = (size_t)snprintf(why, CLI_WHY_LEN,
	                               "no device is given: expected");
	const char *sep = " ";

	for (const struct cli_row *row = cli_rows; row->name; row++) {
		if (row->type != CLI_DEVICE || used >= CLI_WHY_LEN)
			continue;
		used += (size_t)snprintf(why + used, CLI_WHY_LEN - used,
		                         "%s--%s %s", sep, row->name,
		                         row->metavar);
		sep = " or ";
	}
	if (used < CLI_WHY_LEN)
		snprintf(why + used, CLI_WHY_LEN - used,
		         ", for example --if tap0");
	return -EINVAL;
}

static unsigned count_ipv4(const struct cli_cidrs *addrs)
{
	unsigned count = 0;

	for (unsigned i = 0; i < addrs->count; i++)
		count += addrs->items[i].family == AF_INET;
	return count;
}

/* The stack has one IPv4 address; the kernel's side may have more. */
static int check_addrs(const struct cli_cidrs *addrs, char *why)
{
	const unsigned count = count_ipv4(addrs);

	if (count <= 1)
		return 0;
	snprintf(why, CLI_WHY_LEN, "--addr: expected at most one IPv4 address,"
	         " and there are %u", count);
	return -EINVAL;
}

/* What one row cannot know. */
static int check_together(const struct cli_conf *conf, char *why)
{
	const char *fault = NULL;

	if (!conf->device.backend)
		return refuse_no_device(why);
	if (check_addrs(&conf->addrs, why))
		return -EINVAL;
	if (conf->use_dhcp && count_ipv4(&conf->addrs))
		fault = "--dhcp: the IPv4 address would come by DHCP; give"
		        " --dhcp or an IPv4 --addr";
	else if (conf->host_addrs.count && !conf->device.has_host_side)
		fault = "--host-addr: this device has no side of the kernel's"
		        " to give an address to";
	else if (!conf->addrs.count && !conf->use_dhcp &&
	         !conf->device.has_host_side)
		fault = "--addr is needed: an interface that exists is in a"
		        " network of somebody else's";
	else if (conf->is_daemon && conf->program)
		fault = "--daemon: a service that runs a program ends with it;"
		        " give one or the other";
	else if (conf->is_daemon && conf->is_stats)
		fault = "--stats: a daemon has nowhere to print to; ask it with"
		        " 'netcon stat'";
	if (!fault)
		return 0;
	snprintf(why, CLI_WHY_LEN, "%s", fault);
	return -EINVAL;
}

/* Read the command line into *conf. With --help or --version nothing else is
 * checked. Return: 0, or -EINVAL and one sentence in why (CLI_WHY_LEN bytes)
 * that quotes the bad value and says what was expected.
 */
int cli_parse(int argc, char **argv, struct cli_conf *conf, char *why)
{
	int used;

	if (set_presets(conf, why))
		return -EINVAL;
	for (int i = 1; i < argc; i += used) {
		if (!strcmp(argv[i], "--")) {
			conf->program = argv + i + 1;
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			snprintf(why, CLI_WHY_LEN, "'%.64s' is no option; a"
			         " program to run stands after '--'", argv[i]);
			return -EINVAL;
		}
		used = parse_option(argv + i, conf, why);
		if (used < 0)
			return used;
		if (conf->is_help || conf->is_version)
			return 0;
	}
	if (conf->program && !conf->program[0]) {
		snprintf(why, CLI_WHY_LEN, "after '--' a program is expected");
		return -EINVAL;
	}
	if (conf->device.is_card && !conf->addrs.count)
		conf->use_dhcp = true;
	return check_together(conf, why);
}
