/* SPDX-License-Identifier: MIT */
/* The capture wrapper: the file's bytes, a kill, a full disk, ownership. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fastpath/netdev_mem.h"
#include "tests/unit/unit.h"

#define FILE_HDR_LEN 24
#define RECORD_HDR_LEN 16
#define FRAME_LEN 60

static char path[] = "/tmp/netcond-pcap-XXXXXX";
static struct netdev *below, *dev;
static unsigned fds_before;
static uint8_t file[4096];

static void pcap_setup(void)
{
	const struct netdev_conf conf = { .backend = "mem" };
	char why[NETDEV_WHY_LEN] = "";
	int fd;

	fds_before = unit_fd_count();
	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	CU_ASSERT_NOT_EQUAL_FATAL(fd, -1);
	close(fd);
	unlink(path); /* only its name is wanted */
	CU_ASSERT_EQUAL_FATAL(netdev_open(&conf, &below, why), 0);
	CU_ASSERT_EQUAL_FATAL(netdev_pcap_wrap(path, below, &dev, why), 0);
}

static void pcap_teardown(void)
{
	unsigned total;

	CU_ASSERT_EQUAL(netdev_rx_room(dev, &total), total);
	netdev_close(dev);
	unlink(path);
	CU_ASSERT_EQUAL(unit_fd_count(), fds_before);
}

static size_t file_read(void)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, file, sizeof(file));

	close(fd);
	return len < 0 ? 0 : len;
}

static uint32_t u32_at(size_t at)
{
	uint32_t value;

	memcpy(&value, file + at, sizeof(value));
	return value;
}

static int frame_send(uint8_t mark)
{
	uint8_t head[14] = { 0 }, body[FRAME_LEN - 14];
	const struct iovec iov[] = { { head, 14 }, { body, sizeof(body) } };
	const struct frame_out out = {
		.iov = iov, .iovcnt = 2, .len = FRAME_LEN,
	};

	memset(body, mark, sizeof(body));
	return netdev_tx(dev, &out);
}

static void frame_receive(uint8_t mark)
{
	uint8_t data[FRAME_LEN];
	struct frame *frame;

	memset(data, mark, sizeof(data));
	CU_ASSERT_EQUAL(netdev_mem_inject(below, data, sizeof(data)), 0);
	CU_ASSERT_EQUAL_FATAL(netdev_rx_burst(dev, &frame, 1), 1);
	CU_ASSERT_EQUAL(frame->data[FRAME_LEN - 1], mark);
	netdev_rx_release(frame);
}

static void test_file(void)
{
	const size_t record = RECORD_HDR_LEN + FRAME_LEN;
	struct stat st;

	CU_ASSERT_EQUAL(file_read(), FILE_HDR_LEN);
	CU_ASSERT_EQUAL(u32_at(0), 0xa1b23c4d);
	CU_ASSERT_EQUAL(u32_at(4), 2 | 4 << 16);
	CU_ASSERT_EQUAL(u32_at(16), 262144);
	CU_ASSERT_EQUAL(u32_at(20), 1);
	CU_ASSERT_EQUAL(frame_send('s'), 0);
	frame_receive('r');
	/* Not closed, yet all of it is there. */
	CU_ASSERT_EQUAL(file_read(), FILE_HDR_LEN + 2 * record);
	for (size_t at = FILE_HDR_LEN; at <= FILE_HDR_LEN + record;
	     at += record) {
		CU_ASSERT_TRUE(labs((long)u32_at(at) - time(NULL)) <= 2);
		CU_ASSERT_TRUE(u32_at(at + 4) < 1000000000);
		CU_ASSERT_EQUAL(u32_at(at + 8), FRAME_LEN);
		CU_ASSERT_EQUAL(u32_at(at + 12), FRAME_LEN);
	}
	CU_ASSERT_EQUAL(file[FILE_HDR_LEN + record - 1], 's');
	CU_ASSERT_EQUAL(file[FILE_HDR_LEN + 2 * record - 1], 'r');
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 077, 0);
}

static void test_head_is_below(void)
{
	CU_ASSERT_STRING_EQUAL(dev->name, below->name);
	CU_ASSERT_STRING_EQUAL(dev->mode, "memory, captured");
	CU_ASSERT_EQUAL(dev->mtu, below->mtu);
	CU_ASSERT_EQUAL(dev->caps, below->caps);
	CU_ASSERT_EQUAL(netdev_rx_fd(dev), netdev_rx_fd(below));
	CU_ASSERT_EQUAL(frame_send('s'), 0);
	frame_receive('r');
	CU_ASSERT_EQUAL(dev->stats.tx_frames, 1);
	CU_ASSERT_EQUAL(dev->stats.rx_frames, 1);
	CU_ASSERT_FALSE(netdev_flush(dev));
}

/* A frame that the device refused is not in the file; tried again it stands
 * there once.
 */
static void test_refused_frame(void)
{
	netdev_mem_fail_tx(below, 1, EAGAIN);
	CU_ASSERT_EQUAL(frame_send('s'), -EAGAIN);
	CU_ASSERT_EQUAL(file_read(), FILE_HDR_LEN);
	CU_ASSERT_EQUAL(frame_send('s'), 0);
	CU_ASSERT_EQUAL(file_read(), FILE_HDR_LEN + RECORD_HDR_LEN + FRAME_LEN);
}

/* What does not fit into the file is cut off and counted; frames pass. */
static void test_disk_full(void)
{
	struct rlimit before, limit;

	CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = FILE_HDR_LEN + RECORD_HDR_LEN + FRAME_LEN + 20;
	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
	CU_ASSERT_EQUAL(frame_send('1'), 0);
	CU_ASSERT_EQUAL(dev->stats.capture_missed, 0);
	CU_ASSERT_EQUAL(frame_send('2'), 0);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	frame_receive('3');
	CU_ASSERT_EQUAL(dev->stats.capture_missed, 2);
	CU_ASSERT_EQUAL(dev->stats.tx_frames, 2);
	CU_ASSERT_EQUAL(file_read(), FILE_HDR_LEN + RECORD_HDR_LEN + FRAME_LEN);
}

static void test_killed(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		for (unsigned i = 0; i < 5; i++)
			frame_send('k');
		raise(SIGKILL);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFSIGNALED(status));
	CU_ASSERT_EQUAL(file_read(),
	                FILE_HDR_LEN + 5 * (RECORD_HDR_LEN + FRAME_LEN));
}

static void test_open_refused(void)
{
	struct netdev *other = dev;
	char why[NETDEV_WHY_LEN] = "";

	CU_ASSERT_EQUAL(netdev_pcap_wrap("/nonexistent/x.pcap", below, &other,
	                                 why), -ENOENT);
	CU_ASSERT_PTR_NULL(other);
	CU_ASSERT_STRING_EQUAL(why, "cannot write the capture file "
	                       "'/nonexistent/x.pcap': No such file or "
	                       "directory");
	CU_ASSERT_EQUAL(netdev_pcap_wrap("/dev/full", below, &other, why),
	                -ENOSPC);
	/* The device below is as it was. */
	CU_ASSERT_EQUAL(frame_send('s'), 0);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_file),
		UNIT_TEST(test_head_is_below),
		UNIT_TEST(test_refused_frame),
		UNIT_TEST(test_disk_full),
		UNIT_TEST(test_killed),
		UNIT_TEST(test_open_refused),
		{ NULL, NULL }
	};

	return unit_run("netdev_pcap", pcap_setup, pcap_teardown, tests);
}
