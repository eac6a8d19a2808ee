/* SPDX-License-Identifier: MIT */
/* A peer that sends what it likes, a user that does what it may, a clock that
 * jumps: nothing may be asserted, leaked or read out of bounds (SAN=1).
 *
 * Each round is made of a seed, which is printed when a round fails or aborts:
 *
 *     test_tcp_storm SEED    runs that round alone
 */
#include <signal.h>

#include "tests/unit/demux_check.h"
#include "tests/unit/sock_fixture.h"

#define ROUNDS 150
#define STEPS 300
#define CONNS 8
#define SOCKS 64
#define FIRST_PORT 5000

static uint64_t state;             /* of the random numbers */
static struct peer_conn conns[CONNS];
static struct sock *socks[SOCKS];
static unsigned sock_total;

/* xorshift64: 0 to below - 1. */
static unsigned any(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 16) % below);
}

static bool one_in(unsigned n)
{
	return !any(n);
}

static int take_or_refuse(struct sock *listener, void *user, struct sock *sock)
{
	(void)listener;
	(void)user;
	if (sock_total == SOCKS || one_in(20))
		return -EMFILE;
	sock_set_user(sock, &seen);
	socks[sock_total++] = sock;
	return 0;
}

static struct sock *any_sock(void)
{
	return sock_total ? socks[any(sock_total)] : NULL;
}

/* Take what was sent as a receiver would, in order. */
static void receive(void)
{
	struct peer_conn *c;

	while (peer_take(&peer, &seg)) {
		c = &conns[(seg.dst - FIRST_PORT) % CONNS];
		if (seg.seq == c->rcv)
			c->rcv += seg.len + !!(seg.flags & PEER_FIN) +
			          !!(seg.flags & PEER_SYN);
	}
}

static void send_plausible(struct peer_conn *c)
{
	static uint8_t data[1460];
	struct peer_seg s = {
		.src = c->local,
		.dst = LISTEN_PORT,
		.seq = c->snd + (one_in(3) ? any(6000) - 3000 : 0),
		.ack = c->rcv - (one_in(3) ? any(5000) : 0),
		.flags = (uint8_t)(PEER_ACK | (one_in(10) ? any(32) : 0)),
		.wnd = one_in(4) ? any(2) * any(65536) : c->wnd,
		.mss = (uint16_t)(one_in(20) ? any(3000) : 0),
		.wscale = one_in(20) ? (int)any(20) : -1,
		.data = data,
		.len = one_in(3) ? 0 : any(sizeof(data)),
	};

	peer.hold = one_in(3);
	peer_send(&peer, &s);
	peer.hold = false;
	if (s.seq == c->snd)
		c->snd += s.len + !!(s.flags & PEER_FIN);
}

static void send_nonsense(const struct peer_conn *c)
{
	static uint8_t data[100];

	peer_send(&peer, &(struct peer_seg){
		.src = c->local, .dst = LISTEN_PORT, .seq = (uint32_t)state,
		.ack = (uint32_t)(state >> 32), .flags = (uint8_t)any(64),
		.wnd = any(65536), .wscale = -1, .data = data,
		.len = any(sizeof(data)) });
}

static void give(struct sock *sock)
{
	size_t room = sock ? sock_tx_room(sock) : 0;
	size_t len = one_in(2) ? any(65535) + 1 : any(3000) + 1;

	if (room)
		tx(sock, len < room ? len : room);
}

/* Enough in both directions for windows and segments to grow. */
static void stream(void)
{
	for (int i = 0; i < 6; i++) {
		for (unsigned j = 0; j < sock_total; j++)
			if (sock_tx_room(socks[j]))
				tx(socks[j], sock_tx_room(socks[j]));
		peer_turn(&peer);
		receive();
		for (int j = 0; j < CONNS; j++)
			if (!one_in(6))
				peer_conn_send(&conns[j], PEER_ACK, NULL, 0);
	}
}

static void close_one(void)
{
	unsigned i;

	if (!sock_total)
		return;
	i = any(sock_total);
	if (one_in(2)) {
		sock_shutdown_tx(socks[i]);
		return;
	}
	sock_close(socks[i], one_in(2));
	socks[i] = socks[--sock_total];
}

