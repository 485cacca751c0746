/* steps.h - what the command line asks for, in its order: lists to consult and delays; and what follows from the
 * answers that are there. No I/O. */
#ifndef RBLSMTPD_STEPS_H
#define RBLSMTPD_STEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "client.h"
#include "text.h"

enum step_kind {
  STEP_BLOCK,         /* -r base: a TXT record lists the client, and says why */
  STEP_BLOCK_ADDRESS, /* -r base:text: an A record does; the reason is ours */
  STEP_ALLOW,         /* -a base: an A record exempts the client */
  STEP_DELAY          /* -w, -W */
};

enum step_state {
  STEP_PENDING,
  STEP_UNLISTED, /* of a delay: it is over */
  STEP_LISTED,
  STEP_FAILED /* nobody could say */
};

struct step {
  enum step_kind kind;
  enum step_state state;
  char const *base;            /* a domain; null of a delay. Borrowed */
  size_t base_len;             /* what belongs to it: the text may follow */
  char const *reason;          /* of STEP_BLOCK_ADDRESS: with %IP% in it perhaps. Borrowed */
  unsigned int delay_s;        /* of STEP_DELAY */
  bool permanent;              /* -b: a client that is listed is told not to come back */
  bool fails_closed;           /* -c: no answer counts against the client */
  struct client const *client; /* of a list: who it has been asked about. Borrowed */
  /* If LISTED, of the lists that block: what to tell the client. If FAILED: why, for the log; empty if that is told
   * for all of them at once. */
  struct text text;
};

enum decision { DECISION_WAIT, DECISION_RUN, DECISION_REFUSE };

struct verdict {
  enum decision decision;
  bool permanent;          /* of REFUSE */
  struct step const *step; /* the one that decides, or that is waited for; null if none */
};

/* The first step that lists or exempts the client decides, as if each were asked when the one before it has answered.
 * A list that failed decides too, if it is to: with -c against the client, without -c (-a only) for it; and whatever
 * comes after a failure is not permanent. WAIT as soon as a step is pending that this depends on. */
struct verdict steps_judge(struct step const *steps, size_t count);

#endif
