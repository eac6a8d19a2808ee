/* SPDX-License-Identifier: MIT */
/* From options to a device, a stack on it and the kernel's side of the link. */
#ifndef NETCOND_SERVICE_SETUP_H
#define NETCOND_SERVICE_SETUP_H

#include <stdio.h>

#include "fastpath/ifconf.h"
#include "service/cli.h"

#define SETUP_PRESENT_MAX 32 /* addresses of an interface that are looked at */
#define SETUP_NOTE_MAX (2 * STACK_ADDR_MAX + 4)
#define SETUP_NOTE_LEN 160   /* bytes of a note, with NUL */

/* What was set up, and what of it must be told. */
struct setup {
	struct netdev *dev;
	struct stack *stack;
	struct cli_cidrs addrs;      /* the stack's, as taken */
	struct cli_cidrs gateways;   /* as taken */
	struct cli_cidrs host_addrs; /* to be given to the kernel's side */
	bool is_made;                /* the interface was not there before */
	/* Addresses that the kernel's side had, link-local ones left out. */
	struct stack_cidr present[SETUP_PRESENT_MAX];
	unsigned present_count;
	/* What was done to the kernel's side, a line each. */
	char notes[SETUP_NOTE_MAX][SETUP_NOTE_LEN];
	unsigned note_count;
};

int setup_open(struct setup *setup, const struct cli_conf *conf, char *why);
int setup_host_side(struct setup *setup, const struct cli_conf *conf,
                    char *why);
void setup_print(const struct setup *setup, const struct cli_conf *conf,
                 const char *socket_path, FILE *out);
void setup_close(struct setup *setup);

/* setup_addrs.c: which addresses the stack and the kernel's side take. */
int setup_choose_addrs(struct setup *setup, const struct cli_conf *conf,
                       char *why);

#endif
