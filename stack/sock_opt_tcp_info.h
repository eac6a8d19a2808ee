/* SPDX-License-Identifier: MIT */
/* TCP_INFO. */
#ifndef NETCOND_STACK_SOCK_OPT_TCP_INFO_H
#define NETCOND_STACK_SOCK_OPT_TCP_INFO_H

struct sock;
struct tcp_info;

void sock_opt_tcp_info(const struct sock *sock, struct tcp_info *info);

#endif
