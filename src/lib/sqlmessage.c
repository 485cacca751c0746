/* sqlmessage.c - see sqlmessage.h. */
#include "sqlmessage.h"

#include <stddef.h>
#include <string.h>

struct message_kind const sqlmessage_to_helper[2] = {{SQL_BEGIN, sizeof(struct ids), 0}, {SQL_RELOAD, 0, 0}};
struct message_kind const sqlmessage_from_helper[5] = {{SQL_READY, sizeof(struct sql_ready), 0},
                                                       {SQL_IMAGE, 0, 1},
                                                       {SQL_FRESH, 0, 0},
                                                       {SQL_TRIED, 0, 0},
                                                       {SQL_ALIVE, 0, 0}};
struct message_kind const sqlmessage_from_loader[5] = {{SQL_LIBRARY, 0, 0},
                                                       {SQL_IMAGE, 0, 1},
                                                       {SQL_FRESH, 0, 0},
                                                       {SQL_REFUSED, 0, 0},
                                                       {SQL_FAILED, sizeof(struct sql_failure), 0}};

static struct message_kind const *find(struct message_kind const *table, size_t rows,
                                       enum sqlmessage_kind kind)
{
  for (size_t i = 0; i < rows; i++)
    if (table[i].kind == kind)
      return &table[i];
  return NULL;
}

struct message_kind const *sqlmessage_row(enum sqlmessage_kind kind)
{
  struct message_kind const *row = find(sqlmessage_to_helper, 2, kind);
  if (!row)
    row = find(sqlmessage_from_helper, 5, kind);
  return row ? row : find(sqlmessage_from_loader, 5, kind);
}

int sqlmessage_failure_is_sound(struct sql_failure const *f)
{
  size_t len = strnlen(f->reason, sizeof f->reason);
  for (size_t i = 0; i < len; i++)
    if (f->reason[i] < ' ' || f->reason[i] > '~')
      return 0;
  return len > 0 && len < sizeof f->reason;
}

int sqlmessage_start(struct helper *h, char path[HELPER_PATH_SIZE], char const *dbconf,
                     char const *const *environment)
{
  char const *argv[] = {path, dbconf, NULL};
  return helper_path(path, HELPER_LIBEXEC, "tcpsql") == -1 ? -1 : helper_start(h, argv, environment);
}
