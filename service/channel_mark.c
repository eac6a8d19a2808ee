/* SPDX-License-Identifier: MIT */
/* Data channels: what is read from and set on the descriptors of a pair.
 *
 * Both ends live in the kernel as long as somebody holds them, so what is set
 * here survives dup, fork, exec and the service itself.
 */
#include "service/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include "service/rpc.h"

/* The kernel's number of the socket behind fd, the same through dup and
 * SCM_RIGHTS, never given twice. Return: 0, -ENOTSOCK or -EBADF.
 */
int channel_cookie(int fd, uint64_t *cookie)
{
	socklen_t len = sizeof(*cookie);

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &len))
		return -errno;
	return 0;
}

/* Set an RPC_MARK_* on the program's end. It does not change what poll says
 * there (a unix socket is readable with one byte); it cannot fail for these
 * values.
 */
void channel_mark(int program_fd, int mark)
{
	setsockopt(program_fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof(mark));
}

/* Ask for a send buffer; with CAP_NET_ADMIN also past wmem_max. What comes of
 * it is the kernel's matter, nothing relies on it.
 */
void channel_size(int fd, int bytes)
{
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

/* Give the program's end of a connection its large buffer, the first time that
 * its descriptor is at hand: not before it is connected, since growing makes an
 * end writable that a pending connect has filled.
 */
void channel_grow(struct channel *ch, int program_fd)
{
	if (ch->is_grown || ch->phase != CHANNEL_OPEN)
		return;
	ch->is_grown = true;
	channel_size(program_fd, CHANNEL_SNDBUF);
}

/* Bind an end of the pair to its name. Return: 0, or -errno of bind(2):
 * -EINVAL when it has one already.
 */
int channel_name_end(const struct channel *ch, int fd, enum rpc_end end)
{
	struct rpc_name name = {
		.instance = ch->set->instance,
		.sock_id = ch->sock_id,
		.end = end,
		.domain = sock_domain(ch->sock),
		.type = sock_type(ch->sock),
		.is_accepted = ch->is_incoming,
	};
	struct sockaddr_un un;
	socklen_t len;

	memcpy(name.magic, RPC_NAME_MAGIC, sizeof(name.magic));
	if (name.is_accepted || end == RPC_END_PROGRAM)
		channel_get_names(ch, &name.local, &name.peer);
	len = rpc_name_build(&name, &un);
	return bind(fd, (struct sockaddr *)&un, len) ? -errno : 0;
}
