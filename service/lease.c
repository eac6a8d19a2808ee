/* SPDX-License-Identifier: MIT */
/* Addresses that the network gives: waiting for them, and telling of them.
 *
 * A service that asks the network is ready when it has an address. Which ones
 * there are to be had nobody says, so each family waits a while for the other.
 * From then on every change is a line in the log.
 */
#include "service/lease.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "fastpath/why.h"
#include "service/log.h"
#include "stack/cidr.h"

#define TICK_NS 100000000

struct await {
	const struct stack *stack;
	uint64_t start_us;
	bool is_settled;
	bool is_late;
};

static bool is_settled(const struct stack *stack, uint64_t waited_us)
{
	struct stack_addrs now;

	stack_get_addrs(stack, &now);
	if (now.has_ipv4)
		return now.has_ipv6 || waited_us >= LEASE_WAIT_V6_US;
	return now.has_ipv6 && waited_us >= LEASE_WAIT_V4_US;
}

static void on_tick(struct loop *loop, int fd, void *user)
{
	struct await *await = user;
	const uint64_t waited_us = loop_clock_us() - await->start_us;
	uint64_t ticks;

	if (read(fd, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	await->is_settled = is_settled(await->stack, waited_us);
	await->is_late = waited_us >= LEASE_WAIT_US;
	if (await->is_settled || await->is_late)
		loop_stop(loop);
}

static int open_ticks(char *why)
{
	const struct itimerspec spec = {
		.it_value.tv_nsec = TICK_NS, .it_interval.tv_nsec = TICK_NS,
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0 && !timerfd_settime(fd, 0, &spec, NULL))
		return fd;
	return why_fail(why, errno, "cannot wait for an address: %s",
	                strerror(errno));
}

/* Run the loop until the network has given an address. Return: 0, or -errno
 * and one sentence in why (NETDEV_WHY_LEN bytes): -ETIMEDOUT when it gave none,
 * -EINTR when the loop was stopped, -errno of loop_run().
 */
int lease_await(struct loop *loop, struct stack *stack, char *why)
{
	struct await await = { .stack = stack, .start_us = loop_clock_us() };
	int fd = open_ticks(why), err;

	if (fd < 0)
		return fd;
	err = loop_watch_fd(loop, fd, on_tick, &await);
	if (!err) {
		err = loop_run(loop);
		loop_unwatch_fd(loop, fd);
	}
	close(fd);
	if (err)
		return why_fail(why, -err, "cannot wait for an address: %s",
		                strerror(-err));
	if (await.is_settled)
		return 0;
	if (!await.is_late)
		return why_fail(why, EINTR, "ended before the network gave an"
		                " address");
	return why_fail(why, ETIMEDOUT, "no DHCP server and no router gave an"
	                " address within %d s: check the link, or give one with"
	                " --addr", LEASE_WAIT_US / 1000000);
}

/* One thing and its value: a line of its own, or the next in a line. */
static void put(FILE *out, bool is_line, const char *what, const char *value)
{
	if (!is_line)
		fprintf(out, "%-11s%s\n", what, value);
	else
		fprintf(out, "%s%s %s", ftell(out) ? ", " : "", what, value);
}

static void put_addr(FILE *out, bool is_line, const char *what, int family,
                     const void *addr)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(family, addr, text, sizeof(text));
	put(out, is_line, what, text);
}

static void put_addrs(FILE *out, bool is_line, const struct stack_addrs *now)
{
	const struct stack_cidr *cidr;
	char text[CIDR_TEXT_LEN] = "";

	for (cidr = now->addrs; cidr < now->addrs + now->addr_count; cidr++) {
		if (cidr->family == AF_INET6 &&
		    IN6_IS_ADDR_LINKLOCAL(&cidr->in6))
			continue;
		cidr_format(cidr, text, sizeof(text));
		put(out, is_line, "address", text);
	}
	if (!now->has_ipv4 && !now->has_ipv6)
		put(out, is_line, "address", "none");
}

static void put_gateways(FILE *out, bool is_line, const struct stack_addrs *now)
{
	const bool has_gw4 = now->gw4.s_addr != INADDR_ANY;
	const bool has_gw6 = !IN6_IS_ADDR_UNSPECIFIED(&now->gw6);

	if (has_gw4)
		put_addr(out, is_line, "gateway", AF_INET, &now->gw4);
	if (has_gw6)
		put_addr(out, is_line, "gateway", AF_INET6, &now->gw6);
	if (!has_gw4 && !has_gw6)
		put(out, is_line, "gateway", "none");
}

static void put_dns(FILE *out, bool is_line, const struct stack_addrs *now)
{
	char text[NI_MAXHOST + NI_MAXSERV], host[NI_MAXHOST], port[NI_MAXSERV];

	for (unsigned i = 0; i < now->dns_count; i++) {
		const struct sockaddr *server = (const void *)&now->dns[i];
		const bool is_v6 = server->sa_family == AF_INET6;

		if (getnameinfo(server, sizeof(now->dns[i]), host, sizeof(host),
		                port, sizeof(port),
		                NI_NUMERICHOST | NI_NUMERICSERV))
			continue;
		if (!strcmp(port, "53"))
			snprintf(text, sizeof(text), "%s", host);
		else
			snprintf(text, sizeof(text),
			         is_v6 ? "[%s]:%s" : "%s:%s", host, port);
		put(out, is_line, "dns", text);
	}
	if (!now->dns_count)
		put(out, is_line, "dns", "none");
}

static void put_lease(FILE *out, bool is_line, const struct stack_addrs *now)
{
	char server[INET_ADDRSTRLEN] = "", text[INET_ADDRSTRLEN + 32] = "none";

	inet_ntop(AF_INET, &now->dhcp_server, server, sizeof(server));
	if (now->lease_end_us == UINT64_MAX)
		snprintf(text, sizeof(text), "without end, from %s", server);
	else if (now->lease_end_us)
		snprintf(text, sizeof(text), "%" PRIu32 " s from %s",
		         now->lease_s, server);
	put(out, is_line, "lease", text);
}

static void put_all(FILE *out, bool is_line, const struct stack_addrs *now)
{
	put_addrs(out, is_line, now);
	put_gateways(out, is_line, now);
	put_dns(out, is_line, now);
	put_lease(out, is_line, now);
}

/* What the stack is configured with now, a line each. */
void lease_print(const struct stack *stack, FILE *out)
{
	struct stack_addrs now;

	stack_get_addrs(stack, &now);
	put_all(out, false, &now);
}

static void write_line(struct lease *lease)
{
	FILE *out = fmemopen(lease->told, sizeof(lease->told), "w");
	struct stack_addrs now;

	if (!out)
		return;
	stack_get_addrs(lease->stack, &now);
	put_all(out, true, &now);
	fclose(out);
}

/* A renewed lease is told with -v only, and all else always. */
static void on_changed(void *user)
{
	struct lease *lease = user;
	char before[LEASE_LINE_LEN];

	memcpy(before, lease->told, sizeof(before));
	write_line(lease);
	if (strcmp(before, lease->told) != 0)
		log_notice("the network's configuration has changed: %s",
		           lease->told);
	else
		log_info("the lease is renewed: %s", lease->told);
}

/* From now on tell of each change, as long as the stack is open. */
void lease_watch(struct lease *lease, struct stack *stack)
{
	lease->stack = stack;
	write_line(lease);
	stack_on_addrs(stack, on_changed, lease);
}
