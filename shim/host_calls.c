/* SPDX-License-Identifier: MIT */
/* gethostbyname, gethostbyaddr and their relatives. */
#include <string.h>

#include "shim/libc.h"
#include "shim/resolve.h"

#define STATIC_LEN 4096 /* holds any answer */

/* The caller's buffer while it is filled. */
struct packer {
	char *at;
	size_t left;
};

static void *pack(struct packer *packer, size_t len)
{
	size_t pad = -(uintptr_t)packer->at % sizeof(void *);
	void *at = packer->at + pad;

	if (packer->left < pad + len)
		return NULL;
	packer->at += pad + len;
	packer->left -= pad + len;
	return at;
}

/* Write an answer of one family as a hostent. Return: 0 or ERANGE. */
static int hostent_make(const struct host_answer *answer, int family,
                        struct hostent *host, char *buf, size_t buf_len)
{
	struct packer packer = { buf, buf_len };
	size_t addr_len = family == AF_INET ? 4 : 16;
	unsigned count = 0;
	unsigned alias;

	host->h_addrtype = family;
	host->h_length = (int)addr_len;
	host->h_aliases = pack(&packer,
	                       (answer->alias_count + 1) * sizeof(char *));
	host->h_addr_list = pack(&packer,
	                         (answer->count + 1) * sizeof(char *));
	host->h_name = pack(&packer, strlen(answer->name) + 1);
	if (!host->h_aliases || !host->h_addr_list || !host->h_name)
		return ERANGE;
	strcpy(host->h_name, answer->name);
	for (alias = 0; alias < answer->alias_count; alias++) {
		size_t len = strlen(answer->aliases[alias]) + 1;

		host->h_aliases[alias] = pack(&packer, len);
		if (!host->h_aliases[alias])
			return ERANGE;
		memcpy(host->h_aliases[alias], answer->aliases[alias], len);
	}
	host->h_aliases[alias] = NULL;
	for (unsigned i = 0; i < answer->count; i++) {
		if (answer->addrs[i].family != family)
			continue;
		host->h_addr_list[count] = pack(&packer, addr_len);
		if (!host->h_addr_list[count])
			return ERANGE;
		memcpy(host->h_addr_list[count++], answer->addrs[i].addr,
		       addr_len);
	}
	host->h_addr_list[count] = NULL;
	return 0;
}

/* h_errno for EAI_*. */
static int h_errno_of(int eai)
{
	switch (eai) {
	case EAI_NODATA:
		return NO_DATA;
	case EAI_AGAIN:
		return TRY_AGAIN;
	case EAI_NONAME:
		return HOST_NOT_FOUND;
	default:
		return NO_RECOVERY;
	}
}

/* Finish a lookup whose result is eai. Return: as gethostbyname_r(3). */
static int finish(int eai, const struct host_answer *answer, int family,
                  struct hostent *host, char *buf, size_t buf_len,
                  struct hostent **result, int *h_err)
{
	int rc;

	*result = NULL;
	if (eai != 0) {
		*h_err = h_errno_of(eai);
		return eai == EAI_AGAIN ? EAGAIN : 0;
	}
	rc = hostent_make(answer, family, host, buf, buf_len);
	if (rc != 0) {
		*h_err = NETDB_INTERNAL;
		return rc;
	}
	*result = host;
	*h_err = NETDB_SUCCESS;
	return 0;
}

int gethostbyname2_r(const char *name, int family, struct hostent *host,
                     char *buf, size_t buf_len, struct hostent **result,
                     int *h_err)
{
	struct host_answer answer;
	struct rpc_addr addr;
	int eai = 0;

	if (family != AF_INET && family != AF_INET6) {
		*result = NULL;
		*h_err = NETDB_INTERNAL;
		return EAFNOSUPPORT;
	}
	if (!hosts_numeric(name, &addr)) {
		eai = resolve_name(name, family, &answer);
	} else if (addr.family == family && strlen(name) < sizeof(answer.name)) {
		hosts_answer_init(&answer, name);
		hosts_answer_add(&answer, &addr);
	} else {
		eai = EAI_NONAME;
	}
	return finish(eai, &answer, family, host, buf, buf_len, result, h_err);
}

int gethostbyname_r(const char *name, struct hostent *host, char *buf,
                    size_t buf_len, struct hostent **result, int *h_err)
{
	return gethostbyname2_r(name, AF_INET, host, buf, buf_len, result,
	                        h_err);
}

int gethostbyaddr_r(const void *addr, socklen_t len, int family,
                    struct hostent *host, char *buf, size_t buf_len,
                    struct hostent **result, int *h_err)
{
	struct host_answer answer;
	struct rpc_addr key = { .family = (uint16_t)family };
	int eai;

	if ((family != AF_INET || len != 4) &&
	    (family != AF_INET6 || len != 16)) {
		*result = NULL;
		*h_err = NETDB_INTERNAL;
		return EAFNOSUPPORT;
	}
	memcpy(key.addr, addr, len);
	hosts_answer_init(&answer, "");
	eai = resolve_addr(&key, answer.name);
	if (eai == 0)
		hosts_answer_add(&answer, &key);
	return finish(eai, &answer, family, host, buf, buf_len, result, h_err);
}

/* The result of the calls that return static memory; as with libc's, the next
 * call of any thread overwrites it.
 */
static struct hostent static_host;
static char static_buf[STATIC_LEN];

struct hostent *gethostbyname2(const char *name, int family)
{
	struct hostent *result;
	int rc = gethostbyname2_r(name, family, &static_host, static_buf,
	                          sizeof(static_buf), &result, &h_errno);

	if (rc != 0)
		errno = rc;
	return result;
}

struct hostent *gethostbyname(const char *name)
{
	return gethostbyname2(name, AF_INET);
}

struct hostent *gethostbyaddr(const void *addr, socklen_t len, int family)
{
	struct hostent *result;
	int rc = gethostbyaddr_r(addr, len, family, &static_host, static_buf,
	                         sizeof(static_buf), &result, &h_errno);

	if (rc != 0)
		errno = rc;
	return result;
}
