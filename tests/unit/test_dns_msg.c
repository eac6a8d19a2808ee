/* SPDX-License-Identifier: MIT */
/* DNS messages: what is asked, understood and rejected; the fuzz corpus. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack/cidr.h"
#include "stack/dns_msg.h"
#include "stack/dns_name.h"
#include "tests/fuzz/dns_msg_target.h"
#include "tests/unit/unit.h"

#define CORPUS "tests/fuzz/corpus/dns_msg"
#define CORPUS_COUNT 20

#define FLAGS_OK 0x8180
#define FLAGS_NXDOMAIN 0x8183
#define FLAGS_TRUNCATED 0x8380

/* A message under construction. */
static uint8_t msg[4096];
static size_t len;

static void put16(unsigned value)
{
	msg[len++] = (uint8_t)(value >> 8);
	msg[len++] = (uint8_t)value;
}

static void put_name(const char *text)
{
	struct dns_name name;

	CU_ASSERT_EQUAL_FATAL(dns_name_from_text(text, &name), 0);
	memcpy(msg + len, name.wire, name.len);
	len += name.len;
}

static void begin(unsigned flags, unsigned answers, const char *name,
                  unsigned type)
{
	len = 0;
	put16(0x1234);
	put16(flags);
	put16(1);
	put16(answers);
	put16(0);
	put16(0);
	put_name(name);
	put16(type);
	put16(1);
}

static void put_record_head(const char *owner, unsigned type, uint32_t ttl,
                            size_t data_len)
{
	if (owner)
		put_name(owner);
	else
		put16(0xc00c); /* the question's name */
	put16(type);
	put16(1);
	put16(ttl >> 16);
	put16(ttl & 0xffff);
	put16((unsigned)data_len);
}

static void put_a(const char *owner, const char *addr, uint32_t ttl)
{
	put_record_head(owner, DNS_TYPE_A, ttl, 4);
	inet_pton(AF_INET, addr, msg + len);
	len += 4;
}

static void put_name_record(const char *owner, unsigned type,
                            const char *target, uint32_t ttl)
{
	size_t before;

	put_record_head(owner, type, ttl, 0);
	before = len;
	put_name(target);
	msg[before - 2] = (uint8_t)((len - before) >> 8);
	msg[before - 1] = (uint8_t)(len - before);
}

static const struct dns_query query_a = {
	.name = "www.example.org", .id = 0x1234, .type = DNS_TYPE_A,
};
static struct dns_answer answer;

static int parse(void)
{
	return dns_msg_parse(msg, len, &query_a, &answer);
}

static bool has_addr(unsigned idx, const char *text)
{
	struct stack_cidr want;

	CU_ASSERT_EQUAL_FATAL(cidr_parse_addr(text, &want), 0);
	return idx < answer.addr_count &&
	       cidr_contains(&want, &answer.addrs[idx]);
}

static void test_encode(void)
{
	static const uint8_t want[] = {
		0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0,
		3, 'w', 'w', 'w', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e',
		3, 'o', 'r', 'g', 0, 0, 1, 0, 1,
	};
	uint8_t buf[DNS_QUERY_LEN];

	CU_ASSERT_EQUAL(dns_msg_encode(&query_a, buf, sizeof(buf)),
	                (int)sizeof(want));
	CU_ASSERT_EQUAL(memcmp(buf, want, sizeof(want)), 0);
	CU_ASSERT_EQUAL(dns_msg_encode(&query_a, buf, sizeof(want) - 1),
	                -ENOSPC);
}

static int encode_name(const char *name)
{
	struct dns_query query = { .name = name, .type = DNS_TYPE_A };
	uint8_t buf[DNS_QUERY_LEN];

	return dns_msg_encode(&query, buf, sizeof(buf));
}

