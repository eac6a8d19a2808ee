/* SPDX-License-Identifier: MIT */
/* The stack's timers, its checksum, and received frames: lent, copied,
 * verified.
 */
#include "stack/port/arch/cc.h"
#include "stack/timer.h"
#include "tests/unit/sock_fixture.h"

#define TIMER_COUNT 1000

static struct timer_heap heap;
static struct timer timers[TIMER_COUNT];
static uint64_t last_due;
static unsigned fired;

static void on_due(struct timer *timer, uint64_t now_us)
{
	CU_ASSERT_TRUE(timer->due_us <= now_us);
	CU_ASSERT_TRUE(timer->due_us >= last_due);
	last_due = timer->due_us;
	fired++;
}

/* Pseudo-random, the same in each run. */
static unsigned next_random(void)
{
	static uint32_t x = 12345;

	x = x * 1103515245 + 12345;
	return x >> 8;
}

static void timers_fire_in_order(void)
{
	unsigned stopped = 0;

	memset(&heap, 0, sizeof(heap));
	memset(timers, 0, sizeof(timers));
	fired = 0;
	last_due = 0;
	for (int i = 0; i < TIMER_COUNT; i++) {
		timers[i].on_due = on_due;
		timer_start(&heap, &timers[i], next_random() % 5000);
	}
	for (int i = 0; i < TIMER_COUNT; i += 3) { /* move */
		timer_start(&heap, &timers[i], next_random() % 5000);
	}
	for (int i = 0; i < TIMER_COUNT; i += 7, stopped++)
		timer_stop(&heap, &timers[i]);
	for (uint64_t now = 0; now < 5000; now += 100)
		timer_poll(&heap, now);
	timer_poll(&heap, 5000);
	CU_ASSERT_EQUAL(fired, TIMER_COUNT - stopped);
	CU_ASSERT_EQUAL(timer_next_us(&heap), UINT64_MAX);
	CU_ASSERT_FALSE(timer_is_running(&timers[1]));
}

static uint16_t slow_sum(const uint8_t *p, int len)
{
	uint32_t acc = 0;
	uint16_t word;

	for (; len > 1; p += 2, len -= 2) {
		memcpy(&word, p, 2);
		acc += word;
	}
	if (len)
		acc += *p; /* little endian: the first byte of a word */
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return (uint16_t)acc;
}

static void checksum_of_all_lengths_and_places(void)
{
	static uint8_t data[70000];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)next_random();
	for (int at = 0; at < 4; at++)
		for (int len = 0; len < 300; len++)
			CU_ASSERT_EQUAL(port_chksum(data + at, len),
			                slow_sum(data + at, len));
	memset(data, 0xff, sizeof(data)); /* the largest sums */
	CU_ASSERT_EQUAL(port_chksum(data, 65535), slow_sum(data, 65535));
	CU_ASSERT_EQUAL(port_chksum(data, 65534), 0xffff);
}

static void unread_frames_are_lent_then_copied(void)
{
	struct sock *sock = accept_one();
	static uint8_t data[1460];
	unsigned total, room;

	netdev_rx_room(peer.dev, &total);
	for (unsigned i = 0; i < total; i++)
		peer_conn_send(&conn, PEER_ACK, data, sizeof(data));
	room = netdev_rx_room(peer.dev, &total);
	CU_ASSERT_EQUAL(sock_rx_len(sock), total * sizeof(data));
	CU_ASSERT_TRUE(room >= total / 4 - 1);
	CU_ASSERT_TRUE(stats_now().rx_frames_held > total / 2);
	CU_ASSERT_TRUE(stats_now().rx_copied_low > 0);
	sock_rx_consume(sock, sock_rx_len(sock));
	CU_ASSERT_EQUAL(stats_now().rx_frames_held, 0);
}

static void small_frames_are_copied(void)
{
	struct sock *sock = accept_one();

	peer_conn_send(&conn, PEER_ACK, "small", 5);
	CU_ASSERT_EQUAL(sock_rx_len(sock), 5);
	CU_ASSERT_EQUAL(stats_now().rx_frames_held, 0);
}

/* A frame that was sent, as the wire would bring it back to the stack. */
static void inject_damaged(enum frame_csum csum, bool is_pseudo)
{
	uint8_t f[14 + 20 + 20 + 10] = { 0 };
	uint8_t *ip = f + 14, *tcp = ip + 20;
	uint16_t sum;

	memcpy(f, peer.dev->mac, 6);
	f[12] = 8;
	ip[0] = 0x45;
	ip[3] = 50;
	ip[8] = 64;
	ip[9] = 6;
	memcpy(ip + 12, (uint8_t[]){ 10, 107, 0, 1, 10, 107, 0, 2 }, 8);
	sum = (uint16_t)~port_chksum(ip, 20);
	memcpy(ip + 10, &sum, 2);
	tcp[0] = (uint8_t)(conn.local >> 8);
	tcp[1] = (uint8_t)conn.local;
	tcp[2] = (uint8_t)(conn.remote >> 8);
	tcp[3] = (uint8_t)conn.remote;
	for (int i = 0; i < 4; i++) {
		tcp[4 + i] = (uint8_t)(conn.snd >> (24 - 8 * i));
		tcp[8 + i] = (uint8_t)(conn.rcv >> (24 - 8 * i));
	}
	tcp[12] = 0x50;
	tcp[13] = PEER_ACK;
	tcp[14] = 0xff;
	if (is_pseudo) {
		uint8_t tail[] = { 0, 6, 0, 30 };
		uint32_t acc = port_chksum(ip + 12, 8) + port_chksum(tail, 4);

		acc = (acc & 0xffff) + (acc >> 16);
		sum = (uint16_t)((acc & 0xffff) + (acc >> 16));
		memcpy(tcp + 16, &sum, 2);
	}
	netdev_mem_inject_noted(peer.dev, f, sizeof(f), csum, 0);
	peer_turn(&peer);
}

