/* privileges.h - become somebody with no more rights than the programs need, and for good. */
#ifndef TCPSERVER_PRIVILEGES_H
#define TCPSERVER_PRIVILEGES_H

#include "options.h"

/* Sets groups, gid and uid as -u, -g and -U say, and nothing without them. Exits 111 if any of it can't be
 * done, or could be undone. */
void privileges_drop(struct options const *o);

#endif
