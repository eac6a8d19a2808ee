/* SPDX-License-Identifier: MIT */
/* Our XDP program in the kernel: loading, attaching, addresses, counters.
 *
 * Theory of operation
 *
 * The program (bpf/xdp_redirect.bpf.c) is compiled with the service and linked
 * into it, so there is no file to find at run time. It is attached by a bpf
 * link whose only reference is a descriptor of this process: however that
 * ends, the kernel detaches the program. Nothing is pinned, so no bpffs is
 * needed.
 *
 * There are two variants: one that is bound to the card's driver and asks it for
 * VLAN tags that the card has taken out of frames, and one for any driver and
 * for skb mode, which sees the tags only that are left in.
 *
 * The kernel takes a link down a moment after its owner has died, so a start
 * right after that may meet the old program: EBUSY is tried again for a while.
 */
#include "fastpath/xdp_prog.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fastpath/why.h"

#define BUSY_TRIES 100           /* of attaching, while another one is there */
#define BUSY_WAIT_NS 10000000    /* between them: 10 ms */
#define PROG_DEV_BOUND_ONLY (1u << 6) /* BPF_F_XDP_DEV_BOUND_ONLY, Linux 6.3 */
#define LOG_LEN (64u << 10)      /* bytes of what the verifier says */

/* bpf/xdp_redirect.bpf.o, put into our own file by the linker. */
extern const char xdp_redirect_start[] __asm__(
	"_binary_xdp_redirect_bpf_o_start");
extern const char xdp_redirect_end[] __asm__(
	"_binary_xdp_redirect_bpf_o_end");