static void checksums_are_verified_unless_vouched_for(void)
{
	struct sock *sock = accept_one();
	uint64_t dropped = stats_now().rx_dropped_csum;

	inject_damaged(FRAME_CSUM_INVALID, false);
	CU_ASSERT_EQUAL(sock_rx_len(sock), 0);
	CU_ASSERT_EQUAL(stats_now().rx_dropped_csum, dropped + 1);
	inject_damaged(FRAME_CSUM_INVALID, true);
	CU_ASSERT_EQUAL(sock_rx_len(sock), 0);
	inject_damaged(FRAME_CSUM_PSEUDO_OK, false);
	CU_ASSERT_EQUAL(sock_rx_len(sock), 0);
	CU_ASSERT_EQUAL(stats_now().rx_dropped_csum, dropped + 3);
	inject_damaged(FRAME_CSUM_PSEUDO_OK, true);
	CU_ASSERT_EQUAL(sock_rx_len(sock), 10);
	conn.snd += 10;
	inject_damaged(FRAME_CSUM_VALID, false);
	CU_ASSERT_EQUAL(sock_rx_len(sock), 20);
}

static void garbage_frames_do_no_harm(void)
{
	uint8_t f[200];

	accept_one();
	for (int i = 0; i < 20000; i++) {
		unsigned len = 14 + next_random() % (sizeof(f) - 14);

		for (unsigned j = 0; j < len; j++)
			f[j] = (uint8_t)next_random();
		memcpy(f, peer.dev->mac, 6);
		f[12] = i & 1 ? 8 : 0x86;
		f[13] = i & 1 ? 0 : 0xdd;
		f[14] = i & 1 ? 0x45 : 0x60;
		f[i & 1 ? 23 : 20] = i & 2 ? 6 : 17;
		netdev_mem_inject_noted(peer.dev, f, len,
		                        i & 4 ? FRAME_CSUM_VALID
		                              : FRAME_CSUM_PSEUDO_OK, 0);
		if (netdev_mem_rx_waiting(peer.dev) > 50)
			peer_turn(&peer);
	}
	peer_turn(&peer);
}

static void loopback_from_outside_is_dropped(void)
{
	struct sockaddr_in lo = { .sin_family = AF_INET };
	struct sock *sock;

	lo.sin_port = htons(LISTEN_PORT);
	inet_pton(AF_INET, "127.0.0.1", &lo.sin_addr);
	sock_open(peer.stack, AF_INET, SOCK_STREAM, 0, &sock);
	sock_set_user(sock, &seen);
	CU_ASSERT_EQUAL(sock_bind(sock, (void *)&lo, sizeof(lo)), 0);
	CU_ASSERT_EQUAL(sock_listen(sock), 0);
	CU_ASSERT_FALSE(peer_connect(&peer, &conn, false, 5000, LISTEN_PORT));
}

/* A SYN that seems to come from the stack itself (LAND). */
static void own_source_is_dropped(void)
{
	uint8_t f[54] = { 0 };
	uint8_t *ip = f + 14, *tcp = ip + 20;

	listen_at(false, LISTEN_PORT, false);
	memcpy(f, peer.dev->mac, 6);
	f[12] = 8;
	ip[0] = 0x45;
	ip[3] = 40;
	ip[8] = 64;
	ip[9] = 6;
	memcpy(ip + 12, (uint8_t[]){ 10, 107, 0, 2, 10, 107, 0, 2 }, 8);
	tcp[1] = tcp[3] = LISTEN_PORT;
	tcp[12] = 0x50;
	tcp[13] = PEER_SYN;
	netdev_mem_inject_noted(peer.dev, f, sizeof(f), FRAME_CSUM_VALID, 0);
	peer_turn(&peer);
	CU_ASSERT_EQUAL(stats_now().tcp_pcbs, 0);
}

static void bad_addresses_are_refused(void)
{
	struct stack_conf conf = { .dev = peer.dev, .addr_count = 2 };
	char why[NETDEV_WHY_LEN] = "";
	struct stack *stack = peer.stack;
	int err;

	stack_close(stack);
	inet_pton(AF_INET, "10.1.0.1", &conf.addrs[0].in);
	conf.addrs[0].family = AF_INET;
	conf.addrs[0].prefix_len = 24;
	conf.addrs[1] = conf.addrs[0];
	err = stack_open(&conf, peer.now_us, &stack, why);
	CU_ASSERT_EQUAL(err, -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "10.1.0.1/24"));
	conf.addrs[1].family = AF_INET6;
	conf.addrs[1].in6 = in6addr_loopback;
	CU_ASSERT_EQUAL(stack_open(&conf, peer.now_us, &stack, why), -EINVAL);
	conf.addr_count = 1;
	CU_ASSERT_EQUAL_FATAL(stack_open(&conf, peer.now_us, &peer.stack, why),
	                      0);
	sock_set_events(peer.stack, &events);
}

static const struct unit_test tests[] = {
	UNIT_TEST(timers_fire_in_order),
	UNIT_TEST(checksum_of_all_lengths_and_places),
	UNIT_TEST(unread_frames_are_lent_then_copied),
	UNIT_TEST(small_frames_are_copied),
	UNIT_TEST(checksums_are_verified_unless_vouched_for),
	UNIT_TEST(garbage_frames_do_no_harm),
	UNIT_TEST(loopback_from_outside_is_dropped),
	UNIT_TEST(own_source_is_dropped),
	UNIT_TEST(bad_addresses_are_refused),
	{ NULL, NULL }
};

int main(void)
{
	return unit_run("stack_port", fixture_init, fixture_fini, tests);
}
