/* SPDX-License-Identifier: MIT */
/* The command line: every type of value, what is refused and how it is said;
 * the rows against --help and against the man page.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "service/cli.h"
#include "tests/unit/unit.h"

#define WORD_MAX 16
#define PAGE "docs/netcond.8"

static struct cli_conf conf;
static char why[CLI_WHY_LEN];

/* Parse the blank-separated words after the program's name. */
static int parse(const char *line)
{
	static char text[1024];
	static char *words[WORD_MAX + 2];
	char *rest = NULL;
	int count = 1;

	snprintf(text, sizeof(text), "%s", line);
	memset(words, 0, sizeof(words));
	words[0] = (char *)"netcond";
	for (char *word = strtok_r(text, " ", &rest); word && count <= WORD_MAX;
	     word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	why[0] = 0;
	return cli_parse(count, words, &conf, why);
}

/* The line must be refused with a sentence that has both texts in it. */
static void refuses(const char *line, const char *quoted, const char *expected)
{
	CU_ASSERT_EQUAL(parse(line), -EINVAL);
	if (strstr(why, quoted) && strstr(why, expected))
		return;
	printf("\n'%s' was refused with: %s\n", line, why);
	CU_FAIL("the sentence lacks what it should say");
}

static void test_defaults(void)
{
	CU_ASSERT_EQUAL_FATAL(parse("--if tap0"), 0);
	CU_ASSERT_STRING_EQUAL(conf.device.backend, "tap");
	CU_ASSERT_STRING_EQUAL(conf.device.name, "tap0");
	CU_ASSERT_TRUE(conf.device.has_host_side);
	CU_ASSERT_EQUAL(conf.poll_mode, LOOP_POLL_ADAPTIVE);
	CU_ASSERT_EQUAL(conf.spin_us, LOOP_SPIN_US);
	CU_ASSERT_EQUAL(conf.cpu, -1);
	CU_ASSERT_EQUAL(conf.ready_fd, -1);
	CU_ASSERT_EQUAL(conf.mtu, 0);
	CU_ASSERT_EQUAL(conf.addrs.count, 0);
	CU_ASSERT_FALSE(conf.use_dhcp);
	CU_ASSERT_FALSE(conf.mac.is_set);
	CU_ASSERT_PTR_NULL(conf.socket_path);
	CU_ASSERT_PTR_NULL(conf.program);
}

static void test_every_value(void)
{
	const struct sockaddr_in *sin = (void *)&conf.dns.items[0];
	const struct sockaddr_in6 *sin6 = (void *)&conf.dns.items[1];

	CU_ASSERT_EQUAL_FATAL(parse("--if=tap7 --addr 10.1.2.3/24"
	                            " --addr fd00::3/64 --gw 10.1.2.1"
	                            " --gw fd00::1 --dns 10.1.2.1"
	                            " --dns [fd00::1]:5353"), 0);
	CU_ASSERT_EQUAL(conf.addrs.count, 2);
	CU_ASSERT_EQUAL(conf.addrs.items[0].family, AF_INET);
	CU_ASSERT_EQUAL(conf.addrs.items[0].prefix_len, 24);
	CU_ASSERT_EQUAL(conf.addrs.items[0].in.s_addr, htonl(0x0a010203));
	CU_ASSERT_EQUAL(conf.addrs.items[1].family, AF_INET6);
	CU_ASSERT_EQUAL(conf.gateways.count, 2);
	CU_ASSERT_EQUAL(conf.dns.count, 2);
	CU_ASSERT_EQUAL(ntohs(sin->sin_port), 53);
	CU_ASSERT_EQUAL(ntohs(sin6->sin6_port), 5353);

	CU_ASSERT_EQUAL_FATAL(parse("--if tap0 --mac 02:00:5E:10:00:ff"
	                            " --mtu 9000 --host-addr 10.1.2.1/24"
	                            " --poll sleep --spin-us 70 --cpu 1"), 0);
	CU_ASSERT_TRUE(conf.mac.is_set);
	CU_ASSERT_EQUAL(memcmp(conf.mac.addr, "\2\0\x5e\x10\0\xff", 6), 0);
	CU_ASSERT_EQUAL(conf.mtu, 9000);
	CU_ASSERT_EQUAL(conf.host_addrs.count, 1);
	CU_ASSERT_EQUAL(conf.poll_mode, LOOP_POLL_SLEEP);
	CU_ASSERT_EQUAL(conf.spin_us, 70);
	CU_ASSERT_EQUAL(conf.cpu, 1);

	CU_ASSERT_EQUAL_FATAL(parse("--if tap0 --user u --stats"), 0);
	CU_ASSERT_STRING_EQUAL(conf.user, "u");
	CU_ASSERT_TRUE(conf.is_stats);
	CU_ASSERT_EQUAL_FATAL(parse("--if tap0 --socket /s --pcap f --ready-fd"
	                            " 3 --daemon --pidfile p --no-offload -vv"
	                            " --verbose"), 0);
	CU_ASSERT_STRING_EQUAL(conf.socket_path, "/s");
	CU_ASSERT_STRING_EQUAL(conf.pcap_path, "f");
	CU_ASSERT_STRING_EQUAL(conf.pidfile_path, "p");
	CU_ASSERT_EQUAL(conf.ready_fd, 3);
	CU_ASSERT_TRUE(conf.is_daemon);
	CU_ASSERT_TRUE(conf.no_offload);
	CU_ASSERT_EQUAL(conf.verbosity, 3);
}

static void test_program(void)
{
	CU_ASSERT_EQUAL_FATAL(parse("--if tap0 -- ./server --if tap1"), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conf.program);
	CU_ASSERT_STRING_EQUAL(conf.program[0], "./server");
	CU_ASSERT_STRING_EQUAL(conf.program[1], "--if");
	CU_ASSERT_STRING_EQUAL(conf.device.name, "tap0");
	refuses("--if tap0 --", "'--'", "a program is expected");
	refuses("--if tap0 ./server", "'./server'", "'--'");
	refuses("--if tap0 --daemon -- ./server", "--daemon", "program");
	CU_ASSERT_EQUAL(parse("--packet eth1"), 0);
	CU_ASSERT_TRUE(conf.use_dhcp);
	CU_ASSERT_EQUAL(parse("--packet eth1 --addr 10.1.2.3/24"), 0);
	CU_ASSERT_FALSE(conf.use_dhcp);
	refuses("--packet eth1 --dhcp --addr 10.1.2.3/24", "--dhcp", "IPv4");
	refuses("--packet eth1 --addr 10.1.2.3/24 --host-addr 10.1.2.1/24",
	        "--host-addr", "no side");
	refuses("--packet eth1 --if tap0", "'tap0'", "--packet 'eth1'");
	refuses("--if tap0 --daemon --stats", "--stats", "netcon stat");
}

static void test_help_and_version_need_nothing_else(void)
{
	CU_ASSERT_EQUAL(parse("--help"), 0);
	CU_ASSERT_TRUE(conf.is_help);
	CU_ASSERT_EQUAL(parse("-h --nonsense"), 0);
	CU_ASSERT_TRUE(conf.is_help);
	CU_ASSERT_EQUAL(parse("-V"), 0);
	CU_ASSERT_TRUE(conf.is_version);
}

static void test_unknown_options(void)
{
	refuses("", "no device", "--if TAP");
	refuses("--addres 10.1.2.3/24", "'--addres'", "--addr?");
	refuses("--deamon", "'--deamon'", "--daemon?");
	refuses("--frobnicate", "'--frobnicate'", "--help");
	refuses("--i=tap0", "'--i=tap0'", "");
	refuses("-x", "'-x'", "--help");
	refuses("-vx", "'-vx'", "--help");
	refuses("--if", "--if", "--if TAP");
	refuses("--daemon=yes", "'yes'", "no value");
	/* Longer than the table of edits. */
	refuses("--abcdefghijabcdefghijabcdefghijabcdefghij", "abcdefghij",
	        "--help");
}

static void test_bad_values(void)
{
	refuses("--if tap0 --if tap1", "'tap1'", "'tap0'");
	refuses("--if averyveryverylongname", "'averyveryverylongname'",
	        "1 to 15");
	refuses("--if a/b", "'a/b'", "1 to 15");
	refuses("--if=", "''", "expected");
	refuses("--if t --addr 10.300.0.1/24", "'10.300.0.1/24'", "10.1.2.3/24");
	refuses("--if t --addr 10.0.0.1", "'10.0.0.1'", "prefix");
	refuses("--if t --addr 10.0.0.1/33", "'10.0.0.1/33'", "prefix");
	refuses("--if t --addr 10.0.0.0/24", "'10.0.0.0/24'", "network itself");
	refuses("--if t --addr 10.0.0.255/24", "'10.0.0.255/24'", "broadcast");
	refuses("--if t --addr 127.0.0.1/8", "'127.0.0.1/8'", "unicast");
	refuses("--if t --addr 224.0.0.1/24", "'224.0.0.1/24'", "unicast");
	refuses("--if t --addr ::1/128", "'::1/128'", "unicast");
	refuses("--if t --addr ff02::1/64", "'ff02::1/64'", "unicast");
	refuses("--if t --addr 10.0.0.1/24 --addr 10.0.1.1/24", "--addr",
	        "there are 2");
	refuses("--if t --gw 10.0.0.1/24", "'10.0.0.1/24'", "without a prefix");
	refuses("--if t --gw 10.0.0.1 --gw 10.0.0.2", "'10.0.0.2'",
	        "of each family");
	refuses("--if t --dns x", "'x'", "10.1.2.1:5353");
	refuses("--if t --dns 10.0.0.1:0", "'10.0.0.1:0'", "name server");
	refuses("--if t --mac 02:00:00:00:00", "'02:00:00:00:00'", "pairs");
	refuses("--if t --mac 02:00:00:00:00:001", "00:001'", "pairs");
	refuses("--if t --mac 01:00:00:00:00:00", "'01:", "first byte even");
	refuses("--if t --mac 00:00:00:00:00:00", "'00:", "not zero");
	refuses("--if t --mtu 1279", "'1279'", "1280 to 65535");
	refuses("--if t --mtu 65536", "'65536'", "1280 to 65535");
	refuses("--if t --mtu 1500x", "'1500x'", "a number");
	refuses("--if t --mtu -5", "'-5'", "a number");
	refuses("--if t --mtu 99999999999999999999", "'9999", "a number");
	refuses("--if t --poll never", "'never'", "busy, adaptive or sleep");
	refuses("--if t --cpu -1", "'-1'", "a number");
	refuses("--if t --ready-fd x", "'x'", "a number");
	refuses("--if t --socket=", "''", "expected");
}

static void test_list_limits(void)
{
	char line[512] = "--if t";

	for (int i = 0; i < STACK_DNS_MAX; i++)
		strcat(line, " --dns 10.0.0.1");
	CU_ASSERT_EQUAL(parse(line), 0);
	strcat(line, " --dns 10.0.0.9");
	refuses(line, "'10.0.0.9'", "at most");
	strcpy(line, "--if=t");
	for (int i = 0; i < STACK_ADDR_MAX; i++)
		strcat(line, " --host-addr=10.0.0.1/24");
	CU_ASSERT_EQUAL(parse(line), 0);
	strcat(line, " --host-addr=10.0.0.9/24");
	refuses(line, "'10.0.0.9/24'", "at most");
}

/* Every row is complete, and its preset is a value it takes. */
static void test_rows(void)
{
	for (const struct cli_row *row = cli_rows; row->name; row++) {
		CU_ASSERT(row->type > CLI_INVALID);
		CU_ASSERT(row->type < CLI_TYPE_COUNT);
		CU_ASSERT(row->offset < sizeof(struct cli_conf));
		CU_ASSERT_PTR_NOT_NULL(row->help);
		CU_ASSERT_EQUAL(row->type == CLI_DEVICE, !!row->backend);
		CU_ASSERT_EQUAL(row->type == CLI_FLAG ||
		                row->type == CLI_COUNT_UP, !row->metavar);
		if (row->preset)
			CU_ASSERT_EQUAL(cli_value_set(row, row->preset, &conf,
			                              why), 0);
		for (const struct cli_row *other = row + 1; other->name;
		     other++)
			CU_ASSERT(strcmp(row->name, other->name) != 0);
	}
}

/* Each device that a row names is one that fastpath has. */
static void test_backends_exist(void)
{
	for (const struct cli_row *row = cli_rows; row->name; row++) {
		bool is_found = row->type != CLI_DEVICE;

		for (int i = 0; netdev_backends[i] && !is_found; i++)
			is_found = !strcmp(netdev_backends[i]->name,
			                   row->backend);
		CU_ASSERT_TRUE(is_found);
	}
}

static void test_help_has_every_row(void)
{
	char *text = NULL, wanted[64];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	cli_print_help(out);
	fclose(out);
	for (const struct cli_row *row = cli_rows; row->name; row++) {
		snprintf(wanted, sizeof(wanted), " --%s%s%s ", row->name,
		         row->metavar ? " " : "",
		         row->metavar ? row->metavar : "");
		CU_ASSERT_PTR_NOT_NULL(strstr(text, wanted));
	}
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		CU_ASSERT(strcspn(line, "\n") <= 80);
	free(text);
}

/* The repository's root: the first directory above this program with the page. */
static char *read_page(void)
{
	static char page[65536];
	char path[PATH_MAX + 32];
	char dir[PATH_MAX] = "";
	FILE *file = NULL;
	size_t len;

	if (readlink("/proc/self/exe", dir, sizeof(dir) - 1) <= 0)
		return NULL;
	while (!file && *dir) {
		*strrchr(dir, '/') = 0;
		snprintf(path, sizeof(path), "%s/" PAGE, dir);
		file = fopen(path, "r");
	}
	if (!file)
		return NULL;
	len = fread(page, 1, sizeof(page) - 1, file);
	fclose(file);
	page[len] = 0;
	return page;
}

static void test_man_page_has_every_row(void)
{
	const char *page = read_page();
	char wanted[96];

	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	for (const struct cli_row *row = cli_rows; row->name; row++) {
		int used = snprintf(wanted, sizeof(wanted), ".It ");

		if (row->short_name)
			used += snprintf(wanted + used, sizeof(wanted) - used,
			                 "Fl %c , ", row->short_name);
		snprintf(wanted + used, sizeof(wanted) - used, "Fl -%s%s%s\n",
		         row->name, row->metavar ? " Ar " : "",
		         row->metavar ? row->metavar : "");
		if (strstr(page, wanted))
			continue;
		printf("\n" PAGE " lacks: %s", wanted);
		CU_FAIL("the man page lacks an option");
	}
}

/* And the other way round: the page has no option that does not exist. */
static void test_man_page_has_nothing_else(void)
{
	const char *page = read_page();
	unsigned count = 0, rows = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	while ((page = strstr(page, "\n.It Fl "))) {
		count++;
		page++;
	}
	while (cli_rows[rows].name)
		rows++;
	CU_ASSERT_EQUAL(count, rows);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_defaults),
		UNIT_TEST(test_every_value),
		UNIT_TEST(test_program),
		UNIT_TEST(test_help_and_version_need_nothing_else),
		UNIT_TEST(test_unknown_options),
		UNIT_TEST(test_bad_values),
		UNIT_TEST(test_list_limits),
		UNIT_TEST(test_rows),
		UNIT_TEST(test_backends_exist),
		UNIT_TEST(test_help_has_every_row),
		UNIT_TEST(test_man_page_has_every_row),
		UNIT_TEST(test_man_page_has_nothing_else),
		{ 0 }
	};

	return unit_run("cli", NULL, NULL, tests);
}
