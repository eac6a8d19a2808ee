/* SPDX-License-Identifier: MIT */
/* netcond: a TCP/IP stack in user space for programs that are intercepted.
 *
 * Theory of operation
 *
 * Everything is acquired in one order and given back in the reverse one, by one
 * chain of labels in serve(): pidfile, device and stack, control socket, the
 * kernel's side of the link, root's privileges, program. What fails leaves one sentence on stderr
 * and nothing behind.
 *
 * SIGINT, SIGTERM and SIGHUP are blocked and read from a descriptor by the
 * loop. Without a program they end the service. With one they are the
 * program's first: it is told, and the service goes on until it has ended; the
 * second signal does not wait any longer. What the terminal sends, it sent to
 * the program as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "fastpath/why.h"
#include "service/child.h"
#include "service/cli.h"
#include "service/daemon.h"
#include "service/lease.h"
#include "service/log.h"
#include "service/loop.h"
#include "service/pidfile.h"
#include "service/privilege.h"
#include "service/setup.h"
#include "service/stats_print.h"
#include "shim/proto/ctl.h"
#include "shim/proto/version.h"

_Static_assert(CLI_WHY_LEN >= NETDEV_WHY_LEN, "one buffer for every reason");
_Static_assert(CLI_WHY_LEN >= CTL_WHY_LEN, "one buffer for every reason");

enum exit_status {
	EXIT_OK = 0,
	EXIT_RUN_TIME = 1,
	EXIT_MISUSE = 2,
};

/* One run of the service. */
struct service {
	struct cli_conf conf;
	char socket_path[CTL_PATH_LEN];
	char pidfile_path[PATH_MAX]; /* made absolute */
	char pcap_path[PATH_MAX];   /* the same */
	struct child child;
	struct pidfile pidfile;
	struct privilege privilege;
	struct setup setup;
	struct lease lease;
	struct loop *loop;
	FILE *out;                  /* where the configuration is printed */
	int notify_fd;              /* of daemon_start */
	bool is_detached;           /* stderr leads nowhere any more */
	int signal_fd;
	unsigned signal_count;      /* that asked for the end */
};

/* Signals that ask for the end. */
static void fill_end_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

/* From now on they wait in the descriptor. A shell that starts a job in the
 * background ignores SIGINT for it, and an ignored signal does not wait.
 */
static int open_signals(struct service *service, char *why)
{
	sigset_t set;

	fill_end_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	service->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (service->signal_fd >= 0)
		return 0;
	return why_fail(why, errno, "cannot wait for signals: %s",
	                strerror(errno));
}

static void on_signal(struct loop *loop, int fd, void *user)
{
	struct service *service = user;
	struct signalfd_siginfo info;
	bool is_from_terminal;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	service->signal_count++;
	is_from_terminal = info.ssi_code == SI_KERNEL;
	if (service->child.pid > 0 && service->signal_count == 1) {
		if (!is_from_terminal)
			child_signal(&service->child, (int)info.ssi_signo);
		return;
	}
	log_info("ending: signal %u", info.ssi_signo);
	loop_stop(loop);
}

static void on_child_end(struct loop *loop, int fd, void *user)
{
	(void)user;
	loop_unwatch_fd(loop, fd);
	loop_stop(loop);
}

/* A relative path, before the directory changes. */
static int make_absolute(const char **path, char *room, char *why)
{
	char cwd[PATH_MAX];

	if (!*path || **path == '/')
		return 0;
	if (!getcwd(cwd, sizeof(cwd)) ||
	    strlen(cwd) + strlen(*path) + 2 > PATH_MAX)
		return why_fail(why, ENAMETOOLONG, "'%.150s': the whole path is"
		                " not known or too long", *path);
	stpcpy(stpcpy(stpcpy(room, cwd), "/"), *path);
	*path = room;
	return 0;
}

static int check_cpu(int cpu, char *why)
{
	cpu_set_t set;
	int first = 0;

	if (cpu < 0 || sched_getaffinity(0, sizeof(set), &set))
		return 0;
	if (cpu < CPU_SETSIZE && CPU_ISSET(cpu, &set))
		return 0;
	while (first < CPU_SETSIZE && !CPU_ISSET(first, &set))
		first++;
	return why_fail(why, EINVAL, "--cpu '%d': expected one of the %d CPUs"
	                " that this process may run on, such as %d", cpu,
	                CPU_COUNT(&set), first);
}

static int check_ready_fd(int fd, char *why)
{
	int err = fd < 0 ? 0 : daemon_check_ready_fd(fd);

	if (!err)
		return 0;
	return why_fail(why, -err, "--ready-fd '%d': expected the number of a"
	                " descriptor that is open for writing", fd);
}

/* Values that only this process or machine can judge. */
static int check_values(struct service *service, char *why)
{
	struct cli_conf *conf = &service->conf;
	int err;

	err = ctl_listen_path(conf->socket_path, service->socket_path, why);
	if (!err)
		err = check_cpu(conf->cpu, why);
	if (!err)
		err = check_ready_fd(conf->ready_fd, why);
	if (!err)
		err = privilege_init(&service->privilege, conf->user, why);
	return err;
}

/* loop_open is what decides; but asked now, nothing has to be taken back, and
 * this is the reason that a user wants to hear first.
 */
static int check_alone(const struct service *service, char *why)
{
	struct ctl other;
	pid_t pid;

	if (ctl_open(&other, service->socket_path, why))
		return 0;
	pid = other.pid;
	ctl_close(&other);
	return why_fail(why, EADDRINUSE, "a service (pid %d) answers at '%s'"
	                " already: end it, or choose another path with"
	                " --socket", (int)pid, service->socket_path);
}

