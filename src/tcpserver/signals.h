/* signals.h - signals as events: they are blocked and read from a descriptor, so that nothing ever runs in a
 * handler, least of all in a child that shares our memory. */
#ifndef TCPSERVER_SIGNALS_H
#define TCPSERVER_SIGNALS_H

#include <stdbool.h>

/* Makes all dispositions those that a program expects to start with. */
void signals_reset(void);

/* Catches TERM, ALRM, HUP, USR1, USR2, PIPE. Returns the descriptor that becomes readable; exits 111 if it can't. */
int signals_init(void);

/* Also catch SIGCHLD, or leave it alone. */
void signals_catch_child(bool catch);

/* The next signal, or 0. */
int signals_read(void);

#endif
