/* SPDX-License-Identifier: MIT */
/* The table and the lists of TCP pcbs: whole after whatever happens to
 * connections, and as fast with many as with few.
 *
 * Fast is a number of pcbs looked at, not a time: in buckets tcp_demux.steps
 * counts them; in its lists lwIP counts a hit that came first (tcp.cachehit).
 */
#include <lwip/priv/tcp_priv.h>

#include "stack/sock_priv.h"
#include "stack/tcp_demux.h"
#include "tests/unit/demux_check.h"
#include "tests/unit/sock_fixture.h"

#ifdef NETCOND_SAN
#define MANY 3000
#else
#define MANY 50000
#endif
#define FIRST_PORT 1024

static struct peer_conn conns[MANY];
static struct sock *socks[MANY];

static void check(void)
{
	const char *why = demux_check();

	if (why)
		printf("\n%s\n", why);
	CU_ASSERT_PTR_NULL_FATAL(why);
}

static void discard(void)
{
	while (peer_take(&peer, &seg))
		;
}

static bool is_v6_of(unsigned i)
{
	return i % 2;
}

/* Connections that the peer opened, of both families in turn. */
static void open_many(unsigned count)
{
	listen_at(false, LISTEN_PORT, false);
	listen_at(true, LISTEN_PORT, false);
	for (unsigned i = 0; i < count; i++) {
		if (!peer_connect(&peer, &conns[i], is_v6_of(i),
		                  (uint16_t)(FIRST_PORT + i / 2), LISTEN_PORT))
			CU_FAIL_FATAL("no connection");
		socks[i] = seen.accepted;
	}
	check();
}

/* We close first, so the stack has the TIME_WAIT. */
static void to_time_wait(unsigned i)
{
	struct peer_conn *c = &conns[i];

	sock_close(socks[i], false);
	socks[i] = NULL;
	peer_turn(&peer);
	while (peer_conn_take(c, &seg))
		;
	peer_conn_send(c, PEER_ACK | PEER_FIN, NULL, 0);
	discard();
}

static void time_waits(unsigned count)
{
	open_many(count);
	for (unsigned i = 0; i < count; i++)
		to_time_wait(i);
	CU_ASSERT_EQUAL(tcp_demux.tw_count, count);
	CU_ASSERT_EQUAL(tcp_demux.active_count, 0);
	check();
}

static void whole_after_handshakes_of_both_sides(void)
{
	open_many(100);
	for (int i = 0; i < 50; i++) {
		struct sock *sock;

		discard();
		sock = connect_one(i % 2);
		check();
		if (i % 3 == 0)
			sock_close(sock, i % 2);
		peer_turn(&peer);
		check();
	}
	/* A handshake that ends in a reset, and one that is left alone. */
	for (uint16_t port = 600; port < 602; port++) {
		conn = (struct peer_conn){ .peer = &peer, .local = port,
		                           .remote = LISTEN_PORT, .snd = 5,
		                           .wnd = 1000, .mss = 1460 };
		peer_conn_send(&conn, PEER_SYN, NULL, 0);
		check();
		while (peer_conn_take(&conn, &seg))
			;
		if (port == 600)
			peer_conn_send(&conn, PEER_RST | PEER_ACK, NULL, 0);
		check();
	}
	peer_wait(&peer, 200000000);
	check();
}

static void whole_after_refused_connections(void)
{
	open_many(20);
	seen.backlog = 0;
	CU_ASSERT_FALSE(peer_connect(&peer, &conn, false, 700, LISTEN_PORT));
	check();
	seen.backlog = 100;
	seen.refuse = true;
	peer_connect(&peer, &conn, false, 701, LISTEN_PORT);
	check();
	CU_ASSERT_EQUAL(tcp_demux.active_count, 20);
}

/* Each connection ends in its own way, from the middle of the list, too. */
static void whole_after_every_end(void)
{
	const unsigned count = 1200;

	open_many(count);
	for (unsigned i = 0; i < count; i++) {
		unsigned at = (i * 7) % count; /* 7 and count: coprime */
		struct peer_conn *c = &conns[at];

		switch (i % 4) {
		case 0:
			peer_conn_send(c, PEER_RST | PEER_ACK, NULL, 0);
			break;
		case 1:
			sock_close(socks[at], true);
			break;
		case 2:
			to_time_wait(at);
			break;
		case 3: /* the peer first */
			peer_conn_send(c, PEER_ACK | PEER_FIN, NULL, 0);
			sock_close(socks[at], false);
			peer_turn(&peer);
			while (peer_conn_take(c, &seg))
				;
			peer_conn_send(c, PEER_ACK, NULL, 0);
			break;
		}
		if (i % 16 < 4)
			check();
	}
	discard();
	check();
	CU_ASSERT_EQUAL(tcp_demux.active_count, 0);
	CU_ASSERT_EQUAL(tcp_demux.tw_count, count / 4);
	peer_wait(&peer, 11000000);
	check();
	CU_ASSERT_EQUAL(tcp_demux.tw_count, 0);
}

