/* dbconf.h - db.conf, which says where the table of rules is: server:user:password:database:table in one line. It holds a
 * password, so a file that others may read or write is refused. */
#ifndef UCSPI_DBCONF_H
#define UCSPI_DBCONF_H

#include <stdbool.h>
#include <stddef.h>

/* More is no db.conf. */
#define DBCONF_FILE_MAX 4096

struct dbconf {
  char server[256]; /* a host's name or address, without brackets; or the path of a socket */
  bool is_path;
  unsigned int port; /* 0: the library's own */
  char user[256], password[1024];
  char database[256], table[256];
};

/* `server` is host, host/port or a path; an IPv6 address stands in brackets. A password may have colons, what stands before
 * and behind it may not. LF or CR LF ends the line, and nothing but blank lines may follow. Null, or what is wrong, for a
 * message (never with anything of the text); *c is then unspecified. */
char const *dbconf_parse(struct dbconf *c, char const *text, size_t len);

/* The same from a file. What is wrong may be strerror()'s. */
char const *dbconf_read(struct dbconf *c, char const *path);

#endif
