/* keeper.h - tcpsql(8) itself: it has the rights to read db.conf, keeps a process going that talks to the database (loader.h),
 * and passes on what that says. Nothing that comes from the database is looked at here. */
#ifndef TCPSQL_KEEPER_H
#define TCPSQL_KEEPER_H

/* Serves descriptor 0; returns when its other end is gone. Exits 111 with a message. */
void keeper_run(char const *dbconf);

#endif
