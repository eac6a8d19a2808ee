/* SPDX-License-Identifier: MIT */
/* What --version prints; the wire's version is RPC_VERSION. */
#ifndef NETCOND_SHIM_PROTO_VERSION_H
#define NETCOND_SHIM_PROTO_VERSION_H

#define NETCOND_VERSION "0.1.0"

#endif