/* libbpf prints nothing: the reason is ours to give. */
static int print_nothing(enum libbpf_print_level level, const char *format,
                         va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

/* Make it safe to give to xdp_prog_fini(). */
void xdp_prog_init(struct xdp_prog *prog)
{
	memset(prog, 0, sizeof(*prog));
	prog->fd = -1;
	prog->link_fd = -1;
}

/* The verifier's last line but its statistics, where it says why. */
static const char *last_line(char *log)
{
	char *line = "";

	for (char *next = strtok(log, "\n"); next; next = strtok(NULL, "\n"))
		if (strncmp(next, "processed ", 10) &&
		    strncmp(next, "verification time", 17))
			line = next;
	return line;
}

static int load_fail(int err, char *log, char *why)
{
	const char *line = last_line(log);

	if (err == -EPERM)
		return why_fail(why, EPERM, "an XDP program may be loaded by "
		                "root only (or with CAP_BPF and CAP_NET_ADMIN)");
	return why_fail(why, -err, "the kernel does not take the XDP program: "
	                "%s%s%.128s", strerror(-err), *line ? ": " : "", line);
}

/* Set the program's constants. */
static int constants_set(struct xdp_prog *prog, uint32_t frame_len_max)
{
	struct bpf_map *map = bpf_object__find_map_by_name(prog->object,
	                                                   ".rodata");

	if (!map)
		return -ENOENT;
	return bpf_map__set_initial_value(map, &frame_len_max,
	                                  sizeof(frame_len_max));
}

static int object_open(struct xdp_prog *prog)
{
	const struct bpf_object_open_opts opts = {
		.sz = sizeof(opts),
		.object_name = "netcond",
	};
	const size_t len = (uintptr_t)xdp_redirect_end -
	                   (uintptr_t)xdp_redirect_start;
	struct bpf_object *object;

	object = bpf_object__open_mem(xdp_redirect_start, len, &opts);
	if (!object)
		return -errno;
	prog->object = object;
	return 0;
}

/* Let libbpf load one of the programs and leave the other. */
static struct bpf_program *program_choose(struct xdp_prog *prog,
                                          unsigned ifindex)
{
	struct bpf_program *plain, *tag, *chosen;

	plain = bpf_object__find_program_by_name(prog->object, "netcond_xdp");
	tag = bpf_object__find_program_by_name(prog->object,
	                                       "netcond_xdp_tag");
	if (!plain || !tag)
		return NULL;
	chosen = ifindex ? tag : plain;
	bpf_program__set_autoload(ifindex ? plain : tag, false);
	if (ifindex) {
		bpf_program__set_ifindex(tag, ifindex);
		bpf_program__set_flags(tag, PROG_DEV_BOUND_ONLY);
	}
	return chosen;
}

static int object_load(struct xdp_prog *prog, unsigned ifindex, char *log)
{
	struct bpf_program *chosen = program_choose(prog, ifindex);
	int err;

	if (!chosen)
		return -ENOENT;
	bpf_program__set_log_buf(chosen, log, LOG_LEN);
	err = bpf_object__load(prog->object);
	if (err)
		return err;
	prog->fd = bpf_program__fd(chosen);
	prog->sockets_fd = bpf_object__find_map_fd_by_name(prog->object,
	                                                   "sockets");
	prog->addrs_fd = bpf_object__find_map_fd_by_name(prog->object, "addrs");
	prog->counts_fd = bpf_object__find_map_fd_by_name(prog->object,
	                                                  "counts");
	if (prog->sockets_fd < 0 || prog->addrs_fd < 0 || prog->counts_fd < 0)
		return -ENOENT;
	return 0;
}

/* Load the program, which redirects nothing yet.
 * prog: after xdp_prog_init(); to be given to xdp_prog_fini() in any case.
 * ifindex: of the interface to whose driver it is bound, which tells it of VLAN
 * tags that the card has taken out; 0: bound to none, for any mode.
 * frame_len_max: bytes of the longest frame that a buffer takes.
 * Return: 0, or -errno and a sentence in why, with the verifier's last line
 * where it was the verifier.
 */
int xdp_prog_load(struct xdp_prog *prog, unsigned ifindex,
                  uint32_t frame_len_max, char *why)
{
	char *log = calloc(1, LOG_LEN);
	int err;

	libbpf_set_print(print_nothing);
	prog->cpu_count = libbpf_num_possible_cpus();
	if (prog->cpu_count > 0)
		prog->per_cpu = calloc(prog->cpu_count, sizeof(*prog->per_cpu));
	if (!log || !prog->per_cpu) {
		free(log);
		return why_fail(why, ENOMEM, "out of memory");
	}
	err = object_open(prog);
	if (!err)
		err = constants_set(prog, frame_len_max);
	if (!err)
		err = object_load(prog, ifindex, log);
	if (err)
		load_fail(err, log, why);
	free(log);
	return err;
}

static int link_once(int prog_fd, unsigned ifindex, bool is_native)
{
	const struct bpf_link_create_opts opts = {
		.sz = sizeof(opts),
		.flags = is_native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE,
	};

	return bpf_link_create(prog_fd, (int)ifindex, BPF_XDP, &opts);
}

static int link_create(int prog_fd, unsigned ifindex, bool is_native)
{
	const struct timespec wait = { .tv_nsec = BUSY_WAIT_NS };
	int fd = link_once(prog_fd, ifindex, is_native);

	for (int i = 0; i < BUSY_TRIES && fd == -EBUSY; i++) {
		nanosleep(&wait, NULL);
		fd = link_once(prog_fd, ifindex, is_native);
	}
	return fd;
}

static int attach_fail(int err, const char *ifname, bool is_native, char *why)
{
	switch (-err) {
	case EBUSY:
	case EEXIST:
		return why_fail(why, EBUSY, "%s has another XDP program "
		                "already: end its owner, or 'ip link set %s xdp "
		                "off'", ifname, ifname);
	case ERANGE:
	case EMSGSIZE:
		return why_fail(why, -err, "the MTU of %s or of its peer is too "
		                "large for XDP in its driver: lower it, or use "
		                "--xdp-mode skb", ifname);
	case EOPNOTSUPP:
		if (is_native)
			return why_fail(why, EOPNOTSUPP, "the driver of %s has "
			                "no XDP: use --xdp-mode skb", ifname);
		break;
	case EPERM:
		return why_fail(why, EPERM, "an XDP program may be attached by "
		                "root only (or with CAP_NET_ADMIN)");
	}
	return why_fail(why, -err, "cannot attach the XDP program to %s in %s "
	                "mode: %s", ifname, is_native ? "native" : "skb",
	                strerror(-err));
}

/* Load one variant and attach it. Return: as xdp_prog_open(). */
static int open_once(struct xdp_prog *prog, const struct xdp_prog_place *place,
                     bool is_native, bool is_bound, char *why)
{
	int err = xdp_prog_load(prog, is_bound ? place->ifindex : 0,
	                        place->frame_len_max, why);

	if (!err) {
		prog->link_fd = link_create(prog->fd, place->ifindex,
		                            is_native);
		if (prog->link_fd < 0)
			err = attach_fail(prog->link_fd, place->ifname,
			                  is_native, why);
	}
	if (err) {
		xdp_prog_fini(prog);
		return err;
	}
	prog->is_native = is_native;
	prog->sees_tags = is_bound;
	return 0;
}

/* Load the program and attach it to an interface: bound to the driver, in the
 * driver, behind the driver, whichever goes first of what the mode allows. But
 * where somebody else's program is in the way, nothing else is tried.
 * prog: after xdp_prog_init(); to be given to xdp_prog_fini() in any case.
 * Return: 0, or -errno and a sentence in why.
 */
int xdp_prog_open(struct xdp_prog *prog, const struct xdp_prog_place *place,
                  enum netdev_xdp_mode mode, char *why)
{
	char no_native[NETDEV_WHY_LEN] = "";
	int err = -EOPNOTSUPP;

	if (mode != NETDEV_XDP_SKB) {
		err = open_once(prog, place, true, true, why);
		if (err && err != -EBUSY)
			err = open_once(prog, place, true, false, why);
	}
	if (mode == NETDEV_XDP_SKB)
		return open_once(prog, place, false, false, why);
	if (mode != NETDEV_XDP_AUTO || !err || err == -EBUSY || err == -EPERM)
		return err;
	if (err != -EOPNOTSUPP)
		why_fail(no_native, 0, "skb mode, the slower one, is used: %s",
		         why);
	err = open_once(prog, place, false, false, why);
	if (!err)
		memcpy(prog->no_native, no_native, sizeof(no_native));
	return err;
}

/* Where the frames of a queue go. Return: 0 or -errno. */
int xdp_prog_set_socket(struct xdp_prog *prog, uint32_t queue, int fd)
{
	if (bpf_map_update_elem(prog->sockets_fd, &queue, &fd, BPF_ANY))
		return -errno;
	return 0;
}

static void addr_from_netdev(const struct netdev_addr *addr,
                             struct xdp_addr *out)
{
	memset(out, 0, sizeof(*out));
	if (addr->family == AF_INET6) {
		memcpy(out->words, &addr->in6, sizeof(addr->in6));
		return;
	}
	out->words[2] = htonl(0xffff);
	out->words[3] = addr->in.s_addr;
}

/* It asks for what configures the stack: the program passes that. */
static bool addr_is_any(const struct netdev_addr *addr)
{
	if (addr->family == AF_INET)
		return addr->in.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&addr->in6);
}

