/* SPDX-License-Identifier: MIT */
/* Handlers of requests without a socket: channels, names, interfaces, pages. */
#include "service/handlers.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

#include "service/rpc.h"

_Static_assert(RPC_RESOLVE_MAX >= STACK_RESOLVE_ADDR_MAX, "one answer fits");
_Static_assert(RPC_IF_ADDR_MAX >= STACK_ADDR_MAX + 1, "one interface fits");

int handle_HELLO(struct call *call)
{
	const struct netdev *dev = call->handlers->stats.dev;
	struct rpc_reply *reply = call->reply;

	call->session->has_hello = true;
	reply->hello.instance = call->handlers->channels->instance;
	reply->hello.pid = getpid();
	if (dev)
		snprintf(reply->hello.backend, sizeof(reply->hello.backend),
		         "%.16s: %.44s", dev->name, dev->mode);
	return 0;
}

/* A further channel must be one end of a SOCK_SEQPACKET pair, and not of one of
 * ours: on a UDP socket's pair remote peers would write the requests.
 */
static bool is_channel(int fd)
{
	struct sockaddr_un peer;
	struct rpc_name name;
	socklen_t len = sizeof(int), peer_len = sizeof(peer);
	int domain = 0, type = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) ||
	    domain != AF_UNIX || type != SOCK_SEQPACKET)
		return false;
	if (getpeername(fd, (struct sockaddr *)&peer, &peer_len))
		return false;
	return rpc_name_parse(&peer, peer_len, &name) != 0;
}

int handle_ATTACH(struct call *call)
{
	if (call->fd < 0 || !is_channel(call->fd))
		return -EPROTO;
	session_open(call->handlers->sessions, call->fd);
	call->fd = -1;
	return HANDLER_SILENT;
}

static void addr_from_cidr(struct rpc_addr *addr, const struct stack_cidr *cidr)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = cidr->family;
	if (cidr->family == AF_INET)
		memcpy(addr->addr, &cidr->in, sizeof(cidr->in));
	else
		memcpy(addr->addr, &cidr->in6, sizeof(cidr->in6));
}

static void on_resolved(void *user, int err, const struct stack_cidr *addrs,
                        unsigned count, const char *canonical_name,
                        uint32_t ttl_s)
{
	struct session *session = user;
	struct rpc_reply reply;

	session_wait_over(session);
	rpc_reply_init(&reply, &session->pending);
	reply.error = -err;
	if (!err) {
		if (count > RPC_RESOLVE_MAX)
			count = RPC_RESOLVE_MAX;
		for (unsigned i = 0; i < count; i++)
			addr_from_cidr(&reply.resolve.addrs[i], &addrs[i]);
		reply.resolve.count = count;
		reply.resolve.ttl_s = ttl_s;
		if (canonical_name)
			snprintf(reply.resolve.name, sizeof(reply.resolve.name),
			         "%s", canonical_name);
	}
	session_reply(session, &reply, -1);
}

int handle_RESOLVE(struct call *call)
{
	const struct rpc_request *req = call->req;
	const struct rpc_addr *addr = &req->resolve.addr;
	struct stack_cidr cidr = { .family = addr->family };
	struct stack_query *query = NULL;
	int err;

	if (addr->family == AF_UNSPEC) {
		err = stack_resolve(call->handlers->stack, req->resolve.name,
		                    req->resolve.family, on_resolved,
		                    call->session, &query);
	} else {
		if (addr->family == AF_INET)
			memcpy(&cidr.in, addr->addr, sizeof(cidr.in));
		else
			memcpy(&cidr.in6, addr->addr, sizeof(cidr.in6));
		err = stack_resolve_addr(call->handlers->stack, &cidr,
		                         on_resolved, call->session, &query);
	}
	if (err)
		return err;
	session_wait(call->session, query, req);
	return HANDLER_LATER;
}

int handle_INTERFACE(struct call *call)
{
	struct rpc_reply *reply = call->reply;
	struct stack_if found;
	int err = stack_get_if(call->handlers->stack, call->req->page.idx,
	                       &found);

	if (err)
		return err;
	memcpy(reply->interface.name, found.name, sizeof(found.name));
	reply->interface.index = found.index;
	reply->interface.flags = found.flags;
	reply->interface.mtu = found.mtu;
	memcpy(reply->interface.mac, found.mac, sizeof(found.mac));
	reply->interface.count = found.addr_count;
	for (unsigned i = 0; i < found.addr_count; i++) {
		addr_from_cidr(&reply->interface.addrs[i], &found.addrs[i]);
		reply->interface.prefix_len[i] = found.addrs[i].prefix_len;
	}
	return 0;
}

int handle_STAT(struct call *call)
{
	call->reply->stat.count = stats_page(&call->handlers->stats,
	                                     call->req->page.idx,
	                                     call->reply->stat.counters,
	                                     RPC_STAT_MAX);
	return 0;
}

/* chan_rx is what the kernel charges for the bytes towards the program, which
 * is somewhat more than their number.
 */
static void fill_row(struct rpc_sock_row *row, const struct channel *ch)
{
	struct sock_info info;
	int bytes = 0;

	memset(&info, 0, sizeof(info));
	sock_get_info(ch->sock, &info);
	row->id = ch->sock_id;
	row->pid = ch->owner.pid;
	memcpy(row->comm, ch->owner.comm, sizeof(row->comm));
	if (info.tcp_state)
		snprintf(row->state, sizeof(row->state), "%s", info.tcp_state);
	row->domain = info.domain;
	row->type = info.type;
	row->rx_queue = info.rx_queue;
	row->tx_queue = info.tx_queue;
	row->rtt_us = info.rtt_us;
	row->cwnd = info.cwnd;
	row->mss = info.mss;
	row->retransmits = info.retransmits;
	rpc_addr_from_sockaddr(&row->local, &info.local);
	rpc_addr_from_sockaddr(&row->peer, &info.peer);
	if (ch->fd < 0)
		return;
	if (!ioctl(ch->fd, SIOCOUTQ, &bytes))
		row->chan_rx = bytes;
	if (!ioctl(ch->fd, FIONREAD, &bytes))
		row->chan_tx = bytes;
}

int handle_SOCKS(struct call *call)
{
	struct channel *found[RPC_SOCKS_MAX];
	unsigned count = channels_after(call->handlers->channels,
	                                call->req->page.from, found,
	                                RPC_SOCKS_MAX);

	for (unsigned i = 0; i < count; i++)
		fill_row(&call->reply->socks.rows[i], found[i]);
	call->reply->socks.count = count;
	return 0;
}
