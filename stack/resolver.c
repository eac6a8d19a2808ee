/* SPDX-License-Identifier: MIT */
/* Names to addresses and back, over the stack's own UDP.
 *
 * Theory of operation
 *
 * A query is one or two questions (A and AAAA), asked at the same time and
 * each on its own: question i of a query tries the servers in order, ROUNDS
 * times over, TRY_US each. Every try has a fresh id and a fresh pcb with a
 * random port, connected to the server (RFC 5452): a late answer to an older
 * try finds no pcb.
 *
 *     question   | pcb       | timer
 *     ASKING     | or NULL   | runs: the try's end, or at once after a failure
 *     DONE       | NULL      | stopped; answer or failure is final
 *
 * A failed send or a bad answer starts the timer with no time left, so the
 * next try and the callback always come from stack_poll_timers() or from a
 * received datagram, never from stack_resolve() itself.
 *
 * An answer that does not fit a datagram is used as far as it goes; only an
 * empty one counts as a failure. It holds about 25 addresses, of which
 * STACK_RESOLVE_ADDR_MAX are wanted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack/dns_msg.h"
#include "stack/resolver_priv.h"

#define QUERIES_MAX 256

struct resolver {
	struct stack_query *queries; /* under way */
	unsigned count;
};

static void unlink_query(struct stack_query *query)
{
	*query->link = query->next;
	if (query->next)
		query->next->link = query->link;
	query->stack->resolver->count--;
}

static void query_free(struct stack_query *query)
{
	for (int i = 0; i < QUESTIONS_MAX; i++)
		question_stop(&query->questions[i]);
	free(query);
}

/* All the addresses of both questions, and what they say of the name. */
static int merge(const struct stack_query *query, struct dns_answer *out)
{
	const struct question *question;
	bool is_silent = false, is_absent = false;

	memset(out, 0, sizeof(*out));
	out->ttl_s = UINT32_MAX;
	for (question = query->questions;
	     question < query->questions + QUESTIONS_MAX; question++) {
		const struct dns_answer *answer = &question->answer;

		if (question->state == QUESTION_NONE)
			continue;
		is_silent |= !question->has_answer;
		if (!question->has_answer)
			continue;
		is_absent |= answer->rcode == DNS_RCODE_NXDOMAIN;
		for (unsigned i = 0; i < answer->addr_count &&
		     out->addr_count < STACK_RESOLVE_ADDR_MAX; i++)
			out->addrs[out->addr_count++] = answer->addrs[i];
		if (answer->name[0])
			memcpy(out->name, answer->name, sizeof(out->name));
		if (answer->ttl_s < out->ttl_s)
			out->ttl_s = answer->ttl_s;
	}
	if (out->addr_count ||
	    (query->questions[0].type == DNS_TYPE_PTR && out->name[0]))
		return 0;
	return is_absent ? -ENOENT : is_silent ? -EAGAIN : -ENODATA;
}

void query_on_settled(struct stack_query *query)
{
	struct dns_answer all;
	int err;

	for (int i = 0; i < QUESTIONS_MAX; i++)
		if (query->questions[i].state == QUESTION_ASKING)
			return;
	err = merge(query, &all);
	unlink_query(query);
	query->is_done = true;
	query->on_resolved(query->user, err, all.addrs, all.addr_count,
	                   all.name, err ? 0 : all.ttl_s);
	query_free(query);
}

/* A query for a name that is known to fit, without questions yet. */
static struct stack_query *query_new(struct stack *stack, const char *name,
                                     stack_resolved_fn *on_resolved,
                                     void *user)
{
	struct resolver *resolver = stack->resolver;
	struct stack_query *query;

	if (resolver->count >= QUERIES_MAX)
		return NULL;
	query = calloc(1, sizeof(*query));
	if (!query)
		return NULL;
	query->stack = stack;
	query->on_resolved = on_resolved;
	query->user = user;
	strcpy(query->name, name);
	query->link = &resolver->queries;
	query->next = resolver->queries;
	if (query->next)
		query->next->link = &query->next;
	resolver->queries = query;
	resolver->count++;
	return query;
}