static void test_encode_bounds(void)
{
	char name[300];

	CU_ASSERT_EQUAL(encode_name("a."), 12 + 3 + 4);
	CU_ASSERT_EQUAL(encode_name(""), -EINVAL);
	CU_ASSERT_EQUAL(encode_name("."), -EINVAL);
	CU_ASSERT_EQUAL(encode_name("a..b"), -EINVAL);
	CU_ASSERT_EQUAL(encode_name(".a"), -EINVAL);
	memset(name, 'a', sizeof(name));
	name[63] = '\0';
	CU_ASSERT_TRUE(encode_name(name) > 0);
	name[63] = 'a';
	name[64] = '\0';
	CU_ASSERT_EQUAL(encode_name(name), -EINVAL);
	memset(name, 'a', sizeof(name));
	for (int i = 1; i < 300; i += 2)
		name[i] = '.';
	name[253] = '\0'; /* 127 labels: 255 bytes on the wire */
	CU_ASSERT_EQUAL(encode_name(name), 12 + 255 + 4);
	name[253] = '.';
	name[255] = '\0';
	CU_ASSERT_EQUAL(encode_name(name), -EINVAL);
}

static void test_addresses(void)
{
	begin(FLAGS_OK, 2, "www.example.org", DNS_TYPE_A);
	put_a(NULL, "192.0.2.1", 300);
	put_a("WWW.Example.ORG", "192.0.2.2", 60);
	CU_ASSERT_EQUAL(parse(), 0);
	CU_ASSERT_EQUAL(answer.addr_count, 2);
	CU_ASSERT_TRUE(has_addr(0, "192.0.2.1"));
	CU_ASSERT_TRUE(has_addr(1, "192.0.2.2"));
	CU_ASSERT_EQUAL(answer.ttl_s, 60);
	CU_ASSERT_STRING_EQUAL(answer.name, "www.example.org");
}

static void test_records_of_others_are_passed_over(void)
{
	begin(FLAGS_OK, 3, "www.example.org", DNS_TYPE_A);
	put_a("evil.example.com", "192.0.2.66", 1);
	put_name_record("evil.example.com", DNS_TYPE_CNAME, "a.org", 1);
	put_a(NULL, "192.0.2.1", 300);
	CU_ASSERT_EQUAL(parse(), 0);
	CU_ASSERT_EQUAL(answer.addr_count, 1);
	CU_ASSERT_TRUE(has_addr(0, "192.0.2.1"));
	CU_ASSERT_EQUAL(answer.ttl_s, 300);
}

static void test_cname_chain(void)
{
	begin(FLAGS_OK, 3, "www.example.org", DNS_TYPE_A);
	put_name_record(NULL, DNS_TYPE_CNAME, "a.example.org", 30);
	put_name_record("a.example.org", DNS_TYPE_CNAME, "b.example.org", 20);
	put_a("b.example.org", "192.0.2.1", 300);
	CU_ASSERT_EQUAL(parse(), 0);
	CU_ASSERT_EQUAL(answer.addr_count, 1);
	CU_ASSERT_STRING_EQUAL(answer.name, "b.example.org");
	CU_ASSERT_EQUAL(answer.ttl_s, 20);
}

static void test_cname_in_any_order(void)
{
	begin(FLAGS_OK, 3, "www.example.org", DNS_TYPE_A);
	put_a("b.example.org", "192.0.2.1", 300);
	put_name_record("a.example.org", DNS_TYPE_CNAME, "b.example.org", 20);
	put_name_record(NULL, DNS_TYPE_CNAME, "a.example.org", 30);
	CU_ASSERT_EQUAL(parse(), 0);
	CU_ASSERT_EQUAL(answer.addr_count, 1);
	CU_ASSERT_STRING_EQUAL(answer.name, "b.example.org");
}

static void test_cname_loop_ends(void)
{
	begin(FLAGS_OK, 2, "www.example.org", DNS_TYPE_A);
	put_name_record(NULL, DNS_TYPE_CNAME, "a.example.org", 30);
	put_name_record("a.example.org", DNS_TYPE_CNAME, "www.example.org", 30);
	CU_ASSERT_EQUAL(parse(), 0);
	CU_ASSERT_EQUAL(answer.addr_count, 0);
}

