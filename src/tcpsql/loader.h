/* loader.h - the process that talks to the database: it has the password and no rights. It says what it knows to the keeper,
 * and ends when something is wrong with its connection; the keeper starts another. */
#ifndef TCPSQL_LOADER_H
#define TCPSQL_LOADER_H

#include "dbconf.h"
#include "ids.h"
#include "settings.h"

/* Where it finds the socket to the keeper (SOCK_SEQPACKET). No other descriptor but 1 and 2 is open. */
enum { LOADER_KEEPER = 0 };

/* Becomes what `who` says and keeps the keeper informed. Exits 0 when it has said what has failed, or nobody listens any
 * more; 111 with a message if it can't begin. */
_Noreturn void loader_run(struct settings const *s, struct dbconf const *conf, struct ids const *who);

#endif
