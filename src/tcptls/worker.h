/* worker.h - the process that does TLS for tcpserver: it has the keys in memory and many connections, and no rights. */
#ifndef TCPTLS_WORKER_H
#define TCPTLS_WORKER_H

#include "options.h"
#include "tls.h"

/* Where a worker finds its sockets (both SOCK_SEQPACKET, nonblocking). No other descriptor but 2 is open. */
enum { WORKER_KEEPER = 0, WORKER_CHANNEL = 1 };

/* Becomes what `who` says and serves the channel until both that has ended and the last connection; returns then. Exits
 * 111 with a message if it can't go on. */
void worker_run(struct options const *o, struct ids const *who);

#endif
