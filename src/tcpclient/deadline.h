/* deadline.h - what is said before anybody else has the connection, within one deadline (clock_ms) for all of it. The
 * descriptor is a nonblocking socket. */
#ifndef TCPCLIENT_DEADLINE_H
#define TCPCLIENT_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* After an operation that would have blocked (errno): waits for the next chance. False with errno if there is none:
 * ETIMEDOUT, or what the operation itself failed with. */
bool deadline_wait(int fd, short events, int64_t deadline_ms);

/* Sends all of it; false with errno if not all could be sent. */
bool deadline_send(int fd, void const *octets, size_t count, int64_t deadline_ms);

#endif
