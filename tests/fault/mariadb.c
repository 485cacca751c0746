/* mariadb - plays libmariadb: see mysql.h.
 *   MYSQL_PLAYED_TLS   what it says its TLS is made with; "Off" if there is none */
#define PLAYS_MARIADB
#include "mysql.h"

signed char mariadb_get_infov(void *connection, int what, void *out, ...)
{
  (void)connection;
  if (what != 22)
    return 1;
  *(char const **)out = getenv("MYSQL_PLAYED_TLS");
  return 0;
}
