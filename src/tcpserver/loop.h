/* loop.h - the life of tcpserver after the listening socket is ready: accept, admit, reap, obey signals. */
#ifndef TCPSERVER_LOOP_H
#define TCPSERVER_LOOP_H

#include "listener.h"
#include "options.h"

/* What must be done before privileges are dropped: tcptls is started. Exits 111 with a message if it can't be. */
void loop_begin(struct options const *o, struct listener *l, char const *const *environment);

/* Gets everything ready and catches signals. Exits 100 or 111 with a message if it can't. */
void loop_prepare(void);

/* Serves until SIGTERM, or until the last program has ended after SIGALRM. Returns the exit status. */
int loop_run(void);

#endif
