/* SPDX-License-Identifier: MIT */
/* getaddrinfo's work, and that of its older relatives. */
#ifndef NETCOND_SHIM_ADDRINFO_H
#define NETCOND_SHIM_ADDRINFO_H

#include <netdb.h>

int addrinfo_get(const char *node, const char *service,
                 const struct addrinfo *hints, struct addrinfo **out);

#endif
