/* SPDX-License-Identifier: MIT */
/* Control channels to the service: opened, kept for the next request, lost. */
#ifndef NETCOND_SHIM_CHANNEL_H
#define NETCOND_SHIM_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/proto/rpc.h"

/* An open channel, in one thread's hands. */
struct channel {
	int fd;          /* close-on-exec, placed high */
	uint64_t cookie; /* SO_COOKIE: is fd still what it was? */
	bool is_corking; /* the service has answered a request for TCP_CORK on it,
	                    see shim/proto/rpc.h */
	bool is_kept;    /* taken from a slot: the service may have gone since */
};

void channel_start(void);
int channel_get(struct channel *chan);
int channel_open(struct channel *chan);
void channel_put(const struct channel *chan);
void channel_drop(const struct channel *chan);

/* One exchange on a channel. Return: as client_call; *is_lost says that the
 * channel is of no use any more.
 */
int channel_exchange(const struct channel *chan, struct rpc_request *req,
                     int fd, struct rpc_reply *reply, int *out_fd,
                     bool *is_lost);

/* A request without reply. Return: 0 or -errno; *is_lost as above. */
int channel_tell(const struct channel *chan, struct rpc_request *req, int fd,
                 bool *is_lost);

uint64_t channel_instance(void);

#endif
