/* timers.h - what is due next, among many deadlines: a binary min-heap of timers that live inside the records
 * they belong to. Setting, moving and cancelling cost O(log n), asking for the next one O(1). Deadlines are
 * those of clock_ms(), but nothing here reads a clock. */
#ifndef UCSPI_TIMERS_H
#define UCSPI_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Owned by the caller, usually a field of a connection. Zeroed means: not set. It must stay where it is, and
 * be cancelled before its memory goes away, as long as it is set. */
struct timer {
  int64_t deadline_ms;
  size_t position; /* in the heap, from 1; 0 = not set */
};

struct timers {
  struct timer **heap; /* heap[0] is the earliest */
  size_t count, capacity;
  size_t reserved; /* timers that there is always room for */
};
#define TIMERS_ZERO                                                                                          \
  {                                                                                                          \
    .heap = NULL                                                                                             \
  }

/* Sets the timer, or moves one that is set. 0, or -1 with errno ENOMEM (nothing has changed then); moving
 * never fails. */
int timers_set(struct timers *t, struct timer *timer, int64_t deadline_ms);

/* From now on there is room for that many timers more than were reserved before: setting one of them can't fail. For who
 * sets them when memory is short. 0, or -1 with errno ENOMEM. */
int timers_reserve(struct timers *t, size_t more);

/* Sets it as timers_set() does, unless it is set already. */
int timers_set_if_unset(struct timers *t, struct timer *timer, int64_t deadline_ms);

/* Does nothing when the timer is not set. */
void timers_cancel(struct timers *t, struct timer *timer);

/* The earliest deadline; false if no timer is set. */
bool timers_next(struct timers const *t, int64_t *deadline_ms);

/* Takes out and returns the earliest timer whose deadline is at or before now_ms, or null when none is due.
 * Call it until it returns null. */
struct timer *timers_expired(struct timers *t, int64_t now_ms);

/* Forgets all timers (they become "not set") and frees the heap. */
void timers_free(struct timers *t);

#endif
