/* SPDX-License-Identifier: MIT */
/* A query of the resolver, and one of its questions. */
#ifndef NETCOND_STACK_RESOLVER_PRIV_H
#define NETCOND_STACK_RESOLVER_PRIV_H

#include <lwip/udp.h>
#include <stdbool.h>
#include <stdint.h>

#include "stack/dns_msg.h"
#include "stack/stack_priv.h"

#define QUESTIONS_MAX 2

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

/* resolver_question.c */
void question_start(struct question *question, struct stack_query *query,
                    uint16_t type);
void question_stop(struct question *question);

/* resolver.c: a question of this query became DONE; may free the query. */
void query_on_settled(struct stack_query *query);

#endif
