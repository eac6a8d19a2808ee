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

/* The kinds of socket there are, in glibc's order. */
static const struct kind {
	int socktype, protocol;
	const char *service; /* protocol's name in services(5); NULL: none */
	bool is_usual;       /* given where nothing was asked for */
} kinds[] = {
	{ SOCK_STREAM, IPPROTO_TCP, "tcp", true },
	{ SOCK_DGRAM, IPPROTO_UDP, "udp", true },
	{ SOCK_DCCP, IPPROTO_DCCP, "dccp", false },
	{ SOCK_DGRAM, IPPROTO_UDPLITE, "udplite", false },
	{ SOCK_STREAM, IPPROTO_SCTP, "sctp", false },
	{ SOCK_SEQPACKET, IPPROTO_SCTP, "sctp", false },
	{ SOCK_RAW, 0, NULL, true }, /* any protocol */
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

/* What each address is given for. */
struct wishes {
	unsigned count;
	struct {
		int socktype, protocol, port;
	} row[KIND_COUNT];
};

static void wish_add(struct wishes *wishes, const struct kind *kind,
                     const struct addrinfo *hints, int port)
{
	unsigned i = wishes->count++;

	wishes->row[i].socktype = kind->socktype;
	wishes->row[i].protocol = kind->socktype == SOCK_RAW
	                                  ? hints->ai_protocol
	                                  : kind->protocol;
	wishes->row[i].port = port;
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

/* The first kind that the hints allow; NULL: none. */
static const struct kind *kind_find(const struct addrinfo *hints)
{
	for (unsigned i = 0; i < KIND_COUNT; i++) {
		const struct kind *kind = &kinds[i];

		if (hints->ai_socktype && hints->ai_socktype != kind->socktype)
			continue;
		if (!hints->ai_protocol || kind->socktype == SOCK_RAW ||
		    hints->ai_protocol == kind->protocol)
			return kind;
	}
	return NULL;
}

/* One kind where the hints name a type or protocol, else all usual ones, or,
 * for a service by name, all that services(5) has it for. port: of a number;
 * -1: service is a name. service NULL: none. Return: 0 or EAI_*.
 */
static int wishes_get(const char *service, int port,
                      const struct addrinfo *hints, struct wishes *wishes)
{
	const struct kind *kind = kind_find(hints);
	bool is_any = !hints->ai_socktype && !hints->ai_protocol;

	wishes->count = 0;
	if (!kind)
		return hints->ai_socktype ? EAI_SOCKTYPE : EAI_SERVICE;
	if (!is_any && service && !kind->service)
		return EAI_SERVICE;
	for (unsigned i = 0; i < KIND_COUNT; i++) {
		int own = port;

		if (is_any ? port >= 0 && !kinds[i].is_usual : &kinds[i] != kind)
			continue;
		if (port < 0)
			own = port_by_name(service, kinds[i].service);
		if (own >= 0)
			wish_add(wishes, &kinds[i], hints, own);
	}
	return wishes->count ? 0 : EAI_SERVICE;
}

/* The service's number, or -1 for a name, which "-1" is too. NULL: 0. Return: 0
 * or EAI_*.
 */
static int port_get(const char *service, int flags, int *port)
{
	char *end;

	*port = 0;
	if (!service)
		return 0;
	*port = (int)strtoul(service, &end, 10);
	if (*end == '\0') {
		*port = *port < 0 ? -1 : *port & 0xffff;
		return 0;
	}
	*port = -1;
	return flags & AI_NUMERICSERV ? EAI_NONAME : 0;
}

/* The addresses of no name: for a server, or this machine's own. */
static void answer_of_none(const struct addrinfo *hints,
                           struct host_answer *answer)
{
	struct rpc_addr v6 = { .family = AF_INET6 };
	struct rpc_addr v4 = { .family = AF_INET };

	bool is_passive = hints->ai_flags & AI_PASSIVE;

	hosts_answer_init(answer, "");
	if (!is_passive) {
		v6.addr[15] = 1;
		v4.addr[0] = 127;
		v4.addr[3] = 1;
	}
	/* glibc's sort leaves the wildcards with IPv4 first. */
	if (hints->ai_family != AF_INET6 && is_passive)
		hosts_answer_add(answer, &v4);
	if (hints->ai_family != AF_INET)
		hosts_answer_add(answer, &v6);
	if (hints->ai_family != AF_INET6 && !is_passive)
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
	hosts_answer_init(answer, node);
	hosts_answer_add(answer, addr);
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

static struct addrinfo *node_new(const struct rpc_addr *addr,
                                 const struct wishes *wishes, unsigned row,
                                 int flags)
{
	struct sockaddr_storage full;
	struct rpc_addr own = *addr;
	struct addrinfo *node;
	socklen_t len;

	own.port = htons((uint16_t)wishes->row[row].port);
	len = addr_to_sockaddr(&own, addr->family, &full);
	node = calloc(1, sizeof(*node) + len);
	if (!node)
		return NULL;
	node->ai_flags = flags;
	node->ai_family = addr->family;
	node->ai_socktype = wishes->row[row].socktype;
	node->ai_protocol = wishes->row[row].protocol;
	node->ai_addrlen = len;
	node->ai_addr = memcpy(node + 1, &full, len);
	return node;
}

/* The list for an answer. Return: 0, or EAI_MEMORY and nothing is left. */
static int list_make(const struct host_answer *answer,
                     const struct wishes *wishes, const struct addrinfo *hints,
                     struct addrinfo **out)
{
	struct addrinfo *list = NULL, **tail = &list;

	for (unsigned i = 0; i < answer->count; i++) {
		for (unsigned row = 0; row < wishes->count; row++) {
			*tail = node_new(&answer->addrs[i], wishes, row,
			                 hints->ai_flags);
			if (!*tail)
				goto no_memory;
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
	struct wishes wishes;
	int port, rc;

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
	if (service && !*service)
		service = NULL;
	rc = port_get(service, hints->ai_flags, &port);
	if (rc == 0)
		rc = wishes_get(service, port, hints, &wishes);
	if (rc != 0)
		return rc;
	if (!node)
		answer_of_none(hints, &answer);
	else if (hosts_numeric(node, &addr))
		rc = answer_of_number(node, &addr, hints, &answer);
	else if (hints->ai_flags & AI_NUMERICHOST || hosts_is_scoped(node))
		rc = EAI_NONAME;
	else
		rc = answer_of_name(node, hints, &answer);
	return rc != 0 ? rc : list_make(&answer, &wishes, hints, out);
}
