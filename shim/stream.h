/* SPDX-License-Identifier: MIT */
/* Where a TCP socket's pair needs a second look. */
#ifndef NETCOND_SHIM_STREAM_H
#define NETCOND_SHIM_STREAM_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

bool stream_has_hung_up(int fd);
ssize_t stream_end(int fd);
ssize_t stream_reset(int fd);
ssize_t stream_discard(int fd, size_t len, int flags);
ssize_t stream_broken(int fd, int flags);
int stream_send_flags(int fd, int flags, bool *is_foreign);

#endif
