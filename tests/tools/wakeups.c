/* SPDX-License-Identifier: MIT */
/* Single requests at random moments: how long does the slowest wait?
 *
 *   wakeups HOST PORT SECONDS SEED
 *
 * To an echo server; 64 bytes each, one in flight. The pauses are spread over 0
 * to 20 ms, and each fourth over 0 to 200 us, about the time after which a
 * service that polls goes to sleep. One that misses its wake-up there answers
 * when something else wakes it: at the earliest when TCP repeats the request,
 * 200 ms later.
 *
 * Prints "key value" lines: requests, median_us, max_us, and how many took more
 * than 5 and more than 20 ms longer than the median.
 */
#include <sys/prctl.h>

#include "tests/tools/tool.h"

#define SIZE 64
#define SAMPLES_MAX 1000000
#define LONG_PAUSE_NS 20000000u
#define SHORT_PAUSE_NS 200000u

static uint32_t samples[SAMPLES_MAX]; /* us */
static uint64_t state;                /* of the random numbers */

/* xorshift64*, by Vigna: 0 to below - 1. */
static uint32_t any(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)(((state * 0x2545f4914f6cdd1d) >> 32) % below);
}

static void pause_for(uint32_t ns)
{
	struct timespec t = {.tv_nsec = ns};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

static uint32_t exchange_us(int fd)
{
	char buf[SIZE] = {0};
	uint64_t start = now_ns();

	if (send_all(fd, buf, SIZE))
		die("send");
	if (recv_all(fd, buf, SIZE) != SIZE)
		die("recv");
	return (uint32_t)((now_ns() - start) / 1000);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static size_t longer_than(size_t count, uint32_t us)
{
	size_t n = 0;

	while (n < count && samples[count - 1 - n] > us)
		n++;
	return n;
}

static void print_samples(size_t count)
{
	uint32_t median;

	qsort(samples, count, sizeof(*samples), by_value);
	median = samples[count / 2];
	printf("requests %zu\nmedian_us %u\nmax_us %u\n", count, median,
	       samples[count - 1]);
	printf("over_5ms %zu\nover_20ms %zu\n",
	       longer_than(count, median + 5000),
	       longer_than(count, median + 20000));
}

int main(int argc, char **argv)
{
	size_t count = 0;
	uint64_t end_ns;
	int fd;

	if (argc != 5) {
		fprintf(stderr, "usage: wakeups HOST PORT SECONDS SEED\n");
		return 2;
	}
	end_ns = now_ns() + arg_number(argv[3], 1, 3600) * 1000000000u;
	state = arg_number(argv[4], 1, UINT32_MAX);
	prctl(PR_SET_TIMERSLACK, 1);
	fd = connect_to(argv[1], argv[2]);
	do {
		pause_for(any(count % 4 == 3 ? SHORT_PAUSE_NS : LONG_PAUSE_NS));
		samples[count++] = exchange_us(fd);
	} while (now_ns() < end_ns && count < SAMPLES_MAX);
	print_samples(count);
	return 0;
}
