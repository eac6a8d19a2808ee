/* SPDX-License-Identifier: MIT */
/* The control socket: where programs come in. */
#ifndef NETCOND_SERVICE_CONTROL_H
#define NETCOND_SERVICE_CONTROL_H

#include <sys/types.h>
#include <sys/un.h>

#include "service/handlers.h"
#include "service/poller.h"

struct control {
	int fd;                   /* listening; -1: not open */
	struct poller *poller;
	struct handlers handlers;
	struct sockaddr_un addr;  /* the path */
	dev_t dev;                /* the file as we made it */
	ino_t ino;
	bool is_paused;           /* out of descriptors: not accepting */
};

int control_open(struct control *control, const char *path,
                 struct poller *poller, char *why);
void control_close(struct control *control);
unsigned control_on_connect(struct control *control);
void control_resume(struct control *control);
unsigned control_before_bytes(struct control *control);
unsigned control_on_request(struct control *control, struct poller_ref ref,
                            uint32_t events);

#endif
