/* SPDX-License-Identifier: MIT */
/* One line on stderr, or in the system's log for a daemon. */
#ifndef NETCOND_SERVICE_LOG_H
#define NETCOND_SERVICE_LOG_H

#include <stdbool.h>

/* What a line is about; each -v of the command line lets one more through. */
enum log_level {
	LOG_LEVEL_INVALID = 0,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_NOTICE, /* the default: what was set up, what ended */
	LOG_LEVEL_INFO,   /* -v: sessions come and go */
	LOG_LEVEL_DEBUG,  /* -vv: each request */
	LOG_LEVEL_COUNT
};

/* Let lines up to level through. */
void log_set_level(enum log_level level);
/* Lines go to syslog(3) instead of stderr: after daemonizing. */
void log_set_syslog(bool is_syslog);
bool log_is_on(enum log_level level);
/* One line, without its newline. errno is kept. */
void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_notice(...) log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
/* The arguments are not evaluated when the level is off. */
#define log_debug(...)                                                        \
	do {                                                                  \
		if (log_is_on(LOG_LEVEL_DEBUG))                               \
			log_line(LOG_LEVEL_DEBUG, __VA_ARGS__);               \
	} while (0)

#endif
