/* SPDX-License-Identifier: MIT */
/* getaddrinfo's work.
 *
 * What comes out, its order and its error codes are those of glibc 2.36
 * (sysdeps/posix/getaddrinfo.c, read for its behaviour): a node an address and
 * kind of socket, freed by glibc's freeaddrinfo, so each is one malloc with its
 * address inside and the canonical name a second one. glibc's choice of order
 * asks the host's routes; here IPv6 goes first where the stack has an IPv6
 * address that reaches out.
 */
#include "shim/addrinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim/addr.h"
#include "shim/iface.h"
#include "shim/resolve.h"

#define FLAGS_KNOWN                                                           \
	(AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_ADDRCONFIG |         \
	 AI_V4MAPPED | AI_NUMERICSERV | AI_ALL | AI_IDN | AI_CANONIDN)

/* The kinds of socket that a result is given for, in glibc's order. */
static const struct kind {
	int socktype, protocol;
	const char *service; /* protocol's name in services(5); NULL: none */
} kinds[] = {
	{ SOCK_STREAM, IPPROTO_TCP, "tcp" },
	{ SOCK_DGRAM, IPPROTO_UDP, "udp" },
	{ SOCK_RAW, 0, NULL },
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

/* The ports asked for, a kind each; -1: this kind is not wanted. */
struct ports {
	int port[KIND_COUNT];
};

static bool kind_is_wanted(const struct kind *kind,
                           const struct addrinfo *hints)
{
	if (hints->ai_socktype && hints->ai_socktype != kind->socktype)
		return false;
	return !hints->ai_protocol || kind->socktype == SOCK_RAW ||
	       hints->ai_protocol == kind->protocol;
}

/* A service's port by name, or -1. */
static int port_by_name(const char *service, const char *protocol)
{
	struct servent entry, *found;
	char buf[1024];

	if (!protocol || getservbyname_r(service, protocol, &entry, buf,
	                                 sizeof(buf), &found) || !found)
		return -1;
	return ntohs((uint16_t)found->s_port);
}

/* Fill ports from the service's name or number; NULL: 0. Return: 0 or EAI_*. */
static int ports_get(const char *service, const struct addrinfo *hints,
                     struct ports *ports)
{
	bool is_wanted = false, is_found = false;
	unsigned long number = 0;
	bool is_named = false;

	if (service) {
		char *end;

		number = strtoul(service, &end, 10);
		is_named = *end != '\0';
	}
	if (is_named && hints->ai_flags & AI_NUMERICSERV)
		return EAI_NONAME;
	for (unsigned i = 0; i < KIND_COUNT; i++) {
		ports->port[i] = -1;
		if (!kind_is_wanted(&kinds[i], hints))
			continue;
		/* Raw sockets only where they are asked for, or for any. */
		if (kinds[i].socktype == SOCK_RAW && !hints->ai_socktype &&
		    hints->ai_protocol)
			continue;
		is_wanted = true;
		ports->port[i] = is_named ? port_by_name(service,
		                                         kinds[i].service)
		                          : (int)(number & 0xffff);
		is_found |= ports->port[i] >= 0;
	}
	if (!is_wanted)
		return hints->ai_socktype ? EAI_SOCKTYPE : EAI_SERVICE;
	return is_found ? 0 : EAI_SERVICE;
}

/* The addresses of no name: for a server, or this machine's own. */
static void answer_of_none(const struct addrinfo *hints,
                           struct host_answer *answer)
{
	struct rpc_addr v6 = { .family = AF_INET6 };
	struct rpc_addr v4 = { .family = AF_INET };

	answer->count = 0;
	if (!(hints->ai_flags & AI_PASSIVE)) {
		v6.addr[15] = 1;
		v4.addr[0] = 127;
		v4.addr[3] = 1;
	} else if (hints->ai_family != AF_INET6) {
		hosts_answer_add(answer, &v4); /* glibc sorts it first */
	}
	if (hints->ai_family != AF_INET)
		hosts_answer_add(answer, &v6);
	if (hints->ai_family != AF_INET6)
		hosts_answer_add(answer, &v4);
}

/* A number: fit it to the family that was asked for. Return: 0 or EAI_*. */
static int answer_of_number(const char *node, struct rpc_addr *addr,
                            const struct addrinfo *hints,
                            struct host_answer *answer)
{
	if (hints->ai_family == AF_INET)
		addr_unmap(addr);
	if (hints->ai_family == AF_INET6 && hints->ai_flags & AI_V4MAPPED)
		addr_map(addr);
	if (hints->ai_family && hints->ai_family != addr->family)
		return EAI_ADDRFAMILY;
	answer->count = 0;
	hosts_answer_add(answer, addr);
	strncpy(answer->name, node, sizeof(answer->name) - 1);
	answer->name[sizeof(answer->name) - 1] = '\0';
	return 0;
}

/* The family to look for: only those that the stack has addresses of, where it
 * is so wished and it has any.
 */
static int family_narrow(const struct addrinfo *hints)
{
	bool has_v4, has_v6;

	if (!(hints->ai_flags & AI_ADDRCONFIG) || hints->ai_family)
		return hints->ai_family;
	has_v4 = iface_any_has(AF_INET);
	has_v6 = iface_any_has(AF_INET6);
	if (has_v4 == has_v6)
		return AF_UNSPEC;
	return has_v4 ? AF_INET : AF_INET6;
}

/* Let the addresses of one family come first, else in their order. */
static void answer_sort(struct host_answer *answer, int first)
{
	struct host_answer sorted = { .count = 0 };

	for (int pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < answer->count; i++)
			if ((answer->addrs[i].family == first) == (pass == 0))
				sorted.addrs[sorted.count++] = answer->addrs[i];
	memcpy(answer->addrs, sorted.addrs, sizeof(sorted.addrs));
}

/* A name, looked up. Return: 0 or EAI_*. */
static int answer_of_name(const char *node, const struct addrinfo *hints,
                          struct host_answer *answer)
{
	bool is_mapped = hints->ai_family == AF_INET6 &&
	                 hints->ai_flags & AI_V4MAPPED;
	int rc = resolve_name(node, family_narrow(hints), answer);

	if (is_mapped && (rc != 0 || hints->ai_flags & AI_ALL)) {
		struct host_answer v4;
		int rc4 = resolve_name(node, AF_INET, &v4);

		if (rc4 != 0)
			return rc;
		if (rc != 0)
			memcpy(answer->name, v4.name, sizeof(v4.name));
		for (unsigned i = 0; i < v4.count; i++) {
			addr_map(&v4.addrs[i]);
			hosts_answer_add(answer, &v4.addrs[i]);
		}
		return 0;
	}
	if (rc == 0 && hints->ai_family == AF_UNSPEC && answer->count > 1)
		answer_sort(answer, iface_any_has(AF_INET6) ? AF_INET6
		                                            : AF_INET);
	return rc;
}

static struct addrinfo *node_new(const struct rpc_addr *addr, int kind,
                                 int port, int flags)
{
	struct sockaddr_storage full;
	struct rpc_addr own = *addr;
	struct addrinfo *node;
	socklen_t len;

	own.port = htons((uint16_t)port);
	len = addr_to_sockaddr(&own, addr->family, &full);
	node = calloc(1, sizeof(*node) + len);
	if (!node)
		return NULL;
	node->ai_flags = flags;
	node->ai_family = addr->family;
	node->ai_socktype = kinds[kind].socktype;
	node->ai_protocol = kinds[kind].protocol;
	node->ai_addrlen = len;
	node->ai_addr = memcpy(node + 1, &full, len);
	return node;
}

/* The list for an answer. Return: 0, or EAI_MEMORY and nothing is left. */
static int list_make(const struct host_answer *answer,
                     const struct ports *ports, const struct addrinfo *hints,
                     struct addrinfo **out)
{
	struct addrinfo *list = NULL, **tail = &list;

	for (unsigned i = 0; i < answer->count; i++) {
		for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
			if (ports->port[kind] < 0)
				continue;
			*tail = node_new(&answer->addrs[i], (int)kind,
			                 ports->port[kind], hints->ai_flags);
			if (!*tail)
				goto no_memory;
			if ((*tail)->ai_socktype == SOCK_RAW)
				(*tail)->ai_protocol = hints->ai_protocol;
			tail = &(*tail)->ai_next;
		}
	}
	if (list && hints->ai_flags & AI_CANONNAME) {
		list->ai_canonname = strdup(answer->name);
		if (!list->ai_canonname)
			goto no_memory;
	}
	*out = list;
	return 0;
no_memory:
	freeaddrinfo(list);
	return EAI_MEMORY;
}

