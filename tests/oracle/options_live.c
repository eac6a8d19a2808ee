/* SPDX-License-Identifier: MIT */
/* Options of connections and listeners: what is inherited, what has effect. */
#include "tests/oracle/oracle.h"

static void inherited(const struct place *place)
{
	struct addr addr;
	int listener = listener_open(place->near_ip, &addr), client, conn;

	set_int(listener, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(listener, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(listener, IPPROTO_TCP, TCP_KEEPIDLE, 44);
	set_int(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, 7000);
	if (place->family == AF_INET)
		set_int(listener, IPPROTO_IP, IP_TOS, 0x10);
	client = far_socket(place, SOCK_STREAM);
	if (connect(client, &addr.sa, addr.len) < 0)
		die("connect");
	conn = accept(listener, NULL, NULL);
	say("KEEPALIVE %d", get_int(conn, SOL_SOCKET, SO_KEEPALIVE));
	say("NODELAY %d", get_int(conn, IPPROTO_TCP, TCP_NODELAY));
	say("KEEPIDLE %d", get_int(conn, IPPROTO_TCP, TCP_KEEPIDLE));
	say("USER_TIMEOUT %d", get_int(conn, IPPROTO_TCP, TCP_USER_TIMEOUT));
	say("REUSEADDR %d", get_int(conn, SOL_SOCKET, SO_REUSEADDR));
	close(conn);
	close(client);
	close(listener);
}

static void info(const struct place *place)
{
	struct pair pair = pair_open(place);
	struct tcp_info tcp;
	socklen_t len = sizeof(tcp);
	char buf[4];

	memset(&tcp, 0, sizeof(tcp));
	say_rc(getsockopt(pair.near, IPPROTO_TCP, TCP_INFO, &tcp, &len),
	       "TCP_INFO");
	say("len at least 104: %s, state %u, mss positive: %s",
	    len >= 104 ? "yes" : "no", tcp.tcpi_state,
	    tcp.tcpi_snd_mss > 0 ? "yes" : "no");
	say("MAXSEG positive: %s",
	    get_int(pair.near, IPPROTO_TCP, TCP_MAXSEG) > 0 ? "yes" : "no");
	len = 1;
	say_rc(getsockopt(pair.near, IPPROTO_TCP, TCP_INFO, &tcp, &len),
	       "TCP_INFO, room 1");
	say("len %u", len);
	shutdown(pair.far, SHUT_WR);
	read_all(pair.near, buf, sizeof(buf));
	len = sizeof(tcp);
	getsockopt(pair.near, IPPROTO_TCP, TCP_INFO, &tcp, &len);
	say("state after the far end ended: %u", tcp.tcpi_state);
	pair_close(&pair);
}

/* Corked bytes wait for the cork to be pulled. */
static void cork(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[8];

	say_rc(set_int(pair.near, IPPROTO_TCP, TCP_CORK, 1), "CORK");
	write_all(pair.near, "abc", 3);
	say("corked: far poll %s", poll_text(poll_once(pair.far, POLLIN,
	    ORACLE_QUIET_MS)));
	say_rc(set_int(pair.near, IPPROTO_TCP, TCP_CORK, 0), "uncork");
	say_n(read(pair.far, buf, sizeof(buf)), "far reads");
	say_rc(set_int(pair.near, IPPROTO_TCP, TCP_NODELAY, 1), "NODELAY");
	say_n(send(pair.near, "de", 2, MSG_MORE), "MSG_MORE");
	say_n(send(pair.near, "f", 1, 0), "the rest");
	say_n(recv(pair.far, buf, 3, MSG_WAITALL), "far reads");
	pair_close(&pair);
}

static void low_water(const struct place *place)
{
	struct pair pair = pair_open(place);

	say_rc(set_int(pair.near, SOL_SOCKET, SO_RCVLOWAT, 4), "RCVLOWAT 4");
	say("RCVLOWAT %d", get_int(pair.near, SOL_SOCKET, SO_RCVLOWAT));
	say_rc(set_int(pair.near, SOL_SOCKET, SO_RCVLOWAT, 0), "RCVLOWAT 0");
	say("RCVLOWAT %d", get_int(pair.near, SOL_SOCKET, SO_RCVLOWAT));
	write_all(pair.far, "ab", 2);
	say_poll(pair.near, POLLIN, "2 bytes");
	pair_close(&pair);
}

/* What is set while connected. */
static void connected(const struct place *place)
{
	struct pair pair = pair_open(place);
	int level = place->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	int name = place->family == AF_INET ? IP_TOS : IPV6_TCLASS;
	char text[32] = "";
	socklen_t len = sizeof(text);

	say_rc(set_int(pair.near, IPPROTO_TCP, TCP_NODELAY, 1), "NODELAY");
	say("NODELAY %d", get_int(pair.near, IPPROTO_TCP, TCP_NODELAY));
	say_rc(set_int(pair.near, level, name, 0x10), "TOS");
	say("TOS %d", get_int(pair.near, level, name));
	say_rc(set_int(pair.near, SOL_SOCKET, SO_REUSEADDR, 1), "REUSEADDR");
	say("REUSEADDR %d", get_int(pair.near, SOL_SOCKET, SO_REUSEADDR));
	if (place->family == AF_INET6)
		say_rc(set_int(pair.near, IPPROTO_IPV6, IPV6_V6ONLY, 1),
		       "V6ONLY when bound");
	say_rc(getsockopt(pair.near, IPPROTO_TCP, TCP_CONGESTION, text, &len),
	       "CONGESTION");
	say("CONGESTION has a name: %s", text[0] ? "yes" : "no");
	say_rc(setsockopt(pair.near, IPPROTO_TCP, TCP_CONGESTION, "nonesuch",
	                  8), "CONGESTION nonesuch");
	say_rc(setsockopt(pair.near, SOL_SOCKET, SO_BINDTODEVICE, "nonesuch",
	                  8), "BINDTODEVICE nonesuch");
	set_int(pair.near, SOL_SOCKET, SO_RCVBUF, 50000);
	say("RCVBUF is doubled: %s",
	    get_int(pair.near, SOL_SOCKET, SO_RCVBUF) == 100000 ? "yes" : "no");
	set_int(pair.near, SOL_SOCKET, SO_SNDBUF, 50000);
	say("SNDBUF is doubled: %s",
	    get_int(pair.near, SOL_SOCKET, SO_SNDBUF) == 100000 ? "yes" : "no");
	pair_close(&pair);
}

int main(void)
{
	oracle_start();
	each_source(inherited);
	each_place(info);
	each_place(cork);
	each_place(low_water);
	each_place(connected);
	return 0;
}
