/* SPDX-License-Identifier: MIT */
/* getaddrinfo and getnameinfo. */
#include <stdio.h>
#include <string.h>

#include "shim/addr.h"
#include "shim/addrinfo.h"
#include "shim/libc.h"
#include "shim/resolve.h"

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **out)
{
	return addrinfo_get(node, service, hints, out);
}

/* The host's name. Return: 0, EAI_NONAME where it has none, or EAI_*. */
static int host_name(const struct sockaddr *sa, socklen_t len, char *host,
                     socklen_t host_len, int flags)
{
	const struct rpc_name any = { .domain = (uint8_t)sa->sa_family,
		                      .type = SOCK_STREAM };
	char name[RPC_HOSTNAME_LEN];
	struct rpc_addr addr;
	char *dot;
	int rc;

	if (addr_take(&addr, sa, len, &any) < 0)
		return EAI_FAMILY;
	rc = resolve_addr(&addr, name);
	if (rc != 0)
		return rc;
	dot = strchr(name, '.');
	if (flags & NI_NOFQDN && dot)
		*dot = '\0';
	if (strlen(name) >= host_len)
		return EAI_OVERFLOW;
	memcpy(host, name, strlen(name) + 1);
	return 0;
}

/* libc's own knows the numeric forms and the services. */
int getnameinfo(const struct sockaddr *sa, socklen_t len, char *host,
                socklen_t host_len, char *service, socklen_t service_len,
                int flags)
{
	int rc;

	if (sa && host && host_len && !(flags & NI_NUMERICHOST) &&
	    len >= sizeof(sa->sa_family) &&
	    (sa->sa_family == AF_INET || sa->sa_family == AF_INET6)) {
		rc = host_name(sa, len, host, host_len, flags);
		if (rc != 0 && (flags & NI_NAMEREQD || rc == EAI_OVERFLOW ||
		                rc == EAI_FAMILY))
			return rc;
		if (rc == 0 && (!service || !service_len))
			return 0;
		if (rc == 0)
			return libc()->getnameinfo(sa, len, NULL, 0, service,
			                           service_len, flags);
	}
	return libc()->getnameinfo(sa, len, host, host_len, service,
	                           service_len,
	                           flags | NI_NUMERICHOST);
}
