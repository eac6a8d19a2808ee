/* SPDX-License-Identifier: MIT */
/* What any bytes must hold true of the DNS codec. */
#include <stdlib.h>
#include <string.h>

#include "stack/dns_msg.h"
#include "tests/fuzz/dns_msg_target.h"

static void check(const struct dns_answer *answer)
{
	if (answer->addr_count > STACK_RESOLVE_ADDR_MAX ||
	    strnlen(answer->name, DNS_NAME_LEN) == DNS_NAME_LEN)
		abort();
	for (unsigned i = 0; i < answer->addr_count; i++)
		if (answer->addrs[i].family != AF_INET &&
		    answer->addrs[i].family != AF_INET6)
			abort();
}

/**
 * dns_msg_target_one() - Parse one message; abort where it breaks a promise.
 * @data:	the first byte chooses what was asked, the rest is the message
 * @len:	bytes at @data
 */
void dns_msg_target_one(const uint8_t *data, size_t len)
{
	static const uint16_t types[] = {
		DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_PTR,
	};
	struct dns_query query = { .name = "www.example.org", .id = 0x1234 };
	struct dns_answer answer;
	uint8_t *copy;

	if (!len)
		return;
	query.type = types[data[0] % 3];
	/* Of its exact size: a sanitizer sees the first byte past it. */
	copy = malloc(len - 1 ? len - 1 : 1);
	if (!copy)
		return;
	memcpy(copy, data + 1, len - 1);
	if (!dns_msg_parse(copy, len - 1, &query, &answer))
		check(&answer);
	free(copy);
}
