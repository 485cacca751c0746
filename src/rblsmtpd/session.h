/* session.h - a client, what the command line says of clients, and the two ends that it can come to: it is refused, or
 * the program takes over. */
#ifndef RBLSMTPD_SESSION_H
#define RBLSMTPD_SESSION_H

#include <stdbool.h>

#include "client.h"
#include "messages.h"
#include "options.h"
#include "text.h"

struct session {
  struct options options;
  struct client client;
  struct messages messages;
};

/* Reads the command line and the environment. Exits if the former is wrong. */
void session_begin(struct session *s, int argc, char const *const *argv);

/* "rblsmtpd: IP pid N: WHAT DETAIL" in the log, the form of ucspi-tcp. */
void session_log(struct client const *client, char const *what, char const *detail);

/* Talks to the client until it has gone, then exits. */
_Noreturn void session_refuse(struct session const *s, bool is_permanent, struct text const *text);

/* Becomes a program of that name, or exits. */
_Noreturn void session_run(struct session const *s, char const *name, char const *const *argv);

#endif
