/* dbconf.c - see dbconf.h. */
#include "dbconf.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "decimal.h"
#include "namedfile.h"
#include "span.h"
#include "transfer.h"

static char const form[] = "it is not server:user:password:database:table";

/* Takes what comes before the first, or after the last, colon off a line; false if there is none. */
static bool take_first(struct span *line, struct span *field)
{
  char const *colon = memchr(line->at, ':', line->len);
  if (!colon)
    return false;
  *field = (struct span){line->at, (size_t)(colon - line->at)};
  line->len -= field->len + 1;
  line->at = colon + 1;
  return true;
}

static bool take_last(struct span *line, struct span *field)
{
  char const *colon = memrchr(line->at, ':', line->len);
  if (!colon)
    return false;
  *field = (struct span){colon + 1, line->len - (size_t)(colon + 1 - line->at)};
  line->len = (size_t)(colon - line->at);
  return true;
}

/* The colons of [::1] are none between fields. */
static bool take_server(struct span *line, struct span *server, struct span *port)
{
  char const *end, *slash;
  *port = (struct span){line->at, 0};
  if (line->len > 0 && *line->at == '[') {
    end = memchr(line->at, ']', line->len);
    if (!end)
      return false;
    *server = (struct span){line->at + 1, (size_t)(end - line->at - 1)};
    line->len -= (size_t)(end + 1 - line->at);
    line->at = end + 1;
    return take_first(line, port);
  }
  if (!take_first(line, server))
    return false;
  slash = server->len > 0 && *server->at != '/' ? memchr(server->at, '/', server->len) : NULL;
  if (slash) {
    *port = (struct span){slash, server->len - (size_t)(slash - server->at)};
    server->len -= port->len;
  }
  return true;
}

/* Nothing, or a slash and a number. */
static bool parse_port(unsigned int *port, struct span text)
{
  char digits[8];
  *port = 0;
  if (text.len == 0)
    return true;
  return *text.at == '/' && span_copy(digits, sizeof digits, (struct span){text.at + 1, text.len - 1}) &&
         decimal_parse(port, digits, 1, 65535);
}

/* Not empty, and no longer than there is room. */
static bool copy_name(char *out, size_t size, struct span s)
{
  return s.len > 0 && span_copy(out, size, s);
}

char const *dbconf_parse(struct dbconf *c, char const *text, size_t len)
{
  char const *at = text, *end = text + len;
  struct span line = span_take_line(&at, end), server, port, user, database, table;

  memset(c, 0, sizeof *c);
  if (line.len > 0 && line.at[line.len - 1] == '\r')
    line.len--;
  if (span_take_word(&at, end).len > 0)
    return "it has more than one line";
  if (!take_server(&line, &server, &port) || !take_first(&line, &user) || !take_last(&line, &table) ||
      !take_last(&line, &database))
    return form;
  c->is_path = server.len > 0 && *server.at == '/';
  if (!copy_name(c->server, sizeof c->server, server))
    return "its server is empty, too long or has a NUL";
  if (!parse_port(&c->port, port))
    return "its server's port is no number from 1 to 65535";
  if (!copy_name(c->user, sizeof c->user, user))
    return "its user is empty, too long or has a NUL";
  if (!span_copy(c->password, sizeof c->password, line))
    return "its password is too long or has a NUL";
  if (!copy_name(c->database, sizeof c->database, database) || !copy_name(c->table, sizeof c->table, table))
    return "its database or table is empty, too long or has a NUL";
  return NULL;
}

static char const *read_open(struct dbconf *c, int fd, struct stat const *st)
{
  char text[DBCONF_FILE_MAX + 1];
  char const *problem;
  size_t len = 0;
  ssize_t n;
  if (st->st_mode & S_IRWXO)
    return "others than its owner and group have rights to it, and it holds a password: chmod o-rwx";
  while (len < sizeof text && (n = transfer_read(fd, text + len, sizeof text - len)) > 0)
    len += (size_t)n;
  if (len == 0)
    return "it is empty, or can't be read";
  problem = len == sizeof text ? "it is too long" : dbconf_parse(c, text, len);
  explicit_bzero(text, sizeof text);
  return problem;
}

char const *dbconf_read(struct dbconf *c, char const *path)
{
  struct stat st;
  int fd = namedfile_open(path, &st);
  char const *problem;
  if (fd == -1)
    return namedfile_problem(errno);
  problem = read_open(c, fd, &st);
  close(fd);
  return problem;
}
