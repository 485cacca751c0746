/* pulse.h - does a helper that owes an answer still live? If it says nothing it is asked, and has then some time to say
 * so. Nothing here knows what is asked, or how. */
#ifndef TCPSERVER_PULSE_H
#define TCPSERVER_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#include "timers.h"

/* Zero at first. There must be room for its timer: timers_reserve(). */
struct pulse {
  struct timer timer; /* when it expires, and an answer is owed still: pulse_check() */
  bool asked;
  int64_t heard_ms;
};

/* It owes an answer from now on, if it did not before. */
void pulse_expect(struct pulse *p, struct timers *t, int64_t now_ms);

/* It has said something. */
void pulse_heard(struct pulse *p, int64_t now_ms);

enum pulse_verdict {
  PULSE_WAITS, /* there is time still */
  PULSE_ASKS,  /* the caller asks whether it lives */
  PULSE_DEAD   /* it was asked, and said nothing */
};

enum pulse_verdict pulse_check(struct pulse *p, struct timers *t, int64_t now_ms);

#endif
