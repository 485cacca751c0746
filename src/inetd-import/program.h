/* program.h - what runs for a connection in the end: the server and its arguments, a relay (redirect), or one of the
 * small services that xinetd and inetd do themselves (INTERNAL). */
#ifndef IMPORT_PROGRAM_H
#define IMPORT_PROGRAM_H

#include "making.h"

/* Fills SLOT_PROGRAM and SLOT_ENVIRONMENT, after all attributes were carried over. */
void program_make(struct making *m);

/* The port as tcpserver takes it; null if there is none, which is said then. */
char const *program_port(struct making *m);

#endif
