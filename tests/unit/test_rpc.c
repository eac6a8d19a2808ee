/* SPDX-License-Identifier: MIT */
/* The control protocol's codec: what is taken, what is refused and how. */
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "service/rpc.h"
#include "tests/fuzz/rpc_target.h"
#include "tests/unit/unit.h"

#define CORPUS "tests/fuzz/corpus/rpc"

static struct rpc_request request(unsigned op)
{
	struct rpc_request req;

	memset(&req, 0, sizeof(req));
	req.magic = RPC_MAGIC;
	req.version = RPC_VERSION;
	req.op = op;
	req.sock_id = rpc_op_has_sock(op) ? 7 : 0;
	if (op == RPC_RESOLVE)
		strcpy(req.resolve.name, "host");
	return req;
}

static int check(const struct rpc_request *req)
{
	struct rpc_request out;

	return rpc_request_check(req, sizeof(*req), &out);
}

static void test_every_op(void)
{
	for (unsigned op = 1; op < RPC_COUNT; op++) {
		struct rpc_request req = request(op);

		CU_ASSERT_EQUAL(check(&req), 0);
		req.sock_id = !req.sock_id;
		CU_ASSERT_EQUAL(check(&req), -EPROTO);
	}
}

static void test_head(void)
{
	struct rpc_request req = request(RPC_HELLO), out;

	for (size_t len = 0; len < sizeof(req); len++)
		CU_ASSERT_EQUAL(rpc_request_check(&req, len, &out), -EPROTO);
	CU_ASSERT_EQUAL(rpc_request_check(&req, sizeof(req) + 1, &out),
	                -EPROTO);
	req.magic++;
	CU_ASSERT_EQUAL(check(&req), -EPROTO);
	req = request(RPC_HELLO);
	req.version++;
	CU_ASSERT_EQUAL(check(&req), -EPROTONOSUPPORT);
	req = request(RPC_HELLO);
	req.flags = RPC_FLAG_NO_REPLY;
	CU_ASSERT_EQUAL(check(&req), -EPROTO);
	req = request(RPC_SETSOCKOPT);
	req.flags = RPC_FLAG_NO_REPLY;
	CU_ASSERT_EQUAL(check(&req), 0);
	req.flags |= RPC_FLAG_BYTES;
	CU_ASSERT_EQUAL(check(&req), 0);
	req.flags = RPC_FLAG_BYTES;
	CU_ASSERT_EQUAL(check(&req), -EPROTO);
	req.flags = RPC_FLAG_NO_REPLY | (RPC_FLAGS + 1);
	CU_ASSERT_EQUAL(check(&req), -EPROTO);
	req = request(RPC_INVALID);
	CU_ASSERT_EQUAL(check(&req), -EPROTO);
	req = request(RPC_COUNT);
	CU_ASSERT_EQUAL(check(&req), -EPROTO);
	CU_ASSERT_STRING_EQUAL(rpc_op_name(RPC_COUNT), "unknown");
	CU_ASSERT_STRING_EQUAL(rpc_op_name(RPC_CONNECT), "CONNECT");
}

static void test_bodies(void)
{
	struct rpc_request req = request(RPC_BIND);

	req.addr.family = AF_UNIX;
	CU_ASSERT_EQUAL(check(&req), -EAFNOSUPPORT);
	req = request(RPC_SETSOCKOPT);
	req.opt.len = RPC_OPTVAL_LEN;
	CU_ASSERT_EQUAL(check(&req), 0);
	req.opt.len++;
	CU_ASSERT_EQUAL(check(&req), -EPROTO);
	req = request(RPC_SHUTDOWN);
	req.shutdown.how = 3;
	CU_ASSERT_EQUAL(check(&req), -EINVAL);
	req.shutdown.how = -1;
	CU_ASSERT_EQUAL(check(&req), -EINVAL);
}

static void test_resolve(void)
{
	struct rpc_request req = request(RPC_RESOLVE);

	req.resolve.family = AF_UNIX;
	CU_ASSERT_EQUAL(check(&req), -EAFNOSUPPORT);
	req.resolve.family = AF_INET6;
	CU_ASSERT_EQUAL(check(&req), 0);
	memset(req.resolve.name, 'a', RPC_HOSTNAME_LEN);
	CU_ASSERT_EQUAL(check(&req), -EPROTO);
	req.resolve.name[RPC_HOSTNAME_LEN - 1] = '\0';
	CU_ASSERT_EQUAL(check(&req), 0);
	req.resolve.addr.family = AF_INET;
	CU_ASSERT_EQUAL(check(&req), -EPROTO);
	memset(req.resolve.name, 0, RPC_HOSTNAME_LEN);
	CU_ASSERT_EQUAL(check(&req), 0);
	req.resolve.addr.family = AF_UNSPEC;
	CU_ASSERT_EQUAL(check(&req), -EPROTO);
}

