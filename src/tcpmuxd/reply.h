/* reply.h - what the client is told, and how a connection ends so that the client gets to read it. */
#ifndef TCPMUXD_REPLY_H
#define TCPMUXD_REPLY_H

#include <stddef.h>
#include <stdint.h>

/* Writes all of text to fd, which may be blocking or not and stays as it is. SIGPIPE must be ignored.
 * deadline_ms is a time of clock_ms(). 0, or -1 with errno: ETIMEDOUT, EPIPE, ... */
int reply_send(int fd, char const *text, size_t len, int64_t deadline_ms);

/* Ends a conversation that no service will go on with: says "that was all" on fd `to`, then throws away what
 * the client still sends on fd `from`, for a bounded time and size. Closing with unread octets would make
 * the kernel send a reset, which destroys the reply in the client's hands. */
void reply_finish(int from, int to);

#endif
