/* messages.h - keeps messages from the peer where standard error is the connection, as inetd and its kind leave it: what
 * a peer is told is protocol. There is nowhere else that they could go, so they are lost. */
#ifndef UCSPI_MESSAGES_H
#define UCSPI_MESSAGES_H

#include <stdbool.h>

/* Both are close-on-exec and above 2; -1 if standard error is not the connection. */
struct messages {
  int connection; /* standard error as it was found */
  int nowhere;
};

/* If descriptor 2 is the same socket as 0 it is /dev/null from now on. What else is at 2 (a pipe, a file, a
 * terminal, another socket) stays there. 0, or -1 with errno: nothing may be written to 2 then. */
int messages_divert(struct messages *m);

bool messages_are_diverted(struct messages const *m);

/* Before another program is executed, to which descriptor 2 belongs as it was found; and after that has failed. Both
 * keep errno. */
void messages_for_program(struct messages const *m);
void messages_for_us(struct messages const *m);

/* Executes it (execute.h) between the two. Returns only if that fails: the errno value. */
int messages_execute(struct messages const *m, char const *name, char const *const *argv, char const *path,
                     char const *const *envp);

#endif