/* Does a name fit a DNS message and struct stack_query? */
static bool is_name(const char *name)
{
	struct dns_query query = { .name = name, .type = DNS_TYPE_A };
	uint8_t msg[DNS_QUERY_LEN];

	return strlen(name) < DNS_NAME_LEN + 1 &&
	       dns_msg_encode(&query, msg, sizeof(msg)) > 0;
}

/**
 * stack_resolve() - Ask for the addresses of a name.
 * @stack:		the stack
 * @name:		taken as it is: no search list, no /etc/hosts
 * @family:		AF_INET, AF_INET6, or AF_UNSPEC for both
 * @on_resolved:	called once, from stack_poll_*()
 * @user:		for it
 * @out:		for stack_resolve_cancel(); ends with the callback
 *
 * Return: 0, -EINVAL for a name that no DNS message can hold, -EAFNOSUPPORT,
 * -ENOBUFS when too many are under way or no memory is left.
 */
int stack_resolve(struct stack *stack, const char *name, int family,
                  stack_resolved_fn *on_resolved, void *user,
                  struct stack_query **out)
{
	struct stack_query *query;
	char trimmed[DNS_NAME_LEN];
	int idx = 0;
	size_t len;

	if (family != AF_INET && family != AF_INET6 && family != AF_UNSPEC)
		return -EAFNOSUPPORT;
	if (!is_name(name))
		return -EINVAL;
	len = strlen(name) - (name[strlen(name) - 1] == '.');
	memcpy(trimmed, name, len);
	trimmed[len] = '\0';
	query = query_new(stack, trimmed, on_resolved, user);
	if (!query)
		return -ENOBUFS;
	if (family != AF_INET6)
		question_start(&query->questions[idx++], query, DNS_TYPE_A);
	if (family != AF_INET)
		question_start(&query->questions[idx++], query,
		               DNS_TYPE_AAAA);
	*out = query;
	return 0;
}

/**
 * stack_resolve_addr() - Ask for the name of an address.
 * @stack:		the stack
 * @addr:		its prefix does not matter
 * @on_resolved:	called once, from stack_poll_*()
 * @user:		for it
 * @out:		for stack_resolve_cancel(); ends with the callback
 *
 * Return: 0, -EAFNOSUPPORT, -ENOBUFS.
 */
int stack_resolve_addr(struct stack *stack, const struct stack_cidr *addr,
                       stack_resolved_fn *on_resolved, void *user,
                       struct stack_query **out)
{
	struct stack_query *query;
	char name[DNS_NAME_LEN];

	if (dns_msg_reverse_name(addr, name))
		return -EAFNOSUPPORT;
	query = query_new(stack, name, on_resolved, user);
	if (!query)
		return -ENOBUFS;
	question_start(&query->questions[0], query, DNS_TYPE_PTR);
	*out = query;
	return 0;
}

/**
 * stack_resolve_cancel() - Forget a query.
 * @query:	not yet called back; inside its callback nothing happens
 */
void stack_resolve_cancel(struct stack_query *query)
{
	if (query->is_done)
		return;
	unlink_query(query);
	query_free(query);
}

/**
 * resolver_init() - Get ready.
 * @stack:	gets stack->resolver
 *
 * Return: 0 or -ENOMEM.
 */
int resolver_init(struct stack *stack)
{
	stack->resolver = calloc(1, sizeof(*stack->resolver));
	return stack->resolver ? 0 : -ENOMEM;
}

/**
 * resolver_fini() - Forget every query; nobody is called back.
 * @stack:	its resolver may be NULL
 */
void resolver_fini(struct stack *stack)
{
	struct stack_query *query, *next;

	if (!stack->resolver)
		return;
	for (query = stack->resolver->queries; query; query = next) {
		next = query->next;
		query_free(query);
	}
	free(stack->resolver);
	stack->resolver = NULL;
}