static void test_addr(void)
{
	struct rpc_addr addr = { .family = AF_INET6, .port = htons(443),
		                 .scope_id = 5, .addr = { 0xfe, 0x80 } };
	struct rpc_addr back;
	struct sockaddr_storage storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
	struct sockaddr_in *in = (struct sockaddr_in *)&storage;
	socklen_t len;

	CU_ASSERT_EQUAL(rpc_addr_to_sockaddr(&addr, &storage, &len), 0);
	CU_ASSERT_EQUAL(len, sizeof(*in6));
	CU_ASSERT_EQUAL(in6->sin6_port, htons(443));
	CU_ASSERT_EQUAL(in6->sin6_scope_id, 5);
	rpc_addr_from_sockaddr(&back, &storage);
	CU_ASSERT_EQUAL(memcmp(&addr, &back, sizeof(addr)), 0);
	addr = (struct rpc_addr){ .family = AF_INET, .port = htons(80),
		                  .addr = { 10, 0, 0, 1 } };
	CU_ASSERT_EQUAL(rpc_addr_to_sockaddr(&addr, &storage, &len), 0);
	CU_ASSERT_EQUAL(in->sin_addr.s_addr, htonl(0x0a000001));
	rpc_addr_from_sockaddr(&back, &storage);
	CU_ASSERT_EQUAL(memcmp(&addr, &back, sizeof(addr)), 0);
	storage.ss_family = AF_UNIX;
	rpc_addr_from_sockaddr(&back, &storage);
	CU_ASSERT_EQUAL(back.family, AF_UNSPEC);
	addr.family = AF_UNIX;
	CU_ASSERT_EQUAL(rpc_addr_to_sockaddr(&addr, &storage, &len),
	                -EAFNOSUPPORT);
}

static void test_name(void)
{
	struct rpc_name name = { .instance = 1, .sock_id = 2,
		                 .end = RPC_END_SERVICE, .domain = AF_INET6,
		                 .type = SOCK_STREAM }, back;
	struct sockaddr_un un;
	socklen_t len;

	memcpy(name.magic, RPC_NAME_MAGIC, sizeof(name.magic));
	len = rpc_name_build(&name, &un);
	CU_ASSERT_EQUAL(un.sun_path[0], '\0');
	CU_ASSERT_EQUAL(rpc_name_parse(&un, len, &back), 0);
	CU_ASSERT_EQUAL(memcmp(&name, &back, sizeof(name)), 0);
	CU_ASSERT_EQUAL(rpc_name_parse(&un, len - 1, &back), -ENOENT);
	CU_ASSERT_EQUAL(rpc_name_parse(&un, 2, &back), -ENOENT);
	un.sun_path[1] ^= 1;
	CU_ASSERT_EQUAL(rpc_name_parse(&un, len, &back), -ENOENT);
	name.end = RPC_END_COUNT;
	rpc_name_build(&name, &un);
	CU_ASSERT_EQUAL(rpc_name_parse(&un, len, &back), -ENOENT);
}

static void test_dgram(void)
{
	struct rpc_dgram header = { .instance = 9, .magic = RPC_MAGIC,
		                    .kind = RPC_DGRAM_DATA }, out;

	CU_ASSERT_EQUAL(rpc_dgram_parse(&header, sizeof(header), 9, &out),
	                RPC_DGRAM_FORM_HEADER);
	CU_ASSERT_EQUAL(rpc_dgram_parse(&header, sizeof(header), 8, &out),
	                RPC_DGRAM_FORM_RAW);
	CU_ASSERT_EQUAL(rpc_dgram_parse(&header, sizeof(header) - 1, 9, &out),
	                RPC_DGRAM_FORM_RAW);
	header.kind = RPC_DGRAM_ERROR;
	CU_ASSERT_EQUAL(rpc_dgram_parse(&header, sizeof(header), 9, &out),
	                RPC_DGRAM_FORM_INVALID);
	header.kind = RPC_DGRAM_DATA;
	header.local.family = AF_UNIX;
	CU_ASSERT_EQUAL(rpc_dgram_parse(&header, sizeof(header), 9, &out),
	                RPC_DGRAM_FORM_INVALID);
}

/* Each file of the corpus, and each with any one byte changed. */
static void test_corpus(void)
{
	static uint8_t data[65536];
	DIR *dir = opendir(CORPUS);
	struct dirent *entry;
	char path[512];
	unsigned files = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((entry = readdir(dir))) {
		FILE *file;
		size_t len;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), CORPUS "/%s", entry->d_name);
		file = fopen(path, "rb");
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		len = fread(data, 1, sizeof(data), file);
		fclose(file);
		rpc_target_one(data, len);
		for (size_t i = 0; i < len; i++) {
			data[i] ^= 0x81;
			rpc_target_one(data, len);
			data[i] ^= 0x81;
		}
		files++;
	}
	closedir(dir);
	CU_ASSERT_TRUE(files >= RPC_COUNT);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_every_op),
		UNIT_TEST(test_head),
		UNIT_TEST(test_bodies),
		UNIT_TEST(test_resolve),
		UNIT_TEST(test_addr),
		UNIT_TEST(test_name),
		UNIT_TEST(test_dgram),
		UNIT_TEST(test_corpus),
		{ NULL, NULL }
	};

	return unit_run("rpc", NULL, NULL, tests);
}
