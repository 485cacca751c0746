/* report.h - what tcpclient says on standard error, and its way out: 111. Usage errors are in options.c. */
#ifndef TCPCLIENT_REPORT_H
#define TCPCLIENT_REPORT_H

#include <unistd.h>

#include <skalibs/strerr.h>

#include "options.h"

/* Each takes the pieces of one line. The _system form adds ": " and errno's text. */
#define report_fatal(verbosity, ...)                                                                         \
  ((verbosity) >= VERBOSITY_ERRORS ? strerr_dief(111, __VA_ARGS__) : _exit(111))
#define report_fatal_system(verbosity, ...)                                                                  \
  ((verbosity) >= VERBOSITY_ERRORS ? strerr_diefsys(111, __VA_ARGS__) : _exit(111))
#define report_error(verbosity, ...)                                                                         \
  ((verbosity) >= VERBOSITY_ERRORS ? strerr_warn(PROG, ": ", __VA_ARGS__) : (void)0)
#define report_status(verbosity, ...)                                                                        \
  ((verbosity) >= VERBOSITY_STATUS ? strerr_warn(PROG, ": ", __VA_ARGS__) : (void)0)

#endif