static void set_option(struct sock *sock)
{
	int value = (int)any(2);

	if (sock)
		sock_setopt(sock, IPPROTO_TCP, one_in(2) ? TCP_CORK
		                                         : TCP_NODELAY,
		            &value, sizeof(value));
}

static void step(void)
{
	struct peer_conn *c = &conns[any(CONNS)];
	struct sock *sock = any_sock();

	switch (any(14)) {
	case 0:
		peer_connect(&peer, c, false, c->local, LISTEN_PORT);
		c->wnd = (uint16_t)any(65536);
		break;
	case 1: case 2: case 3: case 4:
		send_plausible(c);
		break;
	case 5:
		send_nonsense(c);
		break;
	case 6: case 7:
		give(sock);
		break;
	case 8:
		if (sock)
			sock_rx_consume(sock, any((unsigned)sock_rx_len(sock) +
			                          1));
		break;
	case 9:
		if (one_in(3))
			close_one();
		break;
	case 10: /* the window closes or opens, on an idle connection */
		c->wnd = (uint16_t)(any(2) * any(65536));
		peer_conn_send(c, PEER_ACK, NULL, 0);
		peer_wait(&peer, one_in(4) ? any(20000000) : any(1000000));
		break;
	case 11:
		peer_turn(&peer);
		receive();
		peer_conn_send(c, PEER_ACK, NULL, 0);
		break;
	case 12:
		if (one_in(3))
			stream();
		else
			set_option(sock);
		break;
	case 13:
		netdev_mem_set_tx_limit(peer.dev, one_in(4) ? any(4) : 4096);
		break;
	}
}

static void check_lists(void)
{
	const char *why = demux_check();

	if (why)
		fprintf(stderr, "%s\n", why);
	CU_ASSERT_PTR_NULL(why);
}

static void round_of(uint64_t seed)
{
	static const unsigned caps[] = { 0, NETDEV_CAP_TX_CSUM,
		NETDEV_CAP_TX_CSUM | NETDEV_CAP_TX_TSO4 };

	state = (seed + 1) * 0x9e3779b97f4a7c15;
	sock_total = 0;
	netdev_mem_set_caps(peer.dev, caps[any(3)]);
	listen_at(false, LISTEN_PORT, false);
	for (unsigned i = 0; i < CONNS; i++)
		conns[i] = (struct peer_conn){
			.peer = &peer,
			.local = (uint16_t)(FIRST_PORT + i),
			.remote = LISTEN_PORT,
			.snd = any(UINT32_MAX),
			.wnd = (uint16_t)any(65536),
			.mss = (uint16_t)(one_in(3) ? any(2000) : 1460),
		};
	for (int i = 0; i < STEPS; i++) {
		step();
		if (i % 30 == 0)
			check_lists();
	}
	netdev_mem_set_tx_limit(peer.dev, 4096);
	receive();
}

static const struct sock_events storm_events = {
	.on_connected = on_connected,
	.on_accept = take_or_refuse,
	.can_accept = can_accept,
	.on_readable = on_readable,
	.on_writable = on_writable,
	.on_error = on_error,
};

static uint64_t only_seed;    /* 0: all rounds */
static uint64_t current_seed;

static void on_abort(int number)
{
	(void)number;
	fprintf(stderr, "seed %llu\n", (unsigned long long)current_seed);
}

static void storm(void)
{
	uint64_t first = only_seed ? only_seed : 1;
	uint64_t last = only_seed ? only_seed : ROUNDS;
	unsigned failed = CU_get_number_of_failures();

	for (uint64_t seed = first; seed <= last; seed++) {
		current_seed = seed;
		fixture_init();
		sock_set_events(peer.stack, &storm_events);
		round_of(seed);
		fixture_fini();
		if (CU_get_number_of_failures() != failed) {
			on_abort(0);
			return;
		}
	}
}

static const struct unit_test tests[] = {
	UNIT_TEST(storm),
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	signal(SIGABRT, on_abort);
	only_seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;
	return unit_run("tcp_storm", NULL, NULL, tests);
}
