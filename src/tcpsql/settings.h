/* settings.h - what the environment says about the database: tcpsql(8). */
#ifndef TCPSQL_SETTINGS_H
#define TCPSQL_SETTINGS_H

struct settings {
  char const *library;     /* $MYSQL_LIB, or null */
  char const *authorities; /* $MYSQL_CA, or null */
  unsigned int timeout_s, stale_s, refresh_ms;
};

/* Exits 111 with a message if something is no number, or names no file. */
struct settings settings_from_environment(void);

#endif
