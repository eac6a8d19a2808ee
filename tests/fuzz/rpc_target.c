/* SPDX-License-Identifier: MIT */
/* What any bytes must hold true of the control protocol's codec: a request that
 * passes the check is one that every handler can act on without looking at its
 * fields again. A claim that fails aborts.
 */
#include "tests/fuzz/rpc_target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "service/rpc.h"

#define CLAIM(what)                                                           \
	do {                                                                  \
		if (!(what))                                                  \
			abort();                                              \
	} while (0)

static void check_addr(const struct rpc_addr *addr)
{
	struct sockaddr_storage storage;
	struct rpc_addr back;
	socklen_t len;

	CLAIM(!rpc_addr_to_sockaddr(addr, &storage, &len));
	CLAIM(len <= sizeof(storage));
	rpc_addr_from_sockaddr(&back, &storage);
	CLAIM(back.family == addr->family);
	CLAIM(back.family == AF_UNSPEC || back.port == addr->port);
}

static void check_request(const uint8_t *data, size_t len)
{
	struct rpc_request req;
	int err = rpc_request_check(data, len, &req);

	CLAIM(err <= 0);
	if (err)
		return;
	CLAIM(len == sizeof(req) && req.magic == RPC_MAGIC);
	CLAIM(req.op > RPC_INVALID && req.op < RPC_COUNT);
	CLAIM(!!req.sock_id == rpc_op_has_sock(req.op));
	CLAIM(strcmp(rpc_op_name(req.op), "unknown") != 0);
	if (req.op == RPC_BIND || req.op == RPC_CONNECT)
		check_addr(&req.addr);
	if (req.op == RPC_GETSOCKOPT || req.op == RPC_SETSOCKOPT)
		CLAIM(req.opt.len <= sizeof(req.opt.val));
	if (req.op == RPC_RESOLVE) {
		CLAIM(memchr(req.resolve.name, 0, sizeof(req.resolve.name)));
		check_addr(&req.resolve.addr);
	}
}

static void check_name(const uint8_t *data, size_t len)
{
	struct sockaddr_un un = { 0 }, again;
	struct rpc_name name;

	if (len > sizeof(un))
		len = sizeof(un);
	memcpy(&un, data, len);
	if (rpc_name_parse(&un, len, &name))
		return;
	check_addr(&name.local);
	check_addr(&name.peer);
	CLAIM(rpc_name_build(&name, &again) == len);
	CLAIM(!memcmp(&again, &un, len));
}

static void check_dgram(const uint8_t *data, size_t len)
{
	struct rpc_dgram header;
	uint64_t instance = 0;
	enum rpc_dgram_form form;

	if (len >= sizeof(instance))
		memcpy(&instance, data, sizeof(instance));
	form = rpc_dgram_parse(data, len, instance, &header);
	if (form == RPC_DGRAM_FORM_HEADER) {
		CLAIM(len >= sizeof(header));
		check_addr(&header.peer);
		check_addr(&header.local);
	}
	form = rpc_dgram_parse(data, len, ~instance, &header);
	CLAIM(form == RPC_DGRAM_FORM_RAW);
}

/* Try len bytes at data as each thing that a client can send. */
void rpc_target_one(const uint8_t *data, size_t len)
{
	check_request(data, len);
	check_name(data, len);
	check_dgram(data, len);
}
