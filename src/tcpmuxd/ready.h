/* ready.h - waiting for a descriptor, never longer than a deadline. */
#ifndef TCPMUXD_READY_H
#define TCPMUXD_READY_H

#include <stdint.h>

/* Waits for `events` (of poll) on fd, or for an error or hang-up there, which the next call on fd will tell.
 * deadline_ms is a time of clock_ms(). 0, or -1 with errno: ETIMEDOUT, or what poll() said. */
int ready_wait(int fd, short events, int64_t deadline_ms);

#endif
