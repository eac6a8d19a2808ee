/* SPDX-License-Identifier: MIT */
/* netcon ss: the service's sockets, in the columns of ss(8). */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "service/netcon.h"

#define ENDPOINT_LEN (INET6_ADDRSTRLEN + 16) /* bytes of "[addr]:port" */

static const char *addr_text(const struct rpc_addr *addr, uint16_t domain,
                             char *text)
{
	static const uint8_t any[sizeof(addr->addr)];
	sa_family_t family = addr->family ? addr->family : domain;

	if (!memcmp(addr->addr, any, family == AF_INET6 ? 16 : 4))
		return family == AF_INET6 ? "[::]" : "0.0.0.0";
	if (family == AF_INET6) {
		text[0] = '[';
		inet_ntop(AF_INET6, addr->addr, text + 1, INET6_ADDRSTRLEN);
		strcat(text, "]");
	} else {
		inet_ntop(AF_INET, addr->addr, text, INET_ADDRSTRLEN);
	}
	return text;
}

/* "10.107.0.2:6379", "[::]:80", "0.0.0.0:*" */
static void endpoint_text(const struct rpc_addr *addr, uint16_t domain,
                          char *text)
{
	char room[INET6_ADDRSTRLEN + 2] = "";
	const char *host = addr_text(addr, domain, room);

	if (addr->port)
		snprintf(text, ENDPOINT_LEN, "%s:%u", host, ntohs(addr->port));
	else
		snprintf(text, ENDPOINT_LEN, "%s:*", host);
}

/* A program chooses its own name: nothing of it may steer a terminal. */
static void name_text(const char *comm, char *text)
{
	size_t i;

	for (i = 0; i < RPC_COMM_LEN - 1 && comm[i]; i++)
		text[i] = isprint((unsigned char)comm[i]) ? comm[i] : '?';
	text[i] = 0;
}

static bool is_wanted(const struct rpc_sock_row *row,
                      const struct netcon_options *options)
{
	if (options->is_tcp != options->is_udp &&
	    (row->type == SOCK_STREAM) != options->is_tcp)
		return false;
	if (!options->is_listening)
		return true;
	return !strncmp(row->state, "LISTEN", sizeof(row->state)) ||
	       !strncmp(row->state, "UNCONN", sizeof(row->state));
}

static void print_row(const struct rpc_sock_row *row)
{
	char local[ENDPOINT_LEN], peer[ENDPOINT_LEN], comm[RPC_COMM_LEN];
	char state[sizeof(row->state)];

	endpoint_text(&row->local, row->domain, local);
	endpoint_text(&row->peer, row->domain, peer);
	name_text(row->comm, comm);
	snprintf(state, sizeof(state), "%.*s", (int)sizeof(state) - 1,
	         row->state);
	/* What waits in the pair has left the stack, but not arrived. */
	printf("%-5s %-11s %7u %7u %24s %24s  %d/%s\n",
	       row->type == SOCK_STREAM ? "tcp" : "udp", state,
	       row->rx_queue + row->chan_rx, row->tx_queue + row->chan_tx,
	       local, peer, (int)row->pid, comm);
}

/* Print one line a socket. */
int netcon_ss(struct ctl *ctl, const struct netcon_options *options)
{
	struct rpc_request request = { .op = RPC_SOCKS };
	struct rpc_reply reply;
	char why[CTL_WHY_LEN];

	printf("%-5s %-11s %7s %7s %24s %24s  %s\n", "Netid", "State", "Recv-Q",
	       "Send-Q", "Local Address:Port", "Peer Address:Port",
	       "pid/program");
	for (unsigned page = 0; page < NETCON_PAGE_MAX; page++) {
		if (ctl_request(ctl, &request, &reply, why))
			return netcon_fail(why);
		if (reply.socks.count == 0)
			return NETCON_OK;
		if (reply.socks.count > RPC_SOCKS_MAX)
			break;
		for (unsigned i = 0; i < reply.socks.count; i++) {
			const struct rpc_sock_row *row = &reply.socks.rows[i];

			if (is_wanted(row, options))
				print_row(row);
			request.page.from = row->id;
		}
	}
	return netcon_fail("the service's list of sockets has no end");
}
