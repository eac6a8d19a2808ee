/* SPDX-License-Identifier: MIT */
/* The IPv4 address by DHCP: lwIP's client on the stack's own timers.
 *
 * Theory of operation
 *
 * lwIP's client (core/ipv4/dhcp.c) speaks the protocol of RFC 2131: DISCOVER,
 * REQUEST, an ARP probe of the address, DECLINE, RENEW, REBIND, NAK. What it
 * lacks is done from outside:
 *
 *   - It wants to be called twice a second for ever, and counts a lease in
 *     whole minutes. Here both of its timers are one-shots: what it writes into
 *     request_timeout is moved to a timer of ours (take_timeout), and a lease is
 *     kept to the second, by the three times that bound() computes.
 *   - It asks neither for name servers nor with a client identifier. Both are
 *     put into its messages before they leave (hook_dhcp_append), and the
 *     servers are read from the replies (hook_dhcp_option).
 *
 * lwIP's state says what runs:
 *
 *     state                       | request_timer     | lease_timer
 *     SELECTING REQUESTING        | the next try      | stopped
 *     CHECKING BACKING_OFF        | ARP, decline      | stopped
 *     BOUND                       | stopped           | renew_us
 *     RENEWING REBINDING          | no use            | next try, or the end
 *
 * The state is looked at after each batch of frames (dhcp_client_poll). BOUND
 * is never entered from BOUND, and each state before it outlives a batch or is
 * ours, so every acknowledged lease is seen.
 *
 * With a client identifier of its own (RFC 2132 9.14, type 0) the stack is
 * another client than the host, also where both use one card and its address.
 */
#include "stack/dhcp_client.h"

#include <errno.h>
#include <lwip/dhcp.h>
#include <lwip/prot/dhcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stack/ethif.h"
#include "stack/port/hooks.h"

#define HOSTNAME_LEN 64     /* bytes with NUL: one label of RFC 1035 */
#define RETRY_MIN_US 60000000ull /* RFC 2131 4.4.5, RENEWING and REBINDING */
#define LEASE_S_MIN 10      /* a shorter lease is taken for this */
#define LEASE_INFINITE UINT32_MAX
#define CLIENT_ID_PREFIX "netcond"

struct dhcp_client {
	struct dhcp lwip;
	struct stack *stack;
	uint8_t state;              /* dhcp_state_enum_t, as seen last */
	struct timer request_timer;
	struct timer lease_timer;
	uint64_t asked_us;          /* when the last REQUEST was sent: from
	                               then on a lease counts */
	uint64_t renew_us;          /* T1; UINT64_MAX: the lease has no end */
	uint64_t rebind_us;         /* T2 */
	uint64_t end_us;
	uint32_t lease_s;           /* as granted */
	ip_addr_t dns[STACK_DNS_MAX];     /* of the lease in use */
	unsigned dns_count;
	ip_addr_t offered[STACK_DNS_MAX]; /* of the reply being read */
	unsigned offered_count;
	char hostname[HOSTNAME_LEN];
};

static struct netif *netif_of(const struct dhcp_client *client)
{
	return &client->stack->ethif->netif;
}

static struct dhcp_client *client_of_timer(struct timer *timer, size_t offset)
{
	return (struct dhcp_client *)(void *)((char *)timer - offset);
}

/* When to ask again, on the way to a limit: RFC 2131 4.4.5. */
static uint64_t next_try_us(uint64_t now_us, uint64_t limit_us)
{
	uint64_t wait = (limit_us - now_us) / 2;

	if (wait < RETRY_MIN_US)
		wait = RETRY_MIN_US;
	return limit_us - now_us < wait ? limit_us : now_us + wait;
}

/* lwIP has leased an address and counts in minutes: count in seconds. A server
 * that gives T1 and T2 in no order gets the times of RFC 2131 4.4.5.
 */
static void on_bound(struct dhcp_client *client)
{
	struct dhcp *lwip = &client->lwip;
	uint64_t t0 = lwip->offered_t0_lease, t1 = lwip->offered_t1_renew;
	uint64_t t2 = lwip->offered_t2_rebind, from = client->asked_us;

	lwip->t0_timeout = lwip->t1_renew_time = lwip->t2_rebind_time = 0;
	client->lease_s = lwip->offered_t0_lease;
	memcpy(client->dns, client->offered, sizeof(client->dns));
	client->dns_count = client->offered_count;
	client->stack->stats.dhcp_leases++;
	client->stack->addrs_are_dirty = true;
	timer_stop(&client->stack->timers, &client->lease_timer);
	client->renew_us = client->rebind_us = client->end_us = UINT64_MAX;
	if (t0 == LEASE_INFINITE)
		return;
	if (t0 < LEASE_S_MIN)
		t0 = LEASE_S_MIN;
	if (!t1 || t1 >= t2 || t2 >= t0) {
		t1 = t0 / 2;
		t2 = t0 * 7 / 8;
	}
	client->renew_us = from + t1 * 1000000;
	client->rebind_us = from + t2 * 1000000;
	client->end_us = from + t0 * 1000000;
	timer_start(&client->stack->timers, &client->lease_timer,
	            client->renew_us);
}

