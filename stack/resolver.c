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

#include <lwip/udp.h>

#include "stack/dns_msg.h"
#include "stack/ports.h"
#include "stack/sock_priv.h"
#include "stack/stack_priv.h"

#define TRY_US 2000000
#define ROUNDS 2
#define QUERIES_MAX 256
#define QUESTIONS_MAX 2
#define PORT_TRIES 16     /* random ports before a shared one is taken */

enum question_state {
	QUESTION_NONE = 0, /* this query does not ask it */
	QUESTION_ASKING,
	QUESTION_DONE,
};

struct question {
	struct stack_query *query;
	uint8_t state;            /* enum question_state */
	bool has_answer;          /* DONE: answer is valid; else nobody did */
	uint16_t type;            /* enum dns_type */
	uint16_t id;              /* of the current try */
	unsigned tries;           /* made so far */
	struct udp_pcb *pcb;
	struct timer timer;
	struct dns_answer answer;
};

struct stack_query {
	struct stack *stack;
	struct stack_query *next, **link; /* in resolver->queries */
	bool is_done;             /* called back: a cancel comes too late */
	char name[DNS_NAME_LEN];
	struct question questions[QUESTIONS_MAX];
	stack_resolved_fn *on_resolved;
	void *user;
};

struct resolver {
	struct stack_query *queries; /* under way */
	unsigned count;
};

static void finish_if_done(struct stack_query *query);

static void drop_pcb(struct question *question)
{
	if (question->pcb)
		udp_remove(question->pcb);
	question->pcb = NULL;
}

/* The question has its result. */
static void settle(struct question *question)
{
	drop_pcb(question);
	timer_stop(&question->query->stack->timers, &question->timer);
	question->state = QUESTION_DONE;
	finish_if_done(question->query);
}

/* The next try is due at once. */
static void hurry(struct question *question)
{
	struct stack *stack = question->query->stack;

	drop_pcb(question);
	timer_start(&stack->timers, &question->timer, stack->now_us);
}

static struct dns_query asked(const struct question *question)
{
	return (struct dns_query){
		.name = question->query->name,
		.id = question->id,
		.type = question->type,
	};
}

/* What a server's answer is worth. */
static bool is_final(const struct dns_answer *answer)
{
	if (answer->rcode == DNS_RCODE_NXDOMAIN)
		return true;
	if (answer->rcode != DNS_RCODE_OK)
		return false;
	return !answer->is_truncated || answer->addr_count;
}

/* lwIP's callback; src is the server, since the pcb is connected. */
static void on_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                        const ip_addr_t *src, u16_t port)
{
	struct question *question = arg;
	struct dns_query query = asked(question);
	uint8_t msg[DNS_UDP_LEN];
	size_t len = pbuf_copy_partial(p, msg, sizeof(msg), 0);

	(void)pcb;
	(void)src;
	(void)port;
	pbuf_free(p);
	if (dns_msg_parse(msg, len, &query, &question->answer))
		return; /* not ours, or forged: the right one may still come */
	question->has_answer = is_final(&question->answer);
	if (question->has_answer)
		settle(question);
	else
		hurry(question);
}

/* A port that no sock has. */
static uint16_t random_port(const struct stack *stack)
{
	uint16_t port = 0;

	for (int i = 0; i < PORT_TRIES; i++) {
		port = (uint16_t)(STACK_PORT_EPHEMERAL_FIRST + stack_random() %
		                  (STACK_PORT_EPHEMERAL_LAST -
		                   STACK_PORT_EPHEMERAL_FIRST + 1));
		if (!ports_first(stack, SOCK_DGRAM, port))
			break;
	}
	return port;
}

static bool open_pcb(struct question *question, const ip_addr_t *server)
{
	struct stack *stack = question->query->stack;
	struct udp_pcb *pcb = udp_new_ip_type(IP_GET_TYPE(server));

	if (!pcb)
		return false;
	question->pcb = pcb;
	ip_set_option(pcb, SOF_REUSEADDR);
	udp_recv(pcb, on_datagram, question);
	return udp_bind(pcb, IP_IS_V6(server) ? IP6_ADDR_ANY : IP4_ADDR_ANY,
	                random_port(stack)) == ERR_OK &&
	       udp_connect(pcb, server, DNS_PORT) == ERR_OK;
}

static bool send_query(struct question *question)
{
	struct dns_query query = asked(question);
	uint8_t msg[DNS_QUERY_LEN];
	int len = dns_msg_encode(&query, msg, sizeof(msg));
	struct pbuf *p;
	bool is_sent;

	if (len < 0)
		return false;
	p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
	if (!p)
		return false;
	is_sent = pbuf_take(p, msg, (u16_t)len) == ERR_OK &&
	          udp_send(question->pcb, p) == ERR_OK;
	pbuf_free(p);
	return is_sent;
}

/* A try's time is over, or it failed: make the next one. */
static void on_due(struct timer *timer, uint64_t now_us)
{
	struct question *question = (struct question *)
		((char *)timer - offsetof(struct question, timer));
	struct stack *stack = question->query->stack;
	const ip_addr_t *server;

	drop_pcb(question);
	if (question->tries >= ROUNDS * stack->dns_count) {
		settle(question);
		return;
	}
	server = &stack->dns[question->tries++ % stack->dns_count];
	question->id = (uint16_t)stack_random();
	if (open_pcb(question, server) && send_query(question))
		timer_start(&stack->timers, &question->timer, now_us + TRY_US);
	else
		hurry(question);
}

static void unlink_query(struct stack_query *query)
{
	*query->link = query->next;
	if (query->next)
		query->next->link = query->link;
	query->stack->resolver->count--;
}

static void query_free(struct stack_query *query)
{
	for (int i = 0; i < QUESTIONS_MAX; i++) {
		drop_pcb(&query->questions[i]);
		timer_stop(&query->stack->timers, &query->questions[i].timer);
	}
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

static void finish_if_done(struct stack_query *query)
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

static void ask(struct stack_query *query, int idx, uint16_t type)
{
	struct question *question = &query->questions[idx];

	question->query = query;
	question->type = type;
	question->state = QUESTION_ASKING;
	question->timer.on_due = on_due;
	hurry(question);
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
		ask(query, idx++, DNS_TYPE_A);
	if (family != AF_INET)
		ask(query, idx++, DNS_TYPE_AAAA);
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
	ask(query, 0, DNS_TYPE_PTR);
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
	while (stack->resolver && stack->resolver->queries)
		stack_resolve_cancel(stack->resolver->queries);
	free(stack->resolver);
	stack->resolver = NULL;
}
