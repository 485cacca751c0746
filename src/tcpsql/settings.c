/* settings.c - see settings.h. */
#include "settings.h"

#include <stdlib.h>

#include <skalibs/strerr.h>

#include "decimal.h"

#define DAY_S 86400

static unsigned int number(char const *name, unsigned int fallback, unsigned int max, char const *expected)
{
  char const *text = getenv(name);
  unsigned int value = fallback;
  if (text && !decimal_parse(&value, text, 1, max))
    strerr_die(111, PROG, ": fatal: $", name, " is not ", expected, ": ", text);
  return value;
}

struct settings settings_from_environment(void)
{
  struct settings s = {.library = getenv("MYSQL_LIB"), .authorities = getenv("MYSQL_CA")};
  unsigned int refresh_s = number("MYSQL_REFRESH", 5, DAY_S, "a number of seconds from 1 to 86400");
  s.timeout_s = number("MYSQL_TIMEOUT", 30, 3600, "a number of seconds from 1 to 3600");
  s.stale_s = number("MYSQL_STALE", 3600, 365 * DAY_S, "a number of seconds from 1 to 31536000");
  /* Or else rules would be stale before they are looked after. */
  s.refresh_ms = (refresh_s <= s.stale_s / 2 ? 2 * refresh_s : s.stale_s) * 500;
  if (s.library && !*s.library)
    s.library = NULL;
  /* Whoever set it wants no server that is not verified, even if the name has got lost. */
  if (s.authorities && !*s.authorities)
    strerr_die(111, PROG, ": fatal: $MYSQL_CA is empty: it is the path of a file of certificates");
  return s;
}
