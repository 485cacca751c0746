/* database.h - a connection to the database, and what is asked of it. Whoever calls this process may be kept waiting by the
 * server for $MYSQL_TIMEOUT at most; then SIGALRM ends it. */
#ifndef TCPSQL_DATABASE_H
#define TCPSQL_DATABASE_H

#include "dbconf.h"
#include "library.h"
#include "ruletable.h"

/* A value that is different after the table has changed, with room for some times and numbers. */
#define DATABASE_MARK_SIZE 256

/* As long as a transaction may take from when it is stamped to when it is seen, and two ticks of the server's clock. */
#define DATABASE_SETTLED_S 2

/* Rows that can't be used and are told to the log. */
#define DATABASE_COMPLAINTS_MAX 20
struct database_complaints {
  unsigned int count; /* more than the maximum if there were more */
  char text[DATABASE_COMPLAINTS_MAX][512];
};

struct database {
  struct library library;
  struct dbconf const *conf;
  char const *authorities; /* a file of those that may vouch for a server, or null: any may be it */
  unsigned int timeout_s;
  MYSQL *connection;
  bool ordered;         /* the table has a column id, by which rows are in order */
  uint64_t fingerprint; /* of what database_load() has read last: another one if that was another */
  struct database_complaints complaints; /* about the rows that it has read last */
  char problem[512];                     /* why something has failed, for a message */
};

/* All return 0, or -1 with `problem`. */

/* With authorities, unless the server is a socket's path: only by TLS, and only if its certificate is from them and for the
 * server's name. The library must have a verifier for that. */
int database_connect(struct database *d);
/* Names the column that is missing. */
int database_check_columns(struct database *d);

/* What the server can say cheaply of the table's last change. *settled is false if it could have changed since without a
 * difference, because the server's clock has not gone on; or if the server can't say. */
int database_mark(struct database *d, char mark[DATABASE_MARK_SIZE], bool *settled);

enum database_loaded {
  DATABASE_FAILED = -1,
  DATABASE_LOADED,
  DATABASE_UNUSABLE /* some rows can't be used: see the complaints */
};
enum database_loaded database_load(struct database *d, struct ruletable_builder *b);

/* Writes the complaints to the log. */
void database_complain(struct database const *d);

#endif
