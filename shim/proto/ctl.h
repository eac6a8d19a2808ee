/* SPDX-License-Identifier: MIT */
/* A small client of the control channel, for the launcher and netcon. */
#ifndef NETCOND_SHIM_PROTO_CTL_H
#define NETCOND_SHIM_PROTO_CTL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

#include "shim/proto/rpc.h"

#define CTL_PATH_LEN sizeof(((struct sockaddr_un *)0)->sun_path)
#define CTL_WHY_LEN 256 /* bytes that every `why` buffer has at least */

/* One connection to a service. */
struct ctl {
	int fd;                  /* -1: closed */
	uint32_t next_id;        /* of the next request */
	uint64_t instance;       /* from HELLO, as the rest below */
	pid_t pid;               /* the service's, as it sees itself */
	char backend[64];        /* device and mode */
	char path[CTL_PATH_LEN]; /* that was connected to */
};

int ctl_listen_path(const char *wanted, char *path, char *why);
int ctl_connect_path(const char *wanted, char *path, char *why);
int ctl_open(struct ctl *ctl, const char *path, char *why);
void ctl_close(struct ctl *ctl);
int ctl_request(struct ctl *ctl, struct rpc_request *request,
                struct rpc_reply *reply, char *why);

#endif
