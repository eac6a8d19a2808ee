/* SPDX-License-Identifier: MIT */
/* Names that need no server: numbers, /etc/hosts, resolv.conf's domains. */
#include "shim/hosts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/addr.h"

#define BLANKS " \t\r\n"

static void name_copy(char to[RPC_HOSTNAME_LEN], const char *from)
{
	snprintf(to, RPC_HOSTNAME_LEN, "%s", from);
}

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

/* An IPv6 address with a scope, good or not? No name has a '%'. */
bool hosts_is_scoped(const char *text)
{
	struct in6_addr addr;
	char plain[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "%");

	if (text[len] == '\0' || len >= sizeof(plain))
		return false;
	memcpy(plain, text, len);
	plain[len] = '\0';
	return inet_pton(AF_INET6, plain, &addr) == 1;
}

/* Start an answer without addresses. */
void hosts_answer_init(struct host_answer *answer, const char *name)
{
	answer->count = 0;
	answer->alias_count = 0;
	name_copy(answer->name, name);
}

/* Append an address; silently none where the answer is full. */
void hosts_answer_add(struct host_answer *answer, const struct rpc_addr *addr)
{
	if (answer->count < HOSTS_ADDR_MAX)
		answer->addrs[answer->count++] = *addr;
}

static void answer_add_alias(struct host_answer *answer, const char *alias)
{
	if (answer->alias_count < HOSTS_ALIAS_MAX)
		name_copy(answer->aliases[answer->alias_count++], alias);
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

/* Does the address fit the family? glibc's files give an IPv4 loopback for ::1
 * where IPv4 is asked for, and take v4-mapped addresses for IPv4.
 */
static bool line_fits(struct rpc_addr *addr, int family)
{
	static const uint8_t loop6[16] = { [15] = 1 };
	static const uint8_t loop4[16] = { 127, 0, 0, 1 };

	if (family == AF_INET)
		addr_unmap(addr);
	if (family == AF_INET && addr->family == AF_INET6 &&
	    memcmp(addr->addr, loop6, sizeof(loop6)) == 0) {
		addr->family = AF_INET;
		memcpy(addr->addr, loop4, sizeof(loop4));
	}
	return family == AF_UNSPEC || addr->family == family;
}

/* The names of a line, from the first on. Return: their number; *is_match: name
 * is one of them.
 */
static unsigned line_names(char *rest, const char *name,
                           char *names[HOSTS_ALIAS_MAX + 1], bool *is_match)
{
	unsigned count = 0;
	char *word;

	*is_match = false;
	while ((word = strtok_r(NULL, BLANKS, &rest)) != NULL) {
		*is_match |= strcasecmp(word, name) == 0;
		if (count < HOSTS_ALIAS_MAX + 1)
			names[count++] = word;
	}
	return count;
}

/* Look name up in a hosts(5) file, without regard to case: every line that has
 * it gives an address, the first one the canonical name, all the aliases.
 * family AF_UNSPEC: any. answer is only added to. Return: whether there was one.
 */
bool hosts_by_name(const char *path, const char *name, int family,
                   struct host_answer *answer)
{
	FILE *file = fopen(path, "re");
	char *names[HOSTS_ALIAS_MAX + 1];
	struct rpc_addr addr;
	char *line = NULL;
	size_t room = 0;
	unsigned before = answer->count;
	char *rest;

	if (!file)
		return false;
	while (line_next(file, &line, &room, &addr, &rest)) {
		bool is_match;
		unsigned count = line_names(rest, name, names, &is_match);

		if (!is_match || !line_fits(&addr, family))
			continue;
		if (answer->count == 0)
			name_copy(answer->name, names[0]);
		else if (strcasecmp(answer->name, names[0]) != 0)
			answer_add_alias(answer, names[0]);
		for (unsigned i = 1; i < count; i++)
			answer_add_alias(answer, names[i]);
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
