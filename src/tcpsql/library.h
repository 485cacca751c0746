/* library.h - the client library of MariaDB or MySQL, found when it is needed: no header of it is used, and of its functions
 * only those whose types have not changed since MySQL 4.1. */
#ifndef TCPSQL_LIBRARY_H
#define TCPSQL_LIBRARY_H

#include <stdbool.h>

/* Both are known to the library alone. */
typedef struct mysql MYSQL;
typedef struct mysql_result MYSQL_RES;

/* enum mysql_option: the same numbers in MariaDB Connector/C 3 and in libmysqlclient 5.0 to 9. */
enum library_option {
  LIBRARY_CONNECT_TIMEOUT = 0, /* unsigned int, seconds; and so are the other two */
  LIBRARY_LOCAL_INFILE = 8,    /* unsigned int: 0, a server may not ask for files */
  LIBRARY_READ_TIMEOUT = 11,
  LIBRARY_WRITE_TIMEOUT = 12,
  LIBRARY_MARIADB_VERIFY = 21 /* char: 0, the server's certificate may be any. In MySQL's another option */
};

struct library {
  MYSQL *(*init)(MYSQL *);
  int (*options)(MYSQL *, int, void const *);
  MYSQL *(*real_connect)(MYSQL *, char const *host, char const *user, char const *password,
                         char const *database, unsigned int port, char const *socket, unsigned long flags);
  int (*real_query)(MYSQL *, char const *text, unsigned long len);
  MYSQL_RES *(*use_result)(MYSQL *);
  unsigned int (*num_fields)(MYSQL_RES *);
  char **(*fetch_row)(MYSQL_RES *);
  unsigned long *(*fetch_lengths)(MYSQL_RES *);
  void (*free_result)(MYSQL_RES *);
  unsigned int (*error_number)(MYSQL *);
  char const *(*error)(MYSQL *);
  /* Null if it has none: its own default is to use TLS if the server has it. */
  int (*ssl_set)(MYSQL *, char const *key, char const *certificate, char const *authorities,
                 char const *folder, char const *ciphers);
  void (*mariadb_mark)(void); /* never called: null if this is not MariaDB's */
};

/* Loads `path`, or the first of the usual names that is there. Null, or what is wrong, for a message. */
char const *library_load(struct library *l, char const *path);

#endif
