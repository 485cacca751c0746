/* options.h - the command line. */
#ifndef RBLSMTPD_OPTIONS_H
#define RBLSMTPD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "steps.h"

struct options {
  struct step *steps; /* in the order of the command line, all pending */
  size_t count;
  unsigned int timeout_s;
  bool only_informs; /* -i */
  bool
      has_bad_delay; /* -W, and $GREETDELAY is no number: no reason to turn anybody away, a rule may have set it */
  char const *const *prog;
};

/* Does not return if the command line is wrong. Allocates the steps; all else points into argv. */
struct options options_from(int argc, char const *const *argv);

/* Tells on standard error what is wrong but was no reason to exit. */
void options_warn(struct options const *o);

/* The usage line, then what each option does. */
extern char const options_help[];

#endif