static void test_no_name_and_no_address(void)
{
	begin(FLAGS_NXDOMAIN, 0, "www.example.org", DNS_TYPE_A);
	CU_ASSERT_EQUAL(parse(), 0);
	CU_ASSERT_EQUAL(answer.rcode, DNS_RCODE_NXDOMAIN);
	begin(FLAGS_OK, 0, "www.example.org", DNS_TYPE_A);
	CU_ASSERT_EQUAL(parse(), 0);
	CU_ASSERT_EQUAL(answer.rcode, DNS_RCODE_OK);
	CU_ASSERT_EQUAL(answer.addr_count, 0);
	CU_ASSERT_EQUAL(answer.ttl_s, 0);
}

static void test_truncated_keeps_what_is_whole(void)
{
	begin(FLAGS_TRUNCATED, 2, "www.example.org", DNS_TYPE_A);
	put_a(NULL, "192.0.2.1", 300);
	put_a(NULL, "192.0.2.2", 300);
	len -= 3;
	CU_ASSERT_EQUAL(parse(), 0);
	CU_ASSERT_TRUE(answer.is_truncated);
	CU_ASSERT_EQUAL(answer.addr_count, 1);
}

static void test_too_many_are_cut(void)
{
	begin(FLAGS_OK, 40, "www.example.org", DNS_TYPE_A);
	for (int i = 0; i < 40; i++)
		put_a(NULL, "192.0.2.1", 300);
	CU_ASSERT_EQUAL(parse(), 0);
	CU_ASSERT_EQUAL(answer.addr_count, STACK_RESOLVE_ADDR_MAX);
}

static void test_not_the_answer(void)
{
	begin(FLAGS_OK, 0, "www.example.org", DNS_TYPE_A);
	msg[1] ^= 1; /* id */
	CU_ASSERT_EQUAL(parse(), -EBADMSG);
	begin(0x0100, 0, "www.example.org", DNS_TYPE_A); /* a query */
	CU_ASSERT_EQUAL(parse(), -EBADMSG);
	begin(0xa980, 0, "www.example.org", DNS_TYPE_A); /* another opcode */
	CU_ASSERT_EQUAL(parse(), -EBADMSG);
	begin(FLAGS_OK, 0, "www.example.com", DNS_TYPE_A);
	CU_ASSERT_EQUAL(parse(), -EBADMSG);
	begin(FLAGS_OK, 0, "www.example.org", DNS_TYPE_AAAA);
	CU_ASSERT_EQUAL(parse(), -EBADMSG);
	begin(FLAGS_OK, 0, "www.example.org", DNS_TYPE_A);
	msg[5] = 2; /* questions */
	CU_ASSERT_EQUAL(parse(), -EBADMSG);
}

/* Each prefix of a good message is malformed: nothing is read past the end. */
static void test_every_cut_is_rejected(void)
{
	size_t whole;
	uint8_t *copy;

	begin(FLAGS_OK, 2, "www.example.org", DNS_TYPE_A);
	put_name_record(NULL, DNS_TYPE_CNAME, "a.example.org", 30);
	put_a("a.example.org", "192.0.2.1", 300);
	whole = len;
	for (size_t cut = 0; cut < whole; cut++) {
		copy = malloc(cut ? cut : 1);
		memcpy(copy, msg, cut);
		CU_ASSERT_EQUAL(dns_msg_parse(copy, cut, &query_a, &answer),
		                -EBADMSG);
		free(copy);
	}
}

static void test_pointers_only_go_back(void)
{
	static const unsigned bad[] = { 0xc021, 0xc022, 0xc0ff, 0xffff };

	for (unsigned i = 0; i < 4; i++) {
		begin(FLAGS_OK, 1, "www.example.org", DNS_TYPE_A);
		CU_ASSERT_EQUAL(len, 0x21);
		put16(bad[i]);
		put16(DNS_TYPE_A);
		put16(1);
		put16(0);
		put16(1);
		put16(4);
		len += 4;
		CU_ASSERT_EQUAL(parse(), -EBADMSG);
	}
}

