/* SPDX-License-Identifier: MIT */
/* DPDK's environment (EAL): started once a process, for one device.
 *
 * Theory of operation
 *
 * EAL is made for programs that are DPDK programs from top to bottom. Here it
 * serves one device of a program that has a life of its own, so it is kept from
 * what it does by default: it scans and takes no other device, shares nothing
 * with other processes and leaves no file behind, opens no telemetry
 * socket, and needs no hugepages, unless a real card is driven and there are
 * some. It binds the thread that starts it to one CPU: that is undone. The
 * descriptors that it and its drivers open are closed on exec; programs that
 * the service starts must not find them.
 *
 * Its log goes to a stream of ours. The first complaint is kept, to be the end
 * of the sentence that tells why a device does not open.
 *
 * rte_eal_cleanup() is final: a process can start EAL once (DPDK Programmer's
 * Guide, "Environment Abstraction Layer"), also after an error.
 */
#include "fastpath/dpdk_eal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fastpath/netdev.h"
#include "fastpath/why.h"

#define EAL_ARGS_MAX 20
#define EAL_FDS_MAX 1024 /* descriptors that are looked at */
#define COMPLAINT_LEN 128

/* EAL is one a process, and so is this. */
static struct {
	bool was_started;
	bool is_verbose;
	FILE *log;                    /* EAL writes here; NULL: not open */
	char complaint[COMPLAINT_LEN];
} eal;

/* Is it the address of a PCI device, as "0000:01:00.0" or "01:00.0", and not
 * the name of a virtual one?
 */
bool dpdk_eal_is_pci(const char *device)
{
	unsigned digits[3] = { 0 }, colons = 0;

	if (!strncmp(device, "pci:", 4))
		device += 4;
	for (; *device && *device != '.'; device++) {
		if (*device == ':' && colons < 2)
			colons++;
		else if (isxdigit((unsigned char)*device))
			digits[colons]++;
		else
			return false;
	}
	return *device == '.' && isdigit((unsigned char)device[1]) &&
	       colons && digits[0] && digits[colons] == 2;
}

/* What went wrong first since EAL was started, or "". */
const char *dpdk_eal_complaint(void)
{
	return eal.complaint;
}

/* A line of the log, without its newline, is ", as DPDK says: ..." later. */
static void keep_complaint(const char *line, size_t len)
{
	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	if (!len || eal.complaint[0])
		return;
	snprintf(eal.complaint, sizeof(eal.complaint), "%.*s", (int)len, line);
}

static ssize_t on_log(void *cookie, const char *line, size_t len)
{
	(void)cookie;
	if (rte_log_cur_msg_loglevel() <= (int)RTE_LOG_ERR)
		keep_complaint(line, len);
	if (eal.is_verbose && write(STDERR_FILENO, line, len) < 0)
		return 0;
	return (ssize_t)len;
}

static int log_open(void)
{
	const cookie_io_functions_t functions = { .write = on_log };

	eal.log = fopencookie(NULL, "w", functions);
	if (!eal.log)
		return -ENOMEM;
	return rte_openlog_stream(eal.log) ? -EIO : 0;
}

/* MB of hugepages that nobody uses, of all sizes. */
static unsigned long free_huge_mb(void)
{
	unsigned long total_mb = 0;
	glob_t found = { 0 };

	if (glob("/sys/kernel/mm/hugepages/hugepages-*kB/free_hugepages", 0,
	         NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *size = strrchr(found.gl_pathv[i], '-');
		FILE *file = fopen(found.gl_pathv[i], "re");
		unsigned long count = 0;

		if (file && fscanf(file, "%lu", &count) == 1)
			total_mb += count * strtoul(size + 1, NULL, 10) / 1024;
		if (file)
			fclose(file);
	}
	globfree(&found);
	return total_mb;
}

static int first_cpu(const cpu_set_t *set)
{
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, set))
			return cpu;
	return 0;
}

static void note_fds(bool is_open[EAL_FDS_MAX])
{
	for (int fd = 0; fd < EAL_FDS_MAX; fd++)
		is_open[fd] = fcntl(fd, F_GETFD) >= 0;
}

static void close_new_fds_on_exec(const bool was_open[EAL_FDS_MAX])
{
	for (int fd = 0; fd < EAL_FDS_MAX; fd++)
		if (!was_open[fd])
			fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int eal_init(const struct dpdk_eal_conf *conf, const cpu_set_t *cpus)
{
	const bool is_pci = dpdk_eal_is_pci(conf->device);
	char lcores[32], memory[16];
	char *args[EAL_ARGS_MAX];
	int count = 0;

	snprintf(lcores, sizeof(lcores), "0@%d", first_cpu(cpus));
	snprintf(memory, sizeof(memory), "%u", conf->memory_mb);
	args[count++] = (char *)"netcond";
	args[count++] = (char *)"--no-telemetry";
	args[count++] = (char *)"--lcores";
	args[count++] = lcores;
	args[count++] = (char *)"-m";
	args[count++] = memory;
	if (is_pci && free_huge_mb() >= conf->memory_mb) {
		args[count++] = (char *)"--in-memory";
	} else {
		/* The two exclude each other; this is the rest of the first. */
		args[count++] = (char *)"--no-huge";
		args[count++] = (char *)"--no-shconf";
	}
	if (is_pci) {
		args[count++] = (char *)"-a";
		args[count++] = (char *)conf->device;
	} else {
		args[count++] = (char *)"--no-pci";
	}
#ifdef NETCOND_DPDK_DRIVERS
	args[count++] = (char *)"-d";
	args[count++] = (char *)NETCOND_DPDK_DRIVERS;
#endif
	args[count] = NULL;
	return rte_eal_init(count, args) < 0 ? -rte_errno : 0;
}

/* Start EAL with nothing but this device. A PCI device is probed when this
 * returns, a virtual one can be. Return: 0, or -errno and a sentence in why:
 * -EALREADY when this process has had it before.
 */
int dpdk_eal_start(const struct dpdk_eal_conf *conf, char *why)
{
	bool was_open[EAL_FDS_MAX];
	cpu_set_t cpus;
	int err;

	if (eal.was_started)
		return why_fail(why, EALREADY, "DPDK can be started once in a "
		                "process, and was");
	eal.was_started = true;
	eal.is_verbose = conf->is_verbose;
	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	note_fds(was_open);
	err = log_open();
	if (!err)
		err = eal_init(conf, &cpus);
	close_new_fds_on_exec(was_open);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	if (!err)
		return 0;
	return why_fail(why, -err ? -err : EIO, "DPDK does not start: %s",
	                eal.complaint[0] ? eal.complaint : strerror(-err));
}

/* EAL makes directories for files that it then does not make. Those of another
 * process are not empty, and stay.
 */
static void remove_dirs(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", rte_eal_get_runtime_dir());
	if (!path[0] || rmdir(path))
		return;
	rmdir(dirname(path));
}

/* Give back what EAL has. Its devices must have been closed. */
void dpdk_eal_stop(void)
{
	remove_dirs();
	rte_eal_cleanup();
	rte_openlog_stream(NULL);
	if (eal.log)
		fclose(eal.log);
	eal.log = NULL;
}
