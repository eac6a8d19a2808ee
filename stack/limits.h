/* SPDX-License-Identifier: MIT */
/* Counts and sizes of the stack's tables. Each is a limit that is reached with
 * an errno, never with a crash; their relations are asserted where they meet.
 */
#ifndef NETCOND_STACK_LIMITS_H
#define NETCOND_STACK_LIMITS_H

#define STACK_SOCK_MAX 65000     /* sockets of all programs; lwIP's pools are u16 */
#define STACK_PCB_MAX 65000      /* TCP pcbs, those in TIME_WAIT included */
#define STACK_LISTEN_PCB_MAX 4096
#define STACK_UDP_PCB_MAX 16384
#define STACK_ADDR_MAX 8         /* addresses of the stack, of each family 3 in IPv6 */
#define STACK_DNS_MAX 4          /* name servers */

#define SOCK_TX_BUF_LEN 65536    /* bytes one sock_tx_buf holds */
#define SOCK_TCP_WND (2u << 20)  /* bytes: receive window and send buffer */
#define SOCK_DGRAM_QUEUE_LEN (1u << 20) /* bytes of datagrams waiting on one socket */
#define SOCK_DGRAM_MAX 65507     /* bytes: the largest UDP payload over IPv4 */
#define SOCK_IOV_MAX 64          /* iovecs one sock_rx_peek fills */

#define STACK_PORT_EPHEMERAL_FIRST 32768 /* as Linux's ip_local_port_range */
#define STACK_PORT_EPHEMERAL_LAST 60999

#endif