static void test_pointer(void)
{
	static const struct stack_cidr v4 = {
		.family = AF_INET, .in.s_addr = 0x0100007f,
	};
	struct dns_query query = { .id = 0x1234, .type = DNS_TYPE_PTR };
	char name[DNS_NAME_LEN];
	struct stack_cidr v6;

	CU_ASSERT_EQUAL(dns_msg_reverse_name(&v4, name), 0);
	CU_ASSERT_STRING_EQUAL(name, "1.0.0.127.in-addr.arpa");
	query.name = name;
	begin(FLAGS_OK, 1, name, DNS_TYPE_PTR);
	put_name_record(NULL, DNS_TYPE_PTR, "localhost.example.org", 9);
	CU_ASSERT_EQUAL(dns_msg_parse(msg, len, &query, &answer), 0);
	CU_ASSERT_STRING_EQUAL(answer.name, "localhost.example.org");
	CU_ASSERT_EQUAL(cidr_parse_addr("2001:db8::1", &v6), 0);
	CU_ASSERT_EQUAL(dns_msg_reverse_name(&v6, name), 0);
	CU_ASSERT_STRING_EQUAL(name, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	                             "0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
	v6.family = AF_UNIX;
	CU_ASSERT_EQUAL(dns_msg_reverse_name(&v6, name), -EINVAL);
}

/* Programs print names and compare them: no bytes that a host name lacks. */
static void test_odd_names_are_not_told(void)
{
	struct dns_query query = {
		.name = "1.2.3.4.in-addr.arpa", .id = 0x1234,
		.type = DNS_TYPE_PTR,
	};

	begin(FLAGS_OK, 1, query.name, DNS_TYPE_PTR);
	put_name_record(NULL, DNS_TYPE_PTR, "a\nb.example.org", 9);
	CU_ASSERT_EQUAL(dns_msg_parse(msg, len, &query, &answer), 0);
	CU_ASSERT_STRING_EQUAL(answer.name, "");
}

static void replay(const char *file_name)
{
	char path[512];
	uint8_t buf[4096];
	size_t got;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", CORPUS, file_name);
	file = fopen(path, "rb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	got = fread(buf, 1, sizeof(buf), file);
	fclose(file);
	dns_msg_target_one(buf, got);
	/* And each file with every byte damaged, one at a time. */
	for (size_t i = 1; i < got; i++) {
		buf[i] ^= 0xff;
		dns_msg_target_one(buf, got);
		buf[i] ^= 0xff;
	}
}

static void test_corpus(void)
{
	DIR *dir = opendir(CORPUS);
	unsigned count = 0;
	struct dirent *entry;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		replay(entry->d_name);
		count++;
	}
	closedir(dir);
	CU_ASSERT_TRUE(count >= CORPUS_COUNT);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_encode),
	UNIT_TEST(test_encode_bounds),
	UNIT_TEST(test_addresses),
	UNIT_TEST(test_records_of_others_are_passed_over),
	UNIT_TEST(test_cname_chain),
	UNIT_TEST(test_cname_in_any_order),
	UNIT_TEST(test_cname_loop_ends),
	UNIT_TEST(test_no_name_and_no_address),
	UNIT_TEST(test_truncated_keeps_what_is_whole),
	UNIT_TEST(test_too_many_are_cut),
	UNIT_TEST(test_not_the_answer),
	UNIT_TEST(test_every_cut_is_rejected),
	UNIT_TEST(test_pointers_only_go_back),
	UNIT_TEST(test_pointer),
	UNIT_TEST(test_odd_names_are_not_told),
	UNIT_TEST(test_corpus),
	{ NULL, NULL },
};

int main(void)
{
	return unit_run("dns_msg", NULL, NULL, tests);
}
