/* SPDX-License-Identifier: MIT */
/* Names and services without a name server: numeric forms, files, errors. */
#include <netdb.h>

#include "tests/oracle/oracle.h"

static const char *eai_name(int code)
{
	switch (code) {
	case 0: return "ok";
	case EAI_NONAME: return "EAI_NONAME";
	case EAI_SERVICE: return "EAI_SERVICE";
	case EAI_FAMILY: return "EAI_FAMILY";
	case EAI_SOCKTYPE: return "EAI_SOCKTYPE";
	case EAI_BADFLAGS: return "EAI_BADFLAGS";
	case EAI_ADDRFAMILY: return "EAI_ADDRFAMILY";
	case EAI_NODATA: return "EAI_NODATA";
	case EAI_OVERFLOW: return "EAI_OVERFLOW";
	case EAI_SYSTEM: return "EAI_SYSTEM";
	case EAI_AGAIN: return "EAI_AGAIN";
	default: return "another EAI";
	}
}

/* One question to getaddrinfo. */
struct question {
	const char *node, *service;
	int family, type, protocol, flags;
};

static const struct question questions[] = {
	{ "192.0.2.1", "80", 0, 0, 0, 0 },
	{ "192.0.2.1", "80", AF_INET, SOCK_STREAM, 0, AI_NUMERICHOST },
	{ "192.0.2.1", NULL, AF_INET, SOCK_STREAM, 0, 0 },
	{ "192.0.2.1", "80", AF_INET6, SOCK_STREAM, 0, 0 },
	{ "192.0.2.1", "80", AF_INET6, SOCK_STREAM, 0, AI_V4MAPPED },
	{ "192.0.2.1", "80", AF_INET6, SOCK_STREAM, 0, AI_V4MAPPED | AI_ALL },
	{ "2001:db8::1", "80", 0, SOCK_STREAM, 0, 0 },
	{ "2001:db8::1", "80", AF_INET, SOCK_STREAM, 0, 0 },
	{ "fe80::1%lo", "80", 0, SOCK_STREAM, 0, 0 },
	{ "fe80::1%nonesuch", "80", 0, SOCK_STREAM, 0, 0 },
	{ "127.1", "80", AF_INET, SOCK_STREAM, 0, 0 },
	{ "0x7f000001", "80", AF_INET, SOCK_STREAM, 0, 0 },
	{ "1.2.3.256", "80", AF_INET, SOCK_STREAM, 0, AI_NUMERICHOST },
	{ "localhost", "80", AF_INET, SOCK_STREAM, 0, 0 },
	{ "localhost", "80", 0, SOCK_STREAM, 0, AI_CANONNAME },
	{ "localhost", "80", AF_INET6, SOCK_STREAM, 0, 0 },
	{ "localhost", "80", AF_INET, SOCK_STREAM, 0, AI_NUMERICHOST },
	{ "LOCALHOST", "80", AF_INET, SOCK_STREAM, 0, 0 },
	{ "peer.test", "80", 0, SOCK_STREAM, 0, AI_CANONNAME },
	{ "peer.test", "80", AF_INET, SOCK_STREAM, 0, 0 },
	{ "peer.test", "80", AF_INET6, SOCK_STREAM, 0, AI_V4MAPPED | AI_ALL },
	{ "peer.test", "80", 0, SOCK_STREAM, 0, AI_ADDRCONFIG },
	{ "peer", "80", 0, SOCK_STREAM, 0, AI_CANONNAME },
	{ "gateway", "80", AF_INET, SOCK_DGRAM, 0, AI_CANONNAME },
	{ "own.test", "80", AF_INET, SOCK_STREAM, 0, 0 },
	{ "mixed.test", "80", AF_INET, SOCK_STREAM, 0, AI_CANONNAME },
	{ "own", "80", AF_INET6, SOCK_STREAM, 0, AI_V4MAPPED },
	{ NULL, "80", 0, SOCK_STREAM, 0, 0 },
	{ NULL, "80", 0, SOCK_STREAM, 0, AI_PASSIVE },
	{ NULL, "80", AF_INET, 0, 0, AI_PASSIVE },
	{ NULL, NULL, 0, 0, 0, 0 },
	{ NULL, "http", AF_INET, SOCK_STREAM, 0, AI_PASSIVE },
	{ NULL, "domain", AF_INET, 0, 0, AI_PASSIVE },
	{ NULL, "domain", AF_INET, SOCK_DGRAM, 0, AI_PASSIVE },
	{ NULL, "nonesuch", AF_INET, SOCK_STREAM, 0, AI_PASSIVE },
	{ NULL, "http", AF_INET, SOCK_STREAM, 0, AI_NUMERICSERV },
	{ NULL, "80x", AF_INET, SOCK_STREAM, 0, 0 },
	{ NULL, "65536", AF_INET, SOCK_STREAM, 0, 0 },
	{ NULL, "-1", AF_INET, SOCK_STREAM, 0, 0 },
	{ NULL, "0", AF_INET, SOCK_STREAM, 0, 0 },
	{ NULL, "80", AF_UNIX, SOCK_STREAM, 0, 0 },
	{ NULL, "80", 99, SOCK_STREAM, 0, 0 },
	{ NULL, "80", AF_INET, 99, 0, 0 },
	{ NULL, "80", AF_INET, SOCK_STREAM, IPPROTO_UDP, 0 },
	{ NULL, "80", AF_INET, SOCK_SEQPACKET, 0, 0 },
	{ NULL, "80", AF_INET, SOCK_RAW, 0, 0 },
	{ NULL, "80", AF_INET, 0, IPPROTO_UDP, 0 },
	{ NULL, "80", AF_INET, SOCK_STREAM, 0, 0x40000000 },
	{ NULL, "80", AF_INET, SOCK_STREAM, 0, AI_CANONNAME },
	{ "192.0.2.1", "80", AF_INET, SOCK_STREAM, 0, AI_CANONNAME },
	{ "192.0.2.1", "80", AF_INET, SOCK_STREAM, 0, AI_ADDRCONFIG },
	{ "2001:db8::1", "80", 0, SOCK_STREAM, 0, AI_ADDRCONFIG },
	{ "", "80", AF_INET, SOCK_STREAM, 0, 0 },
	{ "a..b", "80", AF_INET, SOCK_STREAM, 0, AI_NUMERICHOST },
};

