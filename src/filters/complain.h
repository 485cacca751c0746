/* complain.h - the last words of a filter. They are a line each, in one write, as skalibs' strerr_die has them; filters
 * don't use that because they are linked with nothing but a C library, and preferably one that starts fast. */
#ifndef FILTERS_COMPLAIN_H
#define FILTERS_COMPLAIN_H

enum { STATUS_MISUSE = 100, STATUS_FAILED = 111 };

/* "PROG: usage: USAGE"; exits 100. */
_Noreturn void die_usage(char const *prog, char const *usage);

/* "PROG: fatal: unable to WHAT: reason", where the reason is that of the errno value `error`; exits 111. `what` and
 * `which` are written one after the other. */
_Noreturn void die_unable(char const *prog, char const *what, char const *which, int error);

#endif
