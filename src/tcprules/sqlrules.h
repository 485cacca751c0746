/* sqlrules.h - rules of a database, for once: tcpsql(8) is started, gives them, and is ended. */
#ifndef TCPRULES_SQLRULES_H
#define TCPRULES_SQLRULES_H

#include "ruletable.h"

/* Exits 111 if there are none; tcpsql has said why, or a message does. */
void sqlrules_get(struct ruletable *t, char const *dbconf);

#endif
