/* SPDX-License-Identifier: MIT */
/* netcon stat: the service's counters, as lines or as one JSON object. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "service/netcon.h"

/* Names become JSON keys: letters, digits and underscores are all they have. */
static void name_text(const struct rpc_counter *counter, char *text)
{
	size_t i;

	for (i = 0; i < sizeof(counter->name) - 1 && counter->name[i]; i++)
		text[i] = isalnum((unsigned char)counter->name[i]) ?
		          counter->name[i] : '_';
	text[i] = 0;
}

static void print_counter(const struct rpc_counter *counter, bool is_json,
                          bool is_first)
{
	char name[sizeof(counter->name)];

	name_text(counter, name);
	if (is_json)
		printf("%s\n  \"%s\": %" PRIu64, is_first ? "" : ",", name,
		       counter->value);
	else
		printf("%-32s %12" PRIu64 "\n", name, counter->value);
}

static int print_pages(struct ctl *ctl, bool is_json)
{
	struct rpc_request request = { .op = RPC_STAT };
	struct rpc_reply reply;
	char why[CTL_WHY_LEN];

	for (unsigned page = 0; page < NETCON_PAGE_MAX; page++) {
		if (ctl_request(ctl, &request, &reply, why))
			return netcon_fail(why);
		if (reply.stat.count == 0)
			return NETCON_OK;
		if (reply.stat.count > RPC_STAT_MAX)
			break;
		for (unsigned i = 0; i < reply.stat.count; i++)
			print_counter(&reply.stat.counters[i], is_json,
			              request.page.idx + i == 0);
		request.page.idx += reply.stat.count;
	}
	return netcon_fail("the service's list of counters has no end");
}

/* Print all counters. What was begun as JSON is finished as JSON. */
int netcon_stat(struct ctl *ctl, const struct netcon_options *options)
{
	int status;

	if (options->is_json)
		printf("{");
	status = print_pages(ctl, options->is_json);
	if (options->is_json)
		printf("\n}\n");
	return status;
}