/* Old ones among young ones, because segments bring them to the front. */
static void whole_after_expiry_with_churn(void)
{
	open_many(900);
	for (unsigned i = 0; i < 600; i++) {
		to_time_wait(i);
		if (i % 50 == 49)
			peer_wait(&peer, 700000);
		if (i % 5 == 0)
			peer_conn_send(&conns[i / 2], PEER_ACK, NULL, 0);
		if (i % 20 == 0)
			check();
	}
	for (unsigned i = 600; i < 900; i++) {
		peer_conn_send(&conns[600 + i * 7 % 300], PEER_ACK, "x", 1);
		peer_wait(&peer, 100000);
		check();
	}
	discard();
	CU_ASSERT_EQUAL(tcp_demux.tw_count, 0);
	CU_ASSERT_EQUAL(tcp_demux.active_count, 300);
}

/* tcp_slowtmr() unlinks pcbs by itself, here from all over the list: every
 * second handshake is left alone.
 */
static void whole_after_timeouts(void)
{
	const unsigned count = 300;

	open_many(count);
	seen.backlog = count;
	for (unsigned i = 0; i < count; i++) {
		conn = (struct peer_conn){ .peer = &peer, .wnd = 1000,
		                           .local = (uint16_t)(i + 1),
		                           .remote = LISTEN_PORT };
		peer_conn_send(&conn, PEER_SYN, NULL, 0);
		peer_conn_send(&conns[i], PEER_ACK, "x", 1);
	}
	CU_ASSERT_EQUAL(tcp_demux.active_count, 2 * count);
	for (int i = 0; i < 300; i++) {
		peer_wait(&peer, 100000);
		check();
	}
	discard();
	CU_ASSERT_EQUAL(tcp_demux.active_count, count);
}

static void syn_takes_over_from_the_middle(void)
{
	time_waits(60);
	for (unsigned i = 10; i < 50; i += 3) {
		struct peer_conn *c = &conns[i];

		c->snd += 1000;
		peer_conn_send(c, PEER_SYN, NULL, 0);
		CU_ASSERT_TRUE_FATAL(peer_conn_take(c, &seg));
		CU_ASSERT_EQUAL(seg.flags, PEER_SYN | PEER_ACK);
		check();
		peer_conn_send(c, PEER_ACK, NULL, 0);
		check();
	}
	CU_ASSERT_EQUAL(tcp_demux.tw_count + tcp_demux.active_count, 60);
	CU_ASSERT_EQUAL(tcp_demux.active_count, 14);
}

/* The one in TIME_WAIT for longest makes room; never a connection. */
static void syn_makes_room_at_the_limit(void)
{
	mem_size_t *used = &lwip_stats.memp[MEMP_TCP_PCB]->used;

	time_waits(3);
	*used += STACK_PCB_MAX;
	CU_ASSERT_TRUE(peer_connect(&peer, &conn, false, 500, LISTEN_PORT));
	CU_ASSERT_EQUAL(tcp_demux.tw_count, 2);
	CU_ASSERT_EQUAL(tcp_demux.active_count, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tcp_demux.tw_last);
	CU_ASSERT_EQUAL(IP_IS_V6_VAL(tcp_demux.tw_last->remote_ip),
	                conns[1].is_v6);
	start_connect(false, 7);
	CU_ASSERT_EQUAL(tcp_demux.tw_count, 1);
	CU_ASSERT_EQUAL(tcp_demux.active_count, 2);
	*used -= STACK_PCB_MAX;
	check();
}

