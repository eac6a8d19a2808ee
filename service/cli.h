/* SPDX-License-Identifier: MIT */
/* The command line of netcond: typed rows, parsed and printed from one list. */
#ifndef NETCOND_SERVICE_CLI_H
#define NETCOND_SERVICE_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "fastpath/impair_spec.h"
#include "fastpath/netdev.h"
#include "service/loop.h"
#include "shim/proto/rpc.h"
#include "stack/stack.h"

#define CLI_WHY_LEN 512     /* bytes that every `why` buffer has at least */
#define CLI_GATEWAY_MAX 2   /* one of each family */
#define CLI_MTU_MIN 1280    /* bytes: RFC 8200 section 5 */

/* How a value is read, and what kind of field it goes to. */
enum cli_type {
	CLI_INVALID = 0,
	CLI_FLAG,      /* no value; bool */
	CLI_COUNT_UP,  /* no value, may be repeated; unsigned */
	CLI_TEXT,      /* const char * */
	CLI_NUMBER,    /* int, from min to max */
	CLI_POLL,      /* enum loop_poll_mode */
	CLI_XDP_MODE,  /* enum netdev_xdp_mode */
	CLI_MAC,       /* struct cli_mac */
	CLI_CIDRS,     /* may be repeated; struct cli_cidrs */
	CLI_GATEWAYS,  /* may be repeated; struct cli_cidrs */
	CLI_SERVERS,   /* may be repeated; struct cli_servers */
	CLI_IMPAIR,    /* struct impair_conf */
	CLI_DEVICE,    /* struct cli_device, with the row's backend */
	CLI_TYPE_COUNT
};

struct cli_mac {
	bool is_set;
	uint8_t addr[ETHER_ADDR_LEN];
};

struct cli_cidrs {
	unsigned count;
	struct stack_cidr items[STACK_ADDR_MAX];
};

struct cli_servers {
	unsigned count;
	struct sockaddr_storage items[STACK_DNS_MAX];
};

/* What the stack runs on. */
struct cli_device {
	const char *backend; /* netdev_conf.backend; NULL: none was chosen */
	const char *option;  /* that chose it, for messages */
	const char *name;    /* netdev_conf.device */
	bool is_card;        /* it leads to a network that others run: without
	                        --addr, ask that */
	bool has_host_side;  /* the kernel is the other station on the link,
	                        and its side is ours to set up */
};

/* What the user asked for; strings are argv's. */
struct cli_conf {
	struct cli_device device;
	struct cli_cidrs addrs;      /* the stack's; none: the defaults */
	bool use_dhcp;               /* --dhcp, or the device's default */
	struct cli_cidrs gateways;
	struct cli_servers dns;
	struct cli_cidrs host_addrs; /* the kernel's side */
	struct cli_mac mac;
	int mtu;                     /* bytes; 0: the device's own */
	bool no_offload;
	int queue;                   /* of the card */
	enum netdev_xdp_mode xdp_mode;
	enum loop_poll_mode poll_mode;
	int spin_us;
	int cpu;                     /* -1: any */
	const char *socket_path;     /* NULL: the default */
	struct impair_conf impair;
	const char *pcap_path;       /* NULL: no capture */
	const char *pidfile_path;    /* NULL: none */
	const char *user;            /* to become; NULL: nobody else */
	int ready_fd;                /* -1: none */
	bool is_stats;
	bool is_daemon;
	unsigned verbosity;
	bool is_help;
	bool is_version;
	char **program;              /* argv of what follows --; NULL: none */
};

/* One option. */
struct cli_row {
	const char *name;     /* without its dashes */
	char short_name;      /* 0: none */
	const char *metavar;  /* of its value; NULL: it takes none */
	enum cli_type type;
	size_t offset;        /* of the field in struct cli_conf */
	const char *preset;   /* parsed before the command line; NULL: none */
	const char *help;     /* one line or more */
	int min, max;         /* CLI_NUMBER */
	const char *backend;  /* CLI_DEVICE */
	bool is_ifname;       /* CLI_DEVICE: the value names an interface */
	bool has_host_side;   /* CLI_DEVICE: as in struct cli_device */
	bool is_card;         /* likewise */
};

extern const struct cli_row cli_rows[]; /* the last one has no name */

int cli_parse(int argc, char **argv, struct cli_conf *conf, char *why);
const char *cli_poll_name(enum loop_poll_mode mode);

/* cli_help.c */
void cli_print_help(FILE *out);

/* cli_value.c: one value into its field. Return: 0, or -EINVAL and in why what
 * was expected, to follow the option and the quoted value.
 */
int cli_value_set(const struct cli_row *row, const char *value,
                  struct cli_conf *conf, char *why);

#endif
