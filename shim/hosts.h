/* SPDX-License-Identifier: MIT */
/* Names that need no server: numbers, /etc/hosts, resolv.conf's domains. */
#ifndef NETCOND_SHIM_HOSTS_H
#define NETCOND_SHIM_HOSTS_H

#include <stdbool.h>

#include "shim/proto/rpc.h"

#define HOSTS_ADDR_MAX 32   /* addresses of one name */
#define HOSTS_ALIAS_MAX 8   /* other names of a host, of a hosts file */
#define HOSTS_DOMAIN_MAX 6  /* of a search list, as resolv.conf(5) */

#define HOSTS_PATH "/etc/hosts"
#define HOSTS_RESOLV_PATH "/etc/resolv.conf"

/* A name's addresses. */
struct host_answer {
	char name[RPC_HOSTNAME_LEN];  /* the canonical one */
	unsigned count;
	struct rpc_addr addrs[HOSTS_ADDR_MAX];
	unsigned alias_count;
	char aliases[HOSTS_ALIAS_MAX][RPC_HOSTNAME_LEN];
};

/* How a name without enough dots is tried. */
struct host_search {
	unsigned ndots;   /* with as many dots the name goes first as it is */
	unsigned count;
	char domains[HOSTS_DOMAIN_MAX][RPC_HOSTNAME_LEN];
};

bool hosts_numeric(const char *text, struct rpc_addr *addr);
bool hosts_is_scoped(const char *text);
bool hosts_by_name(const char *path, const char *name, int family,
                   struct host_answer *answer);
bool hosts_by_addr(const char *path, const struct rpc_addr *addr,
                   char name[RPC_HOSTNAME_LEN]);
bool hosts_localhost(const char *name, int family, struct host_answer *answer);
void hosts_search_read(const char *path, struct host_search *search);
void hosts_answer_init(struct host_answer *answer, const char *name);
void hosts_answer_add(struct host_answer *answer, const struct rpc_addr *addr);

#endif
