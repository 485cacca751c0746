/* registered.c - see registered.h. A line is "name port/protocol alias... # comment". */
#include "registered.h"

#include <string.h>

#include <skalibs/djbunix.h>

static char const path[] = "/etc/services";
static char const blanks[] = " \t\r";

void registered_load(stralloc *list)
{
  if (!openslurpclose(list, path))
    list->len = 0;
  if (!stralloc_0(list))
    stralloc_free(list);
}

static bool line_is_about(char const *line, size_t line_len, char const *name)
{
  size_t name_len = strlen(name);
  bool named = false, tcp = false;
  char const *p = line, *end = line + line_len;
  for (int field = 0; p < end; field++) {
    size_t len;
    p += strspn(p, blanks);
    len = strcspn(p, " \t\r\n");
    if (len > (size_t)(end - p))
      break;
    if (field == 1)
      tcp = len > 4 && memcmp(p + len - 4, "/tcp", 4) == 0;
    else if (len == name_len && memcmp(p, name, len) == 0)
      named = true;
    p += len;
    if (len == 0)
      break;
  }
  return named && tcp;
}

bool registered_contains(stralloc const *list, char const *name)
{
  char const *line = list->s;
  while (line && *line) {
    if (line_is_about(line, strcspn(line, "#\n"), name))
      return true;
    line += strcspn(line, "\n");
    if (*line)
      line++;
  }
  return false;
}
