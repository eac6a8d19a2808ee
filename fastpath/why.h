/* SPDX-License-Identifier: MIT */
/* The sentence that an open path leaves for the user. */
#ifndef NETCOND_FASTPATH_WHY_H
#define NETCOND_FASTPATH_WHY_H

/* Fill why (NETDEV_WHY_LEN bytes; NULL: nobody asks) and return -err. */
__attribute__((format(printf, 3, 4)))
int why_fail(char *why, int err, const char *fmt, ...);

#endif
