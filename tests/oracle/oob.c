/* SPDX-License-Identifier: MIT */
/* Urgent data: MSG_OOB, the mark, SO_OOBINLINE. */
#include "tests/oracle/oracle.h"

static void out_of_line(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[16] = "";

	say_n(recv(pair.near, buf, 1, MSG_OOB | MSG_DONTWAIT), "none sent");
	say_n(send(pair.far, "abU", 3, MSG_OOB), "far sends urgent");
	say_poll(pair.near, POLLIN, "urgent");
	say_n(recv(pair.near, buf, sizeof(buf), 0), "up to the mark");
	say_n(recv(pair.near, buf, 1, MSG_OOB), "MSG_OOB");
	say("it is %c", buf[0]);
	pair_close(&pair);
}

static void near_sends(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[16] = "";

	say_n(send(pair.near, "abU", 3, MSG_OOB), "send OOB");
	poll_until(pair.far, POLLIN);
	say_n(recv(pair.far, buf, 2, MSG_WAITALL), "far reads");
	say("it is %.2s", buf);
	pair_close(&pair);
}

static void in_line(const struct place *place)
{
	struct pair pair = pair_open(place);
	char buf[16] = "";

	say_rc(set_int(pair.near, SOL_SOCKET, SO_OOBINLINE, 1), "OOBINLINE");
	say("OOBINLINE %d", get_int(pair.near, SOL_SOCKET, SO_OOBINLINE));
	send(pair.far, "abU", 3, MSG_OOB);
	write_all(pair.far, "cd", 2);
	say_n(recv(pair.near, buf, 2, MSG_WAITALL), "before the mark");
	say_n(recv(pair.near, buf + 2, 3, MSG_WAITALL), "from the mark on");
	say("all: %.5s", buf);
	pair_close(&pair);
}

int main(void)
{
	oracle_start();
	each_place(out_of_line);
	each_place(near_sends);
	each_place(in_line);
	return 0;
}
