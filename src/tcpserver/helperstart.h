/* helperstart.h - waiting, before there is anything else to do, for a helper that was started with the first rights, and ending
 * as it does. */
#ifndef TCPSERVER_HELPERSTART_H
#define TCPSERVER_HELPERSTART_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Waits until there may be a message. False if the deadline has passed. Exits 111 if it can't. */
bool helperstart_wait(int fd, int64_t deadline_ms, char const *program);

/* Ends with its exit status, 100 or 111, because then it has said why; with another, or if it has not ended, 111 and a
 * message: "unable to PURPOSE: TROUBLE". */
_Noreturn void helperstart_end(int fd, pid_t pid, bool ended, char const *purpose, char const *trouble);

#endif
