/* signals.h - signals as events: they are blocked and read from a descriptor, so that nothing ever runs in a
 * handler, least of all in a child that shares our memory (but for what came before they could be read). */
#ifndef TCPSERVER_SIGNALS_H
#define TCPSERVER_SIGNALS_H

#include <signal.h>
#include <sys/types.h>

/* First of all: makes all dispositions those that a program expects to start with, and keeps back ALRM, HUP, USR1, USR2,
 * which would end us, until signals_init(): they are obeyed then. TERM may end us at any time. */
void signals_begin(void);

/* Catches TERM, ALRM, HUP, USR1, USR2, PIPE, CHLD. Returns the descriptor that becomes readable; exits 111 if it can't. */
int signals_init(void);

/* What others' code in this process may change: all dispositions and the mask. */
struct signals_kept {
  sigset_t mask;
  struct sigaction action[NSIG];
};
void signals_keep(struct signals_kept *kept);
void signals_put_back(struct signals_kept const *kept);

/* The next signal, or 0. *ended: with CHLD, a child that has ended and can be waited for, or 0: it is not known which one.
 * There may be more of them: signals that come before one is read are read as one. */
int signals_read(pid_t *ended);

#endif
