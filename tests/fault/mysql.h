/* mysql.h - plays libmysqlclient or, with PLAYS_MARIADB defined, libmariadb, for $MYSQL_LIB: says which options it is given, and
 * has no database.
 *   MYSQL_PLAYED           its version, as mysql_get_client_version() says it
 *   MYSQL_PLAYED_CONNECTS  if it is set it connects all the same, without TLS */
#ifndef FAULT_MYSQL_H
#define FAULT_MYSQL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned long mysql_get_client_version(void)
{
  return strtoul(getenv("MYSQL_PLAYED"), NULL, 10);
}

void *mysql_init(void *unused)
{
  static char connection;
  (void)unused;
  return &connection;
}

int mysql_options(void *connection, int option, void const *value)
{
  int authorities = mysql_get_client_version() < 80000 ? 27 : 21;
  (void)connection;
#ifdef PLAYS_MARIADB
  if (option == 21) {
    fprintf(stderr, "option %d is %u\n", option, *(unsigned char const *)value);
    return 0;
  }
#endif
  if (option == authorities)
    fprintf(stderr, "option %d is %s\n", option, (char const *)value);
  else
    fprintf(stderr, "option %d is %u\n", option, *(unsigned int const *)value);
  return 0;
}

void *mysql_real_connect(void *connection, char const *host, char const *user, char const *password,
                         char const *database, unsigned int port, char const *path, unsigned long flags)
{
  (void)host, (void)user, (void)password, (void)database, (void)port, (void)path, (void)flags;
  return getenv("MYSQL_PLAYED_CONNECTS") ? connection : NULL;
}

char const *mysql_get_ssl_cipher(void *connection)
{
  (void)connection;
  return NULL;
}

char const *mysql_error(void *connection)
{
  (void)connection;
  return "it only plays";
}

/* The others have to be there, and fail. */
#define FAILS(type, name)                                                                                    \
  type name(void *unused);                                                                                   \
  type name(void *unused)                                                                                    \
  {                                                                                                          \
    (void)unused;                                                                                            \
    return (type)1;                                                                                          \
  }
FAILS(int, mysql_real_query)
FAILS(unsigned int, mysql_errno)
FAILS(unsigned int, mysql_num_fields)
FAILS(char *, mysql_use_result)
FAILS(char *, mysql_fetch_row)
FAILS(char *, mysql_fetch_lengths)
FAILS(int, mysql_free_result)

#endif
