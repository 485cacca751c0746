/* clock.h - time for deadlines: it never goes back and does not jump when somebody sets the date. */
#ifndef UCSPI_CLOCK_H
#define UCSPI_CLOCK_H

#include <stdint.h>

/* Milliseconds since some fixed moment (CLOCK_MONOTONIC). */
int64_t clock_ms(void);

/* For poll(): milliseconds from now to the deadline, 0 if it has passed, at most an hour. */
int clock_wait_ms(int64_t deadline_ms);

#endif