/* getaddrinfo(3). Return: 0 or EAI_*; *out is freed by freeaddrinfo(3). */
int addrinfo_get(const char *node, const char *service,
                 const struct addrinfo *hints, struct addrinfo **out)
{
	const struct addrinfo usual = { .ai_flags =
		                                AI_V4MAPPED | AI_ADDRCONFIG };
	struct host_answer answer;
	struct rpc_addr addr;
	struct ports ports;
	int rc;

	if (node && strcmp(node, "*") == 0)
		node = NULL;
	if (service && (strcmp(service, "*") == 0))
		service = NULL;
	if (!node && !service)
		return EAI_NONAME;
	if (!hints)
		hints = &usual;
	if (hints->ai_flags & ~FLAGS_KNOWN ||
	    (hints->ai_flags & AI_CANONNAME && !node))
		return EAI_BADFLAGS;
	if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET &&
	    hints->ai_family != AF_INET6)
		return EAI_FAMILY;
	rc = ports_get(service && *service ? service : NULL, hints, &ports);
	if (rc != 0)
		return rc;
	if (!node)
		answer_of_none(hints, &answer);
	else if (hosts_numeric(node, &addr))
		rc = answer_of_number(node, &addr, hints, &answer);
	else if (hints->ai_flags & AI_NUMERICHOST)
		rc = EAI_NONAME;
	else
		rc = answer_of_name(node, hints, &answer);
	return rc != 0 ? rc : list_make(&answer, &ports, hints, out);
}