static void on_lost(struct dhcp_client *client)
{
	timer_stop(&client->stack->timers, &client->lease_timer);
	client->dns_count = 0;
	client->lease_s = 0;
	client->end_us = 0;
	client->stack->stats.dhcp_lost++;
	client->stack->addrs_are_dirty = true;
}

static bool has_lease(uint8_t state)
{
	return state == DHCP_STATE_BOUND || state == DHCP_STATE_RENEWING ||
	       state == DHCP_STATE_REBINDING;
}

/* Move lwIP's countdown to our timer. */
static void take_timeout(struct dhcp_client *client, bool is_new_state)
{
	struct timer_heap *timers = &client->stack->timers;
	uint64_t ticks = client->lwip.request_timeout;

	if (is_new_state)
		timer_stop(timers, &client->request_timer);
	client->lwip.request_timeout = 0;
	/* While renewing, lwIP does nothing when this runs out. */
	if (ticks && !has_lease(client->lwip.state))
		timer_start(timers, &client->request_timer,
		            client->stack->now_us +
		                    ticks * DHCP_FINE_TIMER_MSECS * 1000);
}

/**
 * dhcp_client_poll() - Follow what lwIP's client did
 * @stack:	The stack; after frames came in or a timer ran
 */
void dhcp_client_poll(struct stack *stack)
{
	struct dhcp_client *client = stack->dhcp;
	uint8_t before, state;

	if (!client)
		return;
	before = client->state;
	state = client->state = client->lwip.state;
	take_timeout(client, state != before);
	if (state == before)
		return;
	if (state == DHCP_STATE_BOUND)
		on_bound(client);
	else if (has_lease(before) && !has_lease(state))
		on_lost(client);
}

static void on_request_due(struct timer *timer, uint64_t now_us)
{
	struct dhcp_client *client = client_of_timer(
		timer, offsetof(struct dhcp_client, request_timer));

	(void)now_us;
	client->lwip.request_timeout = 1; /* it runs out in this call */
	dhcp_fine_tmr();
	dhcp_client_poll(client->stack);
}

/* The address may not be used any longer; look for another. */
static void expire(struct dhcp_client *client)
{
	netif_set_addr(netif_of(client), IP4_ADDR_ANY4, IP4_ADDR_ANY4,
	               IP4_ADDR_ANY4);
	dhcp_start(netif_of(client));
}

static void rebind(struct dhcp_client *client)
{
	client->lwip.t2_rebind_time = 1; /* it runs out in this call */
	dhcp_coarse_tmr();
}

static void on_lease_due(struct timer *timer, uint64_t now_us)
{
	struct dhcp_client *client = client_of_timer(
		timer, offsetof(struct dhcp_client, lease_timer));
	uint64_t next;

	if (now_us >= client->end_us) {
		expire(client);
		dhcp_client_poll(client->stack);
		return;
	}
	if (now_us >= client->rebind_us) {
		rebind(client);
		next = next_try_us(now_us, client->end_us);
	} else {
		dhcp_renew(netif_of(client));
		next = next_try_us(now_us, client->rebind_us);
	}
	dhcp_client_poll(client->stack);
	timer_start(&client->stack->timers, timer, next);
}

/* The host's name without its domain; "" where it has none. */
static void read_hostname(struct dhcp_client *client)
{
	char name[HOSTNAME_LEN] = "";

	if (gethostname(name, sizeof(name) - 1))
		return;
	name[strcspn(name, ".(")] = '\0';
	if (strcmp(name, "localhost") != 0)
		memcpy(client->hostname, name, sizeof(name));
}

/**
 * dhcp_client_init() - Start looking for an address
 * @stack:	Its ethif is up; gets stack->dhcp
 *
 * Return: 0 or -ENOMEM.
 */
int dhcp_client_init(struct stack *stack)
{
	struct dhcp_client *client = calloc(1, sizeof(*client));
	struct netif *netif = &stack->ethif->netif;

	if (!client)
		return -ENOMEM;
	client->stack = stack;
	client->request_timer.on_due = on_request_due;
	client->lease_timer.on_due = on_lease_due;
	read_hostname(client);
	netif_set_hostname(netif, client->hostname);
	stack->dhcp = client;
	dhcp_set_struct(netif, &client->lwip);
	if (dhcp_start(netif) != ERR_OK)
		return -ENOMEM;
	dhcp_client_poll(stack);
	return 0;
}

