/* library.h - the client library of MariaDB or MySQL, found when it is needed: no header of it is used, and of its functions
 * only those whose types have not changed since MySQL 4.1. */
#ifndef TCPSQL_LIBRARY_H
#define TCPSQL_LIBRARY_H

#include <stdbool.h>

/* What is needed of the libraries' headers is said here as they say it: include/mysql.h of MariaDB Connector/C 3.0 to 3.4, of
 * MySQL 5.7 and of MySQL 8.0. Both are known to the library alone. */
typedef struct mysql MYSQL;
typedef struct mysql_result MYSQL_RES;

/* enum mysql_option, as far as the numbers are the same in MariaDB Connector/C 3 and in libmysqlclient 5.0 to 9. */
enum library_option {
  LIBRARY_CONNECT_TIMEOUT = 0, /* unsigned int, seconds; and so are the other two */
  LIBRARY_LOCAL_INFILE = 8,    /* unsigned int: 0, a server may not ask for files */
  LIBRARY_PROTOCOL = 9,        /* unsigned int, enum mysql_protocol_type: 1, TCP even to "localhost" */
  LIBRARY_READ_TIMEOUT = 11,
  LIBRARY_WRITE_TIMEOUT = 12,
  LIBRARY_MARIADB_VERIFY = 21 /* char: 0, the server's certificate may be any. In MySQL's another option */
};

/* How a library is made to insist: on TLS, and on a certificate that is from these authorities and for that host, before it
 * sends who it is. */
struct library_verifier {
  int authorities, insist; /* options: a file's path; what follows */
  void const *insist_on;
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
  char const *(*ssl_cipher)(MYSQL *);                        /* null, or of a connection without TLS: null */
  unsigned long (*version)(void);                            /* MySQL's: 80403 is 8.4.3 */
  signed char (*mariadb_info)(MYSQL *, int, void *out, ...); /* null if this is not MariaDB's */
};

/* Loads `path`, or the first of the usual names that is there. Null, or what is wrong, for a message. */
char const *library_load(struct library *l, char const *path);

/* Null if it can't verify servers, or it is not known how to have it do that. */
struct library_verifier const *library_verifier(struct library const *l);

/* True if it believes whoever is at that address of this machine, and looks at no name in his certificate. */
bool library_trusts_address(struct library const *l, char const *address);

#endif
