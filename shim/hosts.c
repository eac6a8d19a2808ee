/* SPDX-License-Identifier: MIT */
/* Names that need no server: numbers, /etc/hosts, resolv.conf's domains. */
#include "shim/hosts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

/* The scope behind a '%': a number, or an interface of the stack. */
static bool scope_parse(const char *text, uint32_t *scope)
{
	char *end;

	*scope = (uint32_t)strtoul(text, &end, 10);
	if (*text && isdigit((unsigned char)*text) && *end == '\0')
		return true;
	*scope = if_nametoindex(text);
	return *scope != 0;
}

/* An address in any form that getaddrinfo(3) takes: inet_aton(3)'s, or IPv6
 * with a scope. Port 0.
 */
bool hosts_numeric(const char *text, struct rpc_addr *addr)
{
	char plain[INET6_ADDRSTRLEN];
	const char *percent = strchr(text, '%');
	size_t len = percent ? (size_t)(percent - text) : strlen(text);
	struct in_addr in;

	memset(addr, 0, sizeof(*addr));
	if (inet_aton(text, &in)) {
		addr->family = AF_INET;
		memcpy(addr->addr, &in, 4);
		return text[len] == '\0' && !strpbrk(text, BLANKS);
	}
	if (len >= sizeof(plain))
		return false;
	memcpy(plain, text, len);
	plain[len] = '\0';
	if (inet_pton(AF_INET6, plain, addr->addr) != 1)
		return false;
	addr->family = AF_INET6;
	return !percent || scope_parse(percent + 1, &addr->scope_id);
}

/* Append an address, once; silently none where the answer is full. */
void hosts_answer_add(struct host_answer *answer, const struct rpc_addr *addr)
{
	for (unsigned i = 0; i < answer->count; i++)
		if (memcmp(&answer->addrs[i], addr, sizeof(*addr)) == 0)
			return;
	if (answer->count < HOSTS_ADDR_MAX)
		answer->addrs[answer->count++] = *addr;
}

/* The next line of a hosts file with an address in it: *rest are the names.
 * Return: false at the end.
 */
static bool line_next(FILE *file, char **line, size_t *room,
                      struct rpc_addr *addr, char **rest)
{
	while (getline(line, room, file) >= 0) {
		char *text;

		(*line)[strcspn(*line, "#")] = '\0';
		text = strtok_r(*line, BLANKS, rest);
		if (text && hosts_numeric(text, addr))
			return true;
	}
	return false;
}

static void name_copy(char to[RPC_HOSTNAME_LEN], const char *from)
{
	snprintf(to, RPC_HOSTNAME_LEN, "%s", from);
}

/* Look name up in a hosts(5) file, without regard to case: every line that has
 * it gives an address, the first one the canonical name. family AF_UNSPEC: any.
 * answer is only added to. Return: whether there was one.
 */
bool hosts_by_name(const char *path, const char *name, int family,
                   struct host_answer *answer)
{
	FILE *file = fopen(path, "re");
	struct rpc_addr addr;
	char *line = NULL;
	size_t room = 0;
	unsigned before = answer->count;
	char *rest;

	if (!file)
		return false;
	while (line_next(file, &line, &room, &addr, &rest)) {
		char *first = strtok_r(NULL, BLANKS, &rest);
		char *alias = first;

		while (alias && strcasecmp(alias, name) != 0)
			alias = strtok_r(NULL, BLANKS, &rest);
		if (!alias || (family != AF_UNSPEC && addr.family != family))
			continue;
		if (answer->count == 0)
			name_copy(answer->name, first);
		hosts_answer_add(answer, &addr);
	}
	free(line);
	fclose(file);
	return answer->count > before;
}

/* The canonical name of an address in a hosts(5) file; port is not regarded.
 * Return: whether there is one.
 */
bool hosts_by_addr(const char *path, const struct rpc_addr *addr,
                   char name[RPC_HOSTNAME_LEN])
{
	FILE *file = fopen(path, "re");
	struct rpc_addr other;
	char *line = NULL;
	size_t room = 0;
	bool is_found = false;
	char *rest;

	if (!file)
		return false;
	while (!is_found && line_next(file, &line, &room, &other, &rest)) {
		char *first = strtok_r(NULL, BLANKS, &rest);

		if (!first || other.family != addr->family ||
		    memcmp(other.addr, addr->addr, sizeof(addr->addr)) != 0)
			continue;
		name_copy(name, first);
		is_found = true;
	}
	free(line);
	fclose(file);
	return is_found;
}

/* localhost and names below it, where no file has them (RFC 6761, 6.3). */
bool hosts_localhost(const char *name, int family, struct host_answer *answer)
{
	struct rpc_addr loop6 = { .family = AF_INET6, .addr = { [15] = 1 } };
	struct rpc_addr loop4 = { .family = AF_INET, .addr = { 127, 0, 0, 1 } };
	size_t len = strlen(name);

	if (len && name[len - 1] == '.')
		len--;
	if (len < 9 || strncasecmp(name + len - 9, "localhost", 9) != 0 ||
	    (len > 9 && name[len - 10] != '.'))
		return false;
	name_copy(answer->name, "localhost");
	if (family != AF_INET)
		hosts_answer_add(answer, &loop6);
	if (family != AF_INET6)
		hosts_answer_add(answer, &loop4);
	return true;
}

static void options_read(char *rest, struct host_search *search)
{
	const char *word;

	while ((word = strtok_r(NULL, BLANKS, &rest)) != NULL)
		if (strncmp(word, "ndots:", 6) == 0)
			search->ndots = (unsigned)atoi(word + 6);
}

/* The search list and ndots of a resolv.conf(5) file; the last search or domain
 * line counts. No file: no domains, one dot.
 */
void hosts_search_read(const char *path, struct host_search *search)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	search->count = 0;
	search->ndots = 1;
	if (!file)
		return;
	while (getline(&line, &room, file) >= 0) {
		char *rest;
		char *word = strtok_r(line, BLANKS, &rest);

		if (word && strcmp(word, "options") == 0)
			options_read(rest, search);
		if (!word || (strcmp(word, "search") != 0 &&
		              strcmp(word, "domain") != 0))
			continue;
		search->count = 0;
		while (search->count < HOSTS_DOMAIN_MAX &&
		       (word = strtok_r(NULL, BLANKS, &rest)) != NULL)
			name_copy(search->domains[search->count++], word);
	}
	free(line);
	fclose(file);
}