/* The last steps before anything is made. Return: 0 or the exit status, with
 * the reason in why.
 */
static int prepare(struct service *service, char *why)
{
	struct cli_conf *conf = &service->conf;
	int status;

	if (check_alone(service, why))
		return EXIT_RUN_TIME;
	if (conf->program) {
		if (child_find_launcher(&service->child, why))
			return EXIT_RUN_TIME;
		status = child_check(&service->child, conf->program[0], why,
		                     CLI_WHY_LEN);
		if (status)
			return status;
	}
	/* Both a daemon and the keeper of its files change the directory. */
	if (make_absolute(&conf->pidfile_path, service->pidfile_path, why) ||
	    make_absolute(&conf->pcap_path, service->pcap_path, why))
		return EXIT_RUN_TIME;
	if (conf->is_daemon && daemon_start(&service->notify_fd, why))
		return EXIT_RUN_TIME;
	return EXIT_OK;
}

static int open_loop(struct service *service, char *why)
{
	const struct loop_conf conf = {
		.stack = service->setup.stack,
		.dev = service->setup.dev,
		.socket_path = service->socket_path,
		.poll_mode = service->conf.poll_mode,
		.spin_us = (unsigned)service->conf.spin_us,
		.cpu = service->conf.cpu,
	};
	int err = loop_open(&conf, &service->loop, why);

	if (!err)
		err = loop_watch_fd(service->loop, service->signal_fd,
		                    on_signal, service);
	return err;
}

/* With --dhcp a service without an address is of no use yet. */
static int obtain_addrs(struct service *service, char *why)
{
	if (!service->conf.use_dhcp)
		return 0;
	return lease_await(service->loop, service->setup.stack, why);
}

/* Programs can be intercepted: say so to whoever waits, then start ours. */
static int announce(struct service *service, char *why)
{
	const char *const files[PRIVILEGE_FILE_MAX] = {
		service->socket_path, service->conf.pidfile_path,
	};
	int err = pidfile_write(&service->pidfile, why);

	if (!err)
		err = privilege_drop(&service->privilege, files, why);
	if (err)
		return err;
	setup_print(&service->setup, &service->conf, service->socket_path,
	            service->out);
	fflush(service->out);
	if (service->conf.ready_fd >= 0)
		daemon_write_ready(service->conf.ready_fd);
	if (service->conf.is_daemon) {
		daemon_ready(service->notify_fd);
		service->is_detached = true;
	}
	if (service->conf.use_dhcp)
		lease_watch(&service->lease, service->setup.stack);
	if (!service->conf.program)
		return 0;
	err = child_start(&service->child, service->socket_path,
	                  service->conf.program, why);
	if (!err)
		err = loop_watch_fd(service->loop, service->child.pidfd,
		                    on_child_end, service);
	return err;
}

/* The program's end, after the loop's: it is told, unless it was. */
static int end_child(struct service *service)
{
	if (service->signal_count > 1)
		child_signal(&service->child, SIGKILL);
	else if (!service->signal_count)
		child_signal(&service->child, SIGTERM);
	return child_wait(&service->child);
}

static int fail(const struct service *service, const char *why)
{
	if (service->is_detached)
		log_error("%s", why);
	else
		fprintf(stderr, "netcond: %s\n", why);
	return EXIT_RUN_TIME;
}

static const char *end_reason(const struct service *service, int err)
{
	const char *gone = service->setup.dev->gone;

	return *gone ? gone : strerror(-err);
}

/* Set up, run, take down. Return: the exit status. */
static int serve(struct service *service)
{
	const struct cli_conf *conf = &service->conf;
	int status = EXIT_RUN_TIME, child_status, err;
	char why[CLI_WHY_LEN];

	if (open_signals(service, why))
		return fail(service, why);
	if (conf->pidfile_path &&
	    pidfile_open(&service->pidfile, conf->pidfile_path, why))
		return fail(service, why);
	if (setup_open(&service->setup, conf, why)) {
		fail(service, why);
		goto out_pidfile;
	}
	if (open_loop(service, why) ||
	    setup_host_side(&service->setup, conf, why) ||
	    obtain_addrs(service, why) ||
	    announce(service, why)) {
		fail(service, why);
		goto out_loop;
	}
	err = loop_run(service->loop);
	status = err ? fail(service, end_reason(service, err)) : EXIT_OK;
	if (conf->is_stats)
		stats_print(service->loop, service->out);
out_loop:
	child_status = end_child(service);
	if (status == EXIT_OK)
		status = child_status;
	loop_close(service->loop);
	setup_close(&service->setup);
out_pidfile:
	pidfile_close(&service->pidfile);
	privilege_close(&service->privilege);
	return status;
}

static int misuse(const char *why)
{
	fprintf(stderr, "netcond: %s\n", why);
	return EXIT_MISUSE;
}

int main(int argc, char **argv)
{
	static struct service service;
	struct cli_conf *conf = &service.conf;
	char why[CLI_WHY_LEN];
	int status;

	daemon_fill_std_fds();
	child_init(&service.child);
	if (cli_parse(argc, argv, conf, why))
		return misuse(why);
	if (conf->is_help) {
		cli_print_help(stdout);
		return EXIT_OK;
	}
	if (conf->is_version) {
		printf("netcond " NETCOND_VERSION "\n");
		return EXIT_OK;
	}
	log_set_level(LOG_LEVEL_NOTICE + conf->verbosity);
	/* A program's stdout is its own. */
	service.out = conf->program ? stderr : stdout;
	if (check_values(&service, why))
		return misuse(why);
	status = prepare(&service, why);
	if (status != EXIT_OK) {
		fail(&service, why);
		return status;
	}
	return serve(&service);
}
