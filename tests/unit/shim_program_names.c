/* SPDX-License-Identifier: MIT */
/* Names and interfaces under the preloaded library. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/shim_program.h"

static int lookups(void)
{
	int failures = 0;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		                  .ai_flags = AI_CANONNAME };
	struct addrinfo *list = NULL;
	struct sockaddr_in sin = program_addr(FAKE_ADDR4, 80);
	char host[NI_MAXHOST], service[NI_MAXSERV];
	struct hostent *entry;

	EXPECT(getaddrinfo(FAKE_NAME, "http", &hints, &list) == 0);
	/* The scripted stack has a global IPv6 address: that goes first. */
	EXPECT(list && list->ai_family == AF_INET6 && list->ai_next &&
	       list->ai_next->ai_family == AF_INET && !list->ai_next->ai_next);
	EXPECT(list && strcmp(list->ai_canonname, FAKE_NAME) == 0);
	EXPECT(list && ((struct sockaddr_in *)list->ai_next->ai_addr)->sin_port
	       == htons(80));
	freeaddrinfo(list);
	EXPECT(getaddrinfo("no.such.test", "80", &hints, &list) == EAI_NONAME);
	EXPECT(getaddrinfo("slow.test.", "80", &hints, &list) == EAI_AGAIN);
	EXPECT(getaddrinfo("localhost", NULL, NULL, &list) == 0);
	freeaddrinfo(list);
	EXPECT(getnameinfo((struct sockaddr *)&sin, sizeof(sin), host,
	                   sizeof(host), service, sizeof(service), 0) == 0);
	EXPECT(strcmp(host, FAKE_NAME) == 0 && strcmp(service, "http") == 0);
	EXPECT(getnameinfo((struct sockaddr *)&sin, sizeof(sin), host,
	                   sizeof(host), NULL, 0, NI_NUMERICHOST) == 0);
	EXPECT(strcmp(host, FAKE_ADDR4) == 0);
	EXPECT(getnameinfo((struct sockaddr *)&sin, sizeof(sin), host, 3, NULL,
	                   0, 0) == EAI_OVERFLOW);
	entry = gethostbyname(FAKE_NAME);
	EXPECT(entry && entry->h_addrtype == AF_INET && entry->h_length == 4);
	EXPECT(entry && !memcmp(entry->h_addr, &sin.sin_addr, 4));
	EXPECT(!gethostbyname("no.such.test") && h_errno == HOST_NOT_FOUND);
	entry = gethostbyaddr(&sin.sin_addr, 4, AF_INET);
	EXPECT(entry && strcmp(entry->h_name, FAKE_NAME) == 0);
	return failures;
}

static int interfaces(void)
{
	int failures = 0;
	struct ifaddrs *list = NULL;
	struct if_nameindex *names;
	struct ifreq req = { .ifr_name = "eth0" };
	struct ifreq room[8];
	struct ifconf conf = { .ifc_len = sizeof(room), .ifc_req = room };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char name[IF_NAMESIZE];
	unsigned counts[3] = { 0 };

	EXPECT(getifaddrs(&list) == 0);
	for (struct ifaddrs *ifa = list; ifa; ifa = ifa->ifa_next) {
		struct sockaddr_in *mask = (void *)ifa->ifa_netmask;

		counts[0] += ifa->ifa_addr->sa_family == AF_PACKET;
		counts[1] += ifa->ifa_addr->sa_family == AF_INET;
		counts[2] += ifa->ifa_addr->sa_family == AF_INET6;
		if (ifa->ifa_addr->sa_family == AF_INET)
			EXPECT(mask->sin_addr.s_addr == htonl(0xfffffc00));
	}
	EXPECT(counts[0] == 2 && counts[1] == 2 && counts[2] == 2);
	freeifaddrs(list);
	EXPECT(if_nametoindex("eth0") == 2);
	EXPECT(if_nametoindex("tap0") == 0 && errno == ENODEV);
	EXPECT(if_indextoname(1, name) && strcmp(name, "lo") == 0);
	EXPECT(!if_indextoname(9, name) && errno == ENXIO);
	names = if_nameindex();
	EXPECT(names && names[1].if_index == 2 && !names[2].if_name);
	if_freenameindex(names);
	EXPECT(ioctl(fd, SIOCGIFBRDADDR, &req) == 0);
	EXPECT(((struct sockaddr_in *)&req.ifr_addr)->sin_addr.s_addr ==
	       inet_addr("192.0.3.255"));
	EXPECT(ioctl(fd, SIOCGIFMTU, &req) == 0 && req.ifr_mtu == 1500);
	EXPECT(ioctl(fd, SIOCGIFCONF, &conf) == 0 &&
	       conf.ifc_len == 2 * sizeof(req));
	EXPECT_ERRNO(ioctl(fd, SIOCSIFMTU, &req), EPERM);
	strcpy(req.ifr_name, "none");
	EXPECT_ERRNO(ioctl(fd, SIOCGIFINDEX, &req), ENODEV);
	return failures;
}

const struct shim_program shim_programs_names[] = {
	{ "lookups", FAKE_FAULT_NONE, lookups },
	{ "interfaces", FAKE_FAULT_NONE, interfaces },
	{ NULL, 0, NULL }
};
