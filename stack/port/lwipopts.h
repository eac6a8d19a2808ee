/* SPDX-License-Identifier: MIT */
/* How lwIP is built here: one reason a line; what is not named keeps its
 * default of lwip/opt.h.
 */
#ifndef NETCOND_STACK_PORT_LWIPOPTS_H
#define NETCOND_STACK_PORT_LWIPOPTS_H

#include "stack/limits.h"

/* One thread, its own clock. */
#define NO_SYS 1                        /* the service's loop is the thread */
#define SYS_LIGHTWEIGHT_PROT 0          /* so nothing needs a lock */
#define LWIP_SOCKET 0                   /* sockets are stack/sock.h */
#define LWIP_NETCONN 0                  /* likewise */
#define LWIP_TIMERS 0                   /* stack/cyclic.c runs the timers: lwIP
                                           would wake an idle service */

/* Memory. */
#define MEM_LIBC_MALLOC 1               /* sizes vary from 64 bytes to 64 KB */
#define MEMP_MEM_MALLOC 1               /* pools would be committed in full */
#define MEM_ALIGNMENT 8                 /* of a 64-bit machine */
#define PBUF_POOL_SIZE 16               /* frames come in custom pbufs */
#define LWIP_SUPPORT_CUSTOM_PBUF 1      /* which lend a frame's bytes */
#define PBUF_NEEDS_COPY(p) 1            /* bytes lent by a sock are freed when
                                           its pcb dies: a neighbour queue must
                                           not keep them */
#define PBUF_LINK_ENCAPSULATION_HLEN 0  /* nothing below Ethernet */

/* Interfaces. */
#define LWIP_ETHERNET 1                 /* all netdevs carry Ethernet */
#define LWIP_ARP 1                      /* IPv4 over it */
#define ARP_QUEUEING 1                  /* more than one frame may wait */
#define ARP_QUEUE_LEN 16                /* a burst of datagrams survives */
#define ARP_TABLE_SIZE 127              /* s8_t index */
#define ETHARP_SUPPORT_STATIC_ENTRIES 1 /* tests need no ARP exchange */
#define ETH_PAD_SIZE 0                  /* frames start at the header */
#define LWIP_HAVE_LOOPIF 1              /* 127.0.0.1 and ::1 */
#define LWIP_NETIF_LOOPBACK 1           /* and the stack's own addresses */
#define LWIP_LOOPBACK_MAX_PBUFS 0       /* a window's worth may be on the way */
#define LWIP_NETIF_LOOPBACK_MULTITHREADING 0 /* polled each turn */
#define LWIP_LOOPIF_MULTICAST 0         /* as Linux's lo */
#define LWIP_NETIF_HWADDRHINT 1         /* the hint tells the pcb of a frame */
#define LWIP_NETIF_TX_SINGLE_PBUF 0     /* would copy every frame */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1  /* devices differ, frames differ */
#define LWIP_CHECKSUM_ON_COPY 0         /* bytes are not copied */

/* IPv4 and IPv6. */
#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define IP_REASSEMBLY 1                 /* large datagrams */
#define IP_REASS_MAX_PBUFS 1024         /* some of 64 KB at a time */
#define IP_FRAG 1                       /* send them as well */
#define IP_FORWARD 0                    /* a host, not a router */
#define IP_DEFAULT_TTL 64               /* as Linux */
#define IP_OPTIONS_ALLOWED 1            /* parsed over, never acted on */
#define IP_SOF_BROADCAST 0              /* SO_BROADCAST is ours to check */
#define LWIP_IPV6_FRAG 1
#define LWIP_IPV6_REASS 1
#define IPV6_FRAG_COPYHEADER 1          /* must be with 64-bit pointers */
#define LWIP_IPV6_MLD 1                 /* solicited-node groups on switches */
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 0 /* addresses work at once */
#define LWIP_IPV6_AUTOCONFIG 1          /* from router advertisements */
#define LWIP_IPV6_NUM_ADDRESSES 4       /* link-local and three */
#define LWIP_ND6_NUM_NEIGHBORS 127      /* s8_t index */
#define LWIP_ND6_NUM_DESTINATIONS 127   /* s8_t index */
#define LWIP_ND6_QUEUEING 1             /* as ARP_QUEUEING */
#define LWIP_ND6_TCP_REACHABILITY_HINTS 1 /* no probes while ACKs flow */
#define LWIP_ICMP 1                     /* ping, unreachable */
#define LWIP_ICMP6 1
#define LWIP_RAW 1                      /* ICMP errors for socks */
#define LWIP_IGMP 0                     /* its 100 ms timer, no need yet */
#define LWIP_MULTICAST_TX_OPTIONS 1     /* IP_MULTICAST_TTL, _IF */
#define LWIP_DHCP 1                     /* stack/dhcp_client.c drives it */
#define DHCP_DOES_ARP_CHECK 1           /* is the address free? DECLINE if not */
#define DHCP_OPTIONS_LEN 312            /* RFC 2131 section 2; ours fit in */
#define LWIP_NETIF_HOSTNAME 1           /* the server may want to know it */
#define LWIP_NETIF_EXT_STATUS_CALLBACK 1 /* addr_watch.c tells of changes */
#define LWIP_DNS 0                      /* stack/resolver.c */

