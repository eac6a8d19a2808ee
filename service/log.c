/* SPDX-License-Identifier: MIT */
/* One line on stderr, or in the system's log for a daemon.
 *
 * A line is built in a buffer and leaves in one write, so that lines of the
 * service and of the program it started do not mix on one terminal. A line
 * that cannot be written is lost: logging never stops the service.
 */
#include "service/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_LEN 512 /* bytes; longer lines are cut */

static enum log_level max_level = LOG_LEVEL_NOTICE;
static bool to_syslog;

/* Each level's syslog(3) priority and the word before its line. */
static const struct {
	int priority;
	const char *prefix;
} levels[LOG_LEVEL_COUNT] = {
	[LOG_LEVEL_ERROR] = { LOG_ERR, "error: " },
	[LOG_LEVEL_WARN] = { LOG_WARNING, "warning: " },
	[LOG_LEVEL_NOTICE] = { LOG_NOTICE, "" },
	[LOG_LEVEL_INFO] = { LOG_INFO, "" },
	[LOG_LEVEL_DEBUG] = { LOG_DEBUG, "" },
};

void log_set_level(enum log_level level)
{
	max_level = level;
}

void log_set_syslog(bool is_syslog)
{
	if (is_syslog && !to_syslog)
		openlog("netcond", LOG_PID, LOG_DAEMON);
	to_syslog = is_syslog;
}

bool log_is_on(enum log_level level)
{
	return level <= max_level;
}

void log_line(enum log_level level, const char *format, ...)
{
	int saved = errno, len;
	char line[LINE_MAX_LEN];
	va_list args;

	if (!log_is_on(level))
		return;
	len = snprintf(line, sizeof(line), "netcond: %s",
	               levels[level].prefix);
	va_start(args, format);
	len += vsnprintf(line + len, sizeof(line) - len - 1, format, args);
	va_end(args);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	if (to_syslog)
		syslog(levels[level].priority, "%.*s", len - 10, line + 9);
	else if (write(STDERR_FILENO, line, len) < 0)
		errno = saved;
	errno = saved;
}
