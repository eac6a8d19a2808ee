/* SPDX-License-Identifier: MIT */
/* Bytes spread over iovecs. */
#ifndef NETCOND_SHIM_IOV_H
#define NETCOND_SHIM_IOV_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#define IOV_SHIFT_MAX 72 /* bytes that iov_insert and iov_remove move by */

ssize_t iov_len(const struct iovec *iov, size_t count);
void iov_insert(const struct iovec *iov, size_t count, const void *head,
                size_t len);
void iov_remove(const struct iovec *iov, void *head, size_t len);

#endif
