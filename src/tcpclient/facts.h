/* facts.h - what DNS and ident say about the connection, for the program's environment. */
#ifndef TCPCLIENT_FACTS_H
#define TCPCLIENT_FACTS_H

#include "inquiry.h"
#include "options.h"
#include "service.h"

/* Asks for what the options want, and for nothing without a program. Not to know is no failure: what could not be
 * found out is not in `known`. If the reason is the helper's, a message says so. */
struct lookup_peer_answer facts_find(struct options const *o, struct connection const *c, struct inquiry *h);

#endif
