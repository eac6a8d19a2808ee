/* SPDX-License-Identifier: MIT */
/* A name to addresses and back: the files first, then the stack's resolver.
 *
 * libc's own resolver has sockets of its own, which no preload reaches, so it
 * would ask over the host's network. The order is that of the usual
 * nsswitch.conf, "files dns".
 */
#include "shim/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "shim/addr.h"
#include "shim/client.h"

/* What the service's errno means to getaddrinfo(3). */
static int eai_of(int rc)
{
	switch (-rc) {
	case 0:
		return 0;
	case ENOENT:
	case EINVAL:
		return EAI_NONAME;
	case ENODATA:
		return EAI_NODATA;
	case ENOMEM:
		return EAI_MEMORY;
	default:
		return EAI_AGAIN;
	}
}

/* Ask the service for one absolute name. Return: 0 or EAI_*. */
static int ask(const char *name, int family, struct host_answer *answer)
{
	struct rpc_request req = { .op = RPC_RESOLVE };
	struct rpc_reply reply;
	size_t len = strlen(name);
	int rc;

	if (len && name[len - 1] == '.')
		len--;
	if (len == 0 || len >= sizeof(req.resolve.name))
		return EAI_NONAME;
	req.resolve.family = family;
	memcpy(req.resolve.name, name, len);
	rc = client_call(&req, -1, &reply, NULL);
	if (rc < 0)
		return eai_of(rc);
	if (reply.resolve.count > RPC_RESOLVE_MAX)
		return EAI_FAIL;
	for (unsigned i = 0; i < reply.resolve.count; i++) {
		reply.resolve.addrs[i].port = 0;
		hosts_answer_add(answer, &reply.resolve.addrs[i]);
	}
	reply.resolve.name[RPC_HOSTNAME_LEN - 1] = '\0';
	snprintf(answer->name, sizeof(answer->name), "%s",
	         reply.resolve.name[0] ? reply.resolve.name : name);
	return answer->count ? 0 : EAI_NODATA;
}

/* Which of two failures tells more? A server that did not answer may know the
 * name, and one that knows it without addresses knows it.
 */
static int worse(int a, int b)
{
	if (a == EAI_AGAIN || b == EAI_AGAIN)
		return EAI_AGAIN;
	return a == EAI_NODATA || b == EAI_NODATA ? EAI_NODATA : b;
}

/* Ask for a name as it is and below the domains of the search list, in the
 * order of resolv.conf(5). Return: 0 or EAI_*.
 */
static int ask_searching(const char *name, int family,
                         struct host_answer *answer)
{
	struct host_search search;
	size_t len = strlen(name);
	unsigned dots = 0;
	int rc = EAI_NONAME;

	if (len && name[len - 1] == '.')
		return ask(name, family, answer);
	for (size_t i = 0; i < len; i++)
		dots += name[i] == '.';
	hosts_search_read(HOSTS_RESOLV_PATH, &search);
	if (dots >= search.ndots)
		rc = ask(name, family, answer);
	for (unsigned i = 0; rc != 0 && i < search.count; i++) {
		char full[2 * RPC_HOSTNAME_LEN];

		snprintf(full, sizeof(full), "%s.%s", name, search.domains[i]);
		int next = ask(full, family, answer);

		rc = next == 0 ? 0 : worse(rc, next);
	}
	if (rc != 0 && dots < search.ndots) {
		int next = ask(name, family, answer);

		rc = next == 0 ? 0 : worse(rc, next);
	}
	return rc;
}

/* The addresses of a host that is not a number, ports 0. family: AF_UNSPEC,
 * AF_INET or AF_INET6. Return: 0, or EAI_*.
 */
int resolve_name(const char *name, int family, struct host_answer *answer)
{
	hosts_answer_init(answer, "");
	if (hosts_by_name(HOSTS_PATH, name, family, answer) ||
	    hosts_localhost(name, family, answer))
		return 0;
	return ask_searching(name, family, answer);
}

/* The name of an address. Return: 0, or EAI_*. */
int resolve_addr(const struct rpc_addr *addr, char name[RPC_HOSTNAME_LEN])
{
	struct rpc_request req = { .op = RPC_RESOLVE, .resolve.addr = *addr };
	struct rpc_reply reply;
	int rc;

	addr_unmap(&req.resolve.addr);
	req.resolve.addr.port = 0;
	req.resolve.addr.scope_id = 0;
	if (hosts_by_addr(HOSTS_PATH, &req.resolve.addr, name))
		return 0;
	rc = client_call(&req, -1, &reply, NULL);
	if (rc < 0)
		return eai_of(rc);
	reply.resolve.name[RPC_HOSTNAME_LEN - 1] = '\0';
	if (!reply.resolve.name[0])
		return EAI_NONAME;
	memcpy(name, reply.resolve.name, RPC_HOSTNAME_LEN);
	return 0;
}
