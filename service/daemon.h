/* SPDX-License-Identifier: MIT */
/* Going to the background, and telling others that the service is ready. */
#ifndef NETCOND_SERVICE_DAEMON_H
#define NETCOND_SERVICE_DAEMON_H

int daemon_start(int *notify_fd, char *why);
void daemon_ready(int notify_fd);
int daemon_check_ready_fd(int fd);
void daemon_write_ready(int fd);
void daemon_fill_std_fds(void);

#endif