/* UDP. */
#define LWIP_UDP 1
#define LWIP_UDPLITE 0
#define LWIP_NETBUF_RECVINFO 0          /* of the netconn API */

/* TCP. */
#define LWIP_TCP 1
#define TCP_WND SOCK_TCP_WND            /* measured: 1 to 2 MiB is best */
#define TCP_SND_BUF SOCK_TCP_WND        /* likewise */
#define TCP_SND_QUEUELEN 65000          /* u16, below TCP_SNDQUEUELEN_OVERFLOW */
#define TCP_SNDLOWAT 1                  /* sock_tx_room counts itself */
#define TCP_SNDQUEUELOWAT 1             /* likewise */
#define LWIP_WND_SCALE 1                /* windows past 64 KB */
#define TCP_RCV_SCALE 7                 /* 65535 << 7 covers TCP_WND */
#define TCP_MSS 8960                    /* a cap: the MTU decides below it */
#define TCP_OVERSIZE TCP_MSS            /* small writes fill one pbuf */
#define TCP_QUEUE_OOSEQ 1               /* survive reordering */
#define LWIP_TCP_SACK_OUT 1             /* tell the peer which came */
#define LWIP_TCP_MAX_SACK_NUM 4         /* that fit in the options */
#define LWIP_TCP_TIMESTAMPS 0           /* 12 bytes a segment, little gain */
#define TCP_LISTEN_BACKLOG 0            /* u8 count; ours is in the service */
#define LWIP_TCP_KEEPALIVE 1            /* TCP_KEEPINTVL, TCP_KEEPCNT */
#define TCP_MAXRTX 15                   /* as Linux's tcp_retries2 */
#define TCP_SYNMAXRTX 0xff              /* SYNs are sock_tcp's to count */
#define TCP_TMR_INTERVAL 50             /* ms; the RTO's floor is 6 of them.
                                           10,000 idle connections: 0.3 % */
#define TCP_MSL 5000                    /* ms: TIME_WAIT lasts 10 s, so that
                                           6000 closes a second fit the pcbs */
#define LWIP_TCP_PCB_NUM_EXT_ARGS 5     /* 0: tells the sock of the pcb's end;
                                           1 to 4: enum tcp_demux_slot */
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1 /* they assume small windows */
#define SO_REUSE 1                      /* a listener bound to an address is
                                           preferred to one that is not */
#define SO_REUSE_RXTOALL 0              /* one datagram, one sock */
#define LWIP_HOOK_FILENAME "stack/port/hooks.h"

/* Self-observation. */
#define LWIP_STATS 1                    /* TCP retransmits, checksum errors */
#define LWIP_STATS_LARGE 1              /* u16 wraps in a second */
#define LINK_STATS 0
#define ETHARP_STATS 0
#define IP_STATS 1
#define IPFRAG_STATS 0
#define ICMP_STATS 0
#define UDP_STATS 1
#define TCP_STATS 1
#define MEM_STATS 0
#define MEMP_STATS 1
#define SYS_STATS 0
#define IP6_STATS 1
#define ICMP6_STATS 0
#define IP6_FRAG_STATS 0
#define MLD6_STATS 0
#define ND6_STATS 0

#endif
