/* SPDX-License-Identifier: MIT */
/* A scripted service for tests of the shim: the contract without a stack. */
#ifndef NETCOND_TESTS_UNIT_FAKE_SERVICE_H
#define NETCOND_TESTS_UNIT_FAKE_SERVICE_H

#include <sys/types.h>

#define FAKE_INSTANCE 0x1122334455667788u
#define FAKE_NAME "host.test"      /* resolves to the two addresses */
#define FAKE_ADDR4 "192.0.2.1"
#define FAKE_ADDR6 "2001:db8::1"
#define FAKE_PORT_REFUSED 1        /* connect fails with ECONNREFUSED */
#define FAKE_PORT_HANGS 2          /* connect never ends */
#define FAKE_PORT_RESETS 3         /* connects, and is reset at once */
#define FAKE_PEER_PORT 4242        /* of the connection a listener gets */

/* What goes wrong, from the first request that is not HELLO or ATTACH on. */
enum fake_fault {
	FAKE_FAULT_NONE,
	FAKE_FAULT_DIES,     /* exits instead of an answer */
	FAKE_FAULT_SILENT,   /* never answers */
	FAKE_FAULT_GARBAGE,  /* answers with noise */
	FAKE_FAULT_WRONG_ID, /* answers another request */
	FAKE_FAULT_QUIET,    /* none, but OUTQ counts SETSOCKOPTs answered */
	FAKE_FAULT_SHORT,    /* answers with half a reply */
	FAKE_FAULT_COUNT
};

pid_t fake_service_start(const char *path, enum fake_fault fault);
void fake_service_stop(pid_t pid);

#endif