/**
 * dhcp_client_fini() - Give the address back to the server
 * @stack:	Connections are gone already
 */
void dhcp_client_fini(struct stack *stack)
{
	struct dhcp_client *client = stack->dhcp;

	if (!client)
		return;
	timer_stop(&stack->timers, &client->request_timer);
	timer_stop(&stack->timers, &client->lease_timer);
	dhcp_release_and_stop(netif_of(client));
	dhcp_remove_struct(netif_of(client));
	netif_set_hostname(netif_of(client), NULL);
	stack->dhcp = NULL;
	free(client);
}

void dhcp_client_get_lease(const struct stack *stack, struct stack_addrs *out)
{
	const struct dhcp_client *client = stack->dhcp;

	if (!client || !has_lease(client->state))
		return;
	out->lease_s = client->lease_s;
	out->lease_end_us = client->end_us;
	out->dhcp_server.s_addr =
		ip4_addr_get_u32(ip_2_ip4(&client->lwip.server_ip_addr));
}

unsigned dhcp_client_get_dns(const struct stack *stack, ip_addr_t *out,
                             unsigned max)
{
	const struct dhcp_client *client = stack->dhcp;
	unsigned count = 0;

	for (; client && count < client->dns_count && count < max; count++)
		out[count] = client->dns[count];
	return count;
}

/* Add codes to the list of what we ask for. */
static void ask_for(struct dhcp_msg *msg, uint16_t *len, const uint8_t *codes,
                    uint8_t count)
{
	uint8_t *options = msg->options, *end;

	for (unsigned i = 0; i + 2 <= *len; i += 2 + options[i + 1]) {
		if (options[i] != DHCP_OPTION_PARAMETER_REQUEST_LIST ||
		    *len + count > DHCP_OPTIONS_LEN)
			continue;
		end = options + i + 2 + options[i + 1];
		memmove(end + count, end, (size_t)(options + *len - end));
		memcpy(end, codes, count);
		options[i + 1] = (uint8_t)(options[i + 1] + count);
		*len = (uint16_t)(*len + count);
		return;
	}
}

static void append(struct dhcp_msg *msg, uint16_t *len, uint8_t code,
                   const void *value, size_t value_len)
{
	uint8_t *to = msg->options + *len;

	if (*len + 2 + value_len > DHCP_OPTIONS_LEN)
		return;
	*to++ = code;
	*to++ = (uint8_t)value_len;
	memcpy(to, value, value_len);
	*len = (uint16_t)(*len + 2 + value_len);
}

/**
 * hook_dhcp_append() - A DHCP message is about to leave
 */
void hook_dhcp_append(struct dhcp_msg *msg, uint16_t *len)
{
	static const uint8_t codes[] = {
		DHCP_OPTION_DNS_SERVER, DHCP_OPTION_T1, DHCP_OPTION_T2,
	};
	struct dhcp_client *client = stack_self->dhcp;
	const uint8_t type = msg->options[2]; /* option 53 is the first */
	uint8_t id[1 + sizeof(CLIENT_ID_PREFIX) - 1 + NETIF_MAX_HWADDR_LEN] =
		{ 0 };

	ask_for(msg, len, codes, sizeof(codes));
	memcpy(id + 1, CLIENT_ID_PREFIX, sizeof(CLIENT_ID_PREFIX) - 1);
	memcpy(id + sizeof(CLIENT_ID_PREFIX), msg->chaddr,
	       NETIF_MAX_HWADDR_LEN);
	append(msg, len, DHCP_OPTION_CLIENT_ID, id, sizeof(id));
	if (type == DHCP_DISCOVER && client->hostname[0])
		append(msg, len, DHCP_OPTION_HOSTNAME, client->hostname,
		       strlen(client->hostname));
	if (type == DHCP_REQUEST)
		client->asked_us = client->stack->now_us;
	client->offered_count = 0;
}

/**
 * hook_dhcp_option() - A reply to us has an option that lwIP does not know
 * @code, @len:	Of the option
 * @p, @offset:	Where its value stands; may be cut short
 */
void hook_dhcp_option(uint8_t code, uint8_t len, struct pbuf *p,
                      uint16_t offset)
{
	struct dhcp_client *client = stack_self->dhcp;
	ip4_addr_t addr;

	if (code != DHCP_OPTION_DNS_SERVER || !client)
		return;
	client->offered_count = 0;
	for (; len >= sizeof(addr) && client->offered_count < STACK_DNS_MAX;
	     len -= sizeof(addr), offset += sizeof(addr)) {
		if (pbuf_copy_partial(p, &addr, sizeof(addr), offset) !=
		    sizeof(addr))
			return;
		ip_addr_copy_from_ip4(client->offered[client->offered_count],
		                      addr);
		client->offered_count++;
	}
}