static bool addr_is_in(const struct xdp_addr *addr,
                       const struct xdp_addr *list, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!memcmp(addr, &list[i], sizeof(*addr)))
			return true;
	return false;
}

/* Make the map hold these addresses and no others. Those that stay are in it
 * all the time.
 * Return: 0; -ENOSPC for more than XDP_SHARED_ADDR_MAX; -errno of bpf(2).
 */
int xdp_prog_set_addrs(struct xdp_prog *prog, const struct netdev_addr *addrs,
                       unsigned count)
{
	struct xdp_addr next[XDP_SHARED_ADDR_MAX];
	unsigned next_count = 0;
	const uint8_t present = 1;

	if (count > XDP_SHARED_ADDR_MAX)
		return -ENOSPC;
	for (unsigned i = 0; i < count; i++)
		if (!addr_is_any(&addrs[i]))
			addr_from_netdev(&addrs[i], &next[next_count++]);
	for (unsigned i = 0; i < prog->addr_count; i++)
		if (!addr_is_in(&prog->addrs[i], next, next_count))
			bpf_map_delete_elem(prog->addrs_fd, &prog->addrs[i]);
	memcpy(prog->addrs, next, next_count * sizeof(*next));
	prog->addr_count = next_count;
	for (unsigned i = 0; i < next_count; i++)
		if (bpf_map_update_elem(prog->addrs_fd, &next[i], &present,
		                        BPF_ANY))
			return -errno;
	return 0;
}

/* Add the counters of all CPUs up. Return: 0 or -errno. */
int xdp_prog_get_counts(struct xdp_prog *prog, struct xdp_counts *sum)
{
	const uint32_t key = 0;

	memset(sum, 0, sizeof(*sum));
	if (bpf_map_lookup_elem(prog->counts_fd, &key, prog->per_cpu))
		return -errno;
	for (int cpu = 0; cpu < prog->cpu_count; cpu++)
		for (int i = 0; i < XDP_VERDICT_COUNT; i++)
			sum->frames[i] += prog->per_cpu[cpu].frames[i];
	return 0;
}

/* Detach and unload; whatever of it there is. */
void xdp_prog_fini(struct xdp_prog *prog)
{
	if (prog->link_fd >= 0)
		close(prog->link_fd);
	if (prog->object)
		bpf_object__close(prog->object);
	free(prog->per_cpu);
	xdp_prog_init(prog);
}