static void ask(const struct question *question)
{
	struct addrinfo hints = { .ai_family = question->family,
	                          .ai_socktype = question->type,
	                          .ai_protocol = question->protocol,
	                          .ai_flags = question->flags };
	struct addrinfo *list = NULL, *info;
	int code = getaddrinfo(question->node, question->service, &hints,
	                       &list);

	say("%s %s family %d type %d protocol %d flags %x: %s",
	    question->node ? question->node : "NULL",
	    question->service ? question->service : "NULL", question->family,
	    question->type, question->protocol, question->flags,
	    eai_name(code));
	for (info = code ? NULL : list; info; info = info->ai_next)
		say("  %s, family %d type %d protocol %d flags %x%s%s",
		    addr_text(info->ai_addr, info->ai_addrlen),
		    info->ai_family, info->ai_socktype, info->ai_protocol,
		    info->ai_flags, info->ai_canonname ? " name " : "",
		    info->ai_canonname ? info->ai_canonname : "");
	if (!code)
		freeaddrinfo(list);
}

static void name_of(const char *ip, unsigned port, int flags, socklen_t room,
                    const char *label)
{
	struct addr addr = addr_of(ip, port);
	char host[64] = "", service[64] = "";
	int code = getnameinfo(&addr.sa, addr.len, host, room, service,
	                       sizeof(service), flags);

	say("%s: %s %s %s", label, eai_name(code), code ? "" : host,
	    code ? "" : service);
}

static void names(void)
{
	struct addr addr = addr_of("127.0.0.1", 80);
	char host[64];
	int numeric = NI_NUMERICHOST | NI_NUMERICSERV;

	name_of("192.0.2.1", 80, numeric, 64, "numeric");
	name_of("2001:db8::1", 443, numeric, 64, "numeric6");
	name_of("192.0.2.1", 80, NI_NUMERICHOST, 64, "service by name");
	name_of("192.0.2.1", 53, NI_NUMERICHOST | NI_DGRAM, 64, "datagram");
	name_of("192.0.2.1", 31999, NI_NUMERICHOST, 64, "unknown service");
	name_of("192.0.2.1", 80, numeric, 4, "room 4");
	name_of("127.0.0.1", 80, NI_NUMERICSERV, 64, "from /etc/hosts");
	name_of("::1", 80, NI_NUMERICSERV, 64, "from /etc/hosts, 6");
	name_of(PEER4, 80, NI_NUMERICSERV, 64, "the peer");
	name_of(PEER6, 80, NI_NUMERICSERV | NI_NAMEREQD, 64, "the peer, 6");
	say("length 3: %s", eai_name(getnameinfo(&addr.sa, 3, host,
	    sizeof(host), NULL, 0, numeric)));
	addr.sa.sa_family = 99;
	say("family 99: %s", eai_name(getnameinfo(&addr.sa, addr.len, host,
	    sizeof(host), NULL, 0, numeric)));
	say("flags: %s", eai_name(getnameinfo(&addr.sa, addr.len, host,
	    sizeof(host), NULL, 0, 0x4000)));
}

static void say_hostent(const struct hostent *host, const char *label)
{
	char ip[INET6_ADDRSTRLEN];

	if (!host) {
		say("%s: none, h_errno %d", label, h_errno);
		return;
	}
	say("%s: %s family %d length %d", label, host->h_name,
	    host->h_addrtype, host->h_length);
	for (char **alias = host->h_aliases; *alias; alias++)
		say("  alias %s", *alias);
	for (char **addr = host->h_addr_list; *addr; addr++)
		say("  %s", inet_ntop(host->h_addrtype, *addr, ip, sizeof(ip)));
}

static void old_calls(void)
{
	struct hostent host, *result = NULL;
	char buf[1024], tiny[8];
	struct in_addr in = { .s_addr = htonl(INADDR_LOOPBACK) };
	int code = -1;

	say_hostent(gethostbyname("127.0.0.1"), "gethostbyname numeric");
	say_hostent(gethostbyname("localhost"), "gethostbyname localhost");
	say_hostent(gethostbyname("peer"), "gethostbyname peer");
	say_hostent(gethostbyname("mixed.test"), "gethostbyname mixed.test");
	say_hostent(gethostbyname2("::1", AF_INET6), "gethostbyname2 ::1");
	say_hostent(gethostbyname2("peer.test", AF_INET6),
	            "gethostbyname2 peer.test");
	say_hostent(gethostbyaddr(&in, sizeof(in), AF_INET), "gethostbyaddr");
	say("gethostbyname_r: %d", gethostbyname_r("localhost", &host, buf,
	    sizeof(buf), &result, &code));
	say_hostent(result, "gethostbyname_r");
	say("gethostbyname_r, room 8: %s", error_name(gethostbyname_r(
	    "localhost", &host, tiny, sizeof(tiny), &result, &code)));
}

int main(void)
{
	oracle_start();
	say_prefix = "getaddrinfo";
	for (size_t i = 0; i < ARRAY_COUNT(questions); i++)
		ask(&questions[i]);
	say_prefix = "getnameinfo";
	names();
	say_prefix = "gethostby";
	old_calls();
	return 0;
}
