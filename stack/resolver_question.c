/* SPDX-License-Identifier: MIT */
/* One question to the name servers, until it has its answer or nobody is left
 * to ask. See resolver.c.
 */
#include <stddef.h>

#include "stack/ports.h"
#include "stack/resolver_priv.h"
#include "stack/sock_priv.h"

#define TRY_US 2000000
#define ROUNDS 2
#define PORT_TRIES 16     /* random ports before a shared one is taken */

static void drop_pcb(struct question *question)
{
	if (question->pcb)
		udp_remove(question->pcb);
	question->pcb = NULL;
}

/* The question has its result. */
static void settle(struct question *question)
{
	question_stop(question);
	question->state = QUESTION_DONE;
	query_on_settled(question->query);
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

static bool open_pcb(struct question *question, const ip_addr_t *server,
                     uint16_t port)
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
	       udp_connect(pcb, server, port) == ERR_OK;
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
	unsigned server;

	drop_pcb(question);
	if (question->tries >= ROUNDS * stack->dns_count) {
		settle(question);
		return;
	}
	server = question->tries++ % stack->dns_count;
	question->id = (uint16_t)stack_random();
	if (open_pcb(question, &stack->dns[server], stack->dns_ports[server]) &&
	    send_query(question))
		timer_start(&stack->timers, &question->timer, now_us + TRY_US);
	else
		hurry(question);
}

/**
 * question_start() - Begin to ask; the first try is made by the timer.
 * @question:	zeroed
 * @query:	gets query_on_settled() when it is DONE
 * @type:	enum dns_type
 */
void question_start(struct question *question, struct stack_query *query,
                    uint16_t type)
{
	question->query = query;
	question->type = type;
	question->state = QUESTION_ASKING;
	question->timer.on_due = on_due;
	hurry(question);
}

/**
 * question_stop() - Leave nothing of it behind; nobody is told.
 * @question:	in any state, or never started
 */
void question_stop(struct question *question)
{
	if (question->state == QUESTION_NONE)
		return;
	drop_pcb(question);
	timer_stop(&question->query->stack->timers, &question->timer);
}
