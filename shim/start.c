/* SPDX-License-Identifier: MIT */
/* What happens when the library is loaded, in its order. */
#include "shim/client.h"
#include "shim/exec.h"
#include "shim/libc.h"

__attribute__((constructor)) static void start(void)
{
	int saved = errno;

	libc_init();
	exec_start();
	client_start();
	errno = saved;
}
