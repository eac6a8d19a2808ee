/* SPDX-License-Identifier: MIT */
/* The small client of the control channel, against services that answer, lie,
 * hang up or are not there; and which path is meant.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/proto/ctl.h"
#include "tests/unit/unit.h"

/* How the scripted service answers. */
enum manner {
	MANNER_GOOD,
	MANNER_ERROR,      /* with an errno */
	MANNER_SHORT,      /* half a reply */
	MANNER_LONG,       /* more than a reply */
	MANNER_MAGIC,      /* somebody else's */
	MANNER_VERSION,    /* of another version */
	MANNER_ID,         /* the reply to another request */
	MANNER_OP,
	MANNER_HANG_UP,
	MANNER_COUNT
};

static char path[CTL_PATH_LEN];
static char why[CTL_WHY_LEN];
static int listener;
static enum manner manner;
static struct rpc_request seen;

static void answer(int fd, const struct rpc_request *request)
{
	static struct {
		struct rpc_reply reply;
		char more[16];
	} message;
	struct rpc_reply *reply = &message.reply;
	size_t len = sizeof(*reply);

	memset(&message, 0, sizeof(message));
	reply->magic = RPC_MAGIC + (manner == MANNER_MAGIC);
	reply->version = RPC_VERSION + (manner == MANNER_VERSION);
	reply->op = (uint16_t)(request->op + (manner == MANNER_OP));
	reply->id = request->id + (manner == MANNER_ID);
	reply->error = manner == MANNER_ERROR ? ENOBUFS : 0;
	reply->hello.instance = 42;
	reply->hello.pid = 7;
	memset(reply->hello.backend, 'b', sizeof(reply->hello.backend));
	if (manner == MANNER_SHORT)
		len /= 2;
	if (manner == MANNER_LONG)
		len = sizeof(message);
	if (manner != MANNER_HANG_UP)
		send(fd, &message, len, MSG_NOSIGNAL);
}

/* One connection, until it ends. */
static void *serve(void *unused)
{
	int fd = accept(listener, NULL, NULL);

	while (recv(fd, &seen, sizeof(seen), 0) == sizeof(seen)) {
		answer(fd, &seen);
		if (manner == MANNER_HANG_UP)
			break;
	}
	close(fd);
	return unused;
}

static void set_up(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	unsetenv(RPC_SOCKET_ENV);
	snprintf(path, sizeof(path), "/tmp/test_ctl.%d", (int)getpid());
	unlink(path);
	strcpy(addr.sun_path, path);
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL_FATAL(bind(listener, (void *)&addr, sizeof(addr)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(listener, 4), 0);
}

static void tear_down(void)
{
	close(listener);
	unlink(path);
}

/* ctl_open against a service of that manner. */
static int open_with(enum manner wanted, struct ctl *ctl)
{
	pthread_t thread;
	int err;

	manner = wanted;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, serve, NULL), 0);
	err = ctl_open(ctl, path, why);
	ctl_close(ctl);
	pthread_join(thread, NULL);
	return err;
}

static void test_hello(void)
{
	struct ctl ctl;

	CU_ASSERT_EQUAL(open_with(MANNER_GOOD, &ctl), 0);
	CU_ASSERT_EQUAL(ctl.instance, 42);
	CU_ASSERT_EQUAL(ctl.pid, 7);
	CU_ASSERT_EQUAL(strlen(ctl.backend), sizeof(ctl.backend) - 1);
	CU_ASSERT_EQUAL(seen.magic, RPC_MAGIC);
	CU_ASSERT_EQUAL(seen.version, RPC_VERSION);
	CU_ASSERT_EQUAL(seen.op, RPC_HELLO);
	CU_ASSERT_EQUAL(ctl.fd, -1);
	ctl_close(&ctl);
}