static void drop_leaves_the_youngest(void)
{
	time_waits(10);
	sock_tcp_drop_time_wait(4);
	check();
	CU_ASSERT_EQUAL(tcp_demux.tw_count, 4);
	for (struct tcp_pcb *pcb = tcp_tw_pcbs; pcb; pcb = pcb->next)
		CU_ASSERT_TRUE(pcb->remote_port >= FIRST_PORT + 3);
	CU_ASSERT_TRUE(sock_tcp_port_in_time_wait(LISTEN_PORT));
	CU_ASSERT_FALSE(sock_tcp_port_in_time_wait(LISTEN_PORT + 1));
	sock_tcp_drop_time_wait(0);
	check();
	CU_ASSERT_FALSE(sock_tcp_port_in_time_wait(LISTEN_PORT));
	CU_ASSERT_PTR_NULL(tcp_demux.tw_last);
}

/* Pcbs in buckets that a segment to each of some connections costs, in
 * hundredths; that lwIP finds each at once, otherwise it fails.
 */
static unsigned data_cost(unsigned count)
{
	uint64_t steps = tcp_demux.steps;
	STAT_COUNTER hits = lwip_stats.tcp.cachehit;
	const unsigned segments = 200;

	for (unsigned i = 0; i < segments; i++)
		peer_conn_send(&conns[i * 7919 % count], PEER_ACK, "x", 1);
	CU_ASSERT_EQUAL(lwip_stats.tcp.cachehit - hits, segments);
	return (unsigned)((tcp_demux.steps - steps) * 100 / segments);
}

/* As on_syn() runs, lwIP has nothing to walk but the SYN's own pcb. */
static bool can_accept_sees_one(struct sock *listener, void *user,
                                unsigned pending)
{
	CU_ASSERT_PTR_NULL(tcp_active_pcbs->next);
	CU_ASSERT_PTR_NULL(tcp_tw_pcbs);
	return can_accept(listener, user, pending);
}

static const struct sock_events watching_events = {
	.on_connected = on_connected,
	.on_accept = on_accept,
	.can_accept = can_accept_sees_one,
	.on_readable = on_readable,
	.on_writable = on_writable,
	.on_error = on_error,
};

static unsigned syn_cost(void)
{
	uint64_t steps = tcp_demux.steps;
	unsigned accepts = seen.accepts;

	sock_set_events(peer.stack, &watching_events);
	for (uint16_t port = 100; port < 200; port++)
		peer_connect(&peer, &conn, false, port, LISTEN_PORT);
	CU_ASSERT_EQUAL(seen.accepts - accepts, 100);
	sock_set_events(peer.stack, &events);
	return (unsigned)(tcp_demux.steps - steps);
}

/* A bucket has half a pcb at most: so one or two are looked at, not more. */
static void cost_is_that_of_few(void)
{
	static const unsigned counts[] = { 10, 1000, MANY / 5, MANY };

	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (i) {
			fixture_fini();
			fixture_init();
		}
		open_many(counts[i]);
		CU_ASSERT_TRUE(data_cost(counts[i]) < 150);
		CU_ASSERT_TRUE(syn_cost() < 250);
		check();
	}
}

static void cost_with_time_wait_is_that_of_few(void)
{
	uint64_t steps;

	time_waits(MANY / 2);
	CU_ASSERT_TRUE(syn_cost() < 250);
	steps = tcp_demux.steps;
	for (unsigned i = 0; i < 100; i++) {
		struct peer_conn *c = &conns[i * 97 % (MANY / 2)];

		peer_conn_send(c, PEER_ACK, NULL, 0);
		CU_ASSERT_EQUAL(tcp_tw_pcbs->remote_port, c->local);
		c->snd += 1000;
		peer_conn_send(c, PEER_SYN, NULL, 0);
	}
	start_connect(false, 7);
	CU_ASSERT_TRUE(tcp_demux.steps - steps < 350);
	discard();
	check();
}

static const struct unit_test tests[] = {
	UNIT_TEST(whole_after_handshakes_of_both_sides),
	UNIT_TEST(whole_after_refused_connections),
	UNIT_TEST(whole_after_every_end),
	UNIT_TEST(whole_after_expiry_with_churn),
	UNIT_TEST(whole_after_timeouts),
	UNIT_TEST(syn_takes_over_from_the_middle),
	UNIT_TEST(syn_makes_room_at_the_limit),
	UNIT_TEST(drop_leaves_the_youngest),
	UNIT_TEST(cost_is_that_of_few),
	UNIT_TEST(cost_with_time_wait_is_that_of_few),
	{ NULL, NULL }
};

int main(void)
{
	return unit_run("tcp_demux", fixture_init, fixture_fini, tests);
}