static void test_answers_that_do_not_do(void)
{
	static const struct {
		enum manner manner;
		int err;
		const char *text;
	} cases[] = {
		{ MANNER_ERROR, -ENOBUFS, "No buffer space" },
		{ MANNER_SHORT, -EPROTO, "no netcond" },
		{ MANNER_LONG, -EPROTO, "no netcond" },
		{ MANNER_MAGIC, -EPROTO, "no netcond" },
		{ MANNER_VERSION, -EPROTONOSUPPORT, "another version" },
		{ MANNER_ID, -EPROTO, "no netcond" },
		{ MANNER_OP, -EPROTO, "no netcond" },
		{ MANNER_HANG_UP, -ECONNRESET, "ended the connection" },
	};
	struct ctl ctl;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(open_with(cases[i].manner, &ctl), cases[i].err);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, cases[i].text));
		CU_ASSERT_PTR_NOT_NULL(strstr(why, path));
	}
}

static void test_nobody_there(void)
{
	struct ctl ctl;

	close(listener);
	CU_ASSERT_EQUAL(ctl_open(&ctl, path, why), -ECONNREFUSED);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "is gone"));
	unlink(path);
	CU_ASSERT_EQUAL(ctl_open(&ctl, path, why), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "netcond --if"));
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void test_paths(void)
{
	char found[CTL_PATH_LEN], cwd[256], longest[256], wanted[300];

	CU_ASSERT_EQUAL(ctl_listen_path("/a/b", found, why), 0);
	CU_ASSERT_STRING_EQUAL(found, "/a/b");
	CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(cwd, sizeof(cwd)));
	CU_ASSERT_EQUAL(ctl_connect_path("b", found, why), 0);
	snprintf(wanted, sizeof(wanted), "%s/b", cwd);
	CU_ASSERT_STRING_EQUAL(found, wanted);
	setenv(RPC_SOCKET_ENV, "/from/env", 1);
	CU_ASSERT_EQUAL(ctl_listen_path(NULL, found, why), 0);
	CU_ASSERT_STRING_EQUAL(found, "/from/env");
	CU_ASSERT_EQUAL(ctl_connect_path(NULL, found, why), 0);
	CU_ASSERT_STRING_EQUAL(found, "/from/env");
	CU_ASSERT_EQUAL(ctl_connect_path("/a", found, why), 0);
	CU_ASSERT_STRING_EQUAL(found, "/a");

	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[CTL_PATH_LEN - 1] = 0;
	CU_ASSERT_EQUAL(ctl_listen_path(longest, found, why), 0);
	longest[CTL_PATH_LEN - 1] = 'x';
	longest[CTL_PATH_LEN] = 0;
	CU_ASSERT_EQUAL(ctl_listen_path(longest, found, why), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "'/xxx"));
	CU_ASSERT_EQUAL(ctl_listen_path("", found, why), -EINVAL);
}

static void test_default_paths(void)
{
	char found[CTL_PATH_LEN];

	setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
	CU_ASSERT_EQUAL(ctl_listen_path(NULL, found, why), 0);
	CU_ASSERT_STRING_EQUAL(found, geteuid() ?
	                       "/nonexistent/netcond.sock" :
	                       RPC_SOCKET_ROOT);
	/* A user without a service of their own uses root's. */
	CU_ASSERT_EQUAL(ctl_connect_path(NULL, found, why), 0);
	CU_ASSERT_STRING_EQUAL(found, RPC_SOCKET_ROOT);
}

static void test_no_descriptor_is_left(void)
{
	unsigned before = unit_fd_count();
	struct ctl ctl;

	for (int i = 0; i < MANNER_COUNT; i++)
		open_with((enum manner)i, &ctl);
	CU_ASSERT_EQUAL(unit_fd_count(), before);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_hello),
		UNIT_TEST(test_answers_that_do_not_do),
		UNIT_TEST(test_nobody_there),
		UNIT_TEST(test_paths),
		UNIT_TEST(test_default_paths),
		UNIT_TEST(test_no_descriptor_is_left),
		{ 0 }
	};

	return unit_run("ctl", set_up, tear_down, tests);
}
