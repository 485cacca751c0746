/* environment.c - see environment.h. Names are compared linearly: an environment has some dozens. */
#include "environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BOTH(name) "TCP" name, "TCP6" name
char const *const environment_ucspi_names[] = {"PROTO",
                                               BOTH("LOCALIP"),
                                               BOTH("LOCALPORT"),
                                               BOTH("LOCALHOST"),
                                               BOTH("REMOTEIP"),
                                               BOTH("REMOTEPORT"),
                                               BOTH("REMOTEHOST"),
                                               BOTH("REMOTEINFO"),
                                               BOTH("INTERFACE"),
                                               BOTH("CONNNUM"),
                                               BOTH("PARANOID"),
                                               BOTH("PROXYIP"),
                                               BOTH("PROXYPORT"),
                                               "PROXY_AUTHORITY",
                                               "PROXY_ALPN",
                                               "PROXY_UNIQUE_ID",
                                               "PROXY_NETNS",
                                               "PROXY_SSL_VERSION",
                                               "PROXY_SSL_CIPHER",
                                               "PROXY_SSL_SIG_ALG",
                                               "PROXY_SSL_KEY_ALG",
                                               "PROXY_SSL_CN",
                                               "TCPMUXSERVICE",
                                               NULL};

static bool has_name(char const *entry, char const *name, size_t len)
{
  return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

static bool listed(char const *entry, char const *const *names)
{
  for (; names && *names; names++)
    if (has_name(entry, *names, strlen(*names)))
      return true;
  return false;
}

static int make_room(struct environment *e)
{
  size_t wanted;
  char const **grown;
  if (!e->entry) {
    e->entry = e->first;
    e->capacity = ENVIRONMENT_FIRST;
  }
  if (e->count + 1 < e->capacity)
    return 0;
  wanted = e->capacity * 2;
  grown = reallocarray(e->entry == e->first ? NULL : e->entry, wanted, sizeof *grown);
  if (!grown)
    return -1;
  if (e->entry == e->first)
    memcpy(grown, e->first, sizeof e->first);
  e->entry = grown;
  e->capacity = wanted;
  return 0;
}

static int append(struct environment *e, char const *entry)
{
  if (make_room(e) == -1)
    return -1;
  e->entry[e->count++] = entry;
  e->entry[e->count] = NULL;
  return 0;
}

int environment_load(struct environment *e, char const *const *from, char const *const *strip)
{
  e->count = 0;
  e->text_used = 0;
  if (make_room(e) == -1)
    return -1;
  e->entry[0] = NULL;
  for (; *from; from++)
    if (!listed(*from, strip) && append(e, *from) == -1)
      return -1;
  return 0;
}

int environment_add(struct environment *e, char const *name, char const *value)
{
  size_t name_len = strlen(name), value_size = strlen(value) + 1;
  char *text = e->text + e->text_used;
  if (name_len + 1 + value_size > sizeof e->text - e->text_used) {
    errno = E2BIG;
    return -1;
  }
  memcpy(text, name, name_len);
  text[name_len] = '=';
  memcpy(text + name_len + 1, value, value_size);
  e->text_used += name_len + 1 + value_size;
  return append(e, text);
}

static size_t position(struct environment const *e, char const *name, size_t len, size_t from)
{
  while (from < e->count && !has_name(e->entry[from], name, len))
    from++;
  return from;
}

/* A careless parent may have left a name twice: all of them count. */
static void remove_from(struct environment *e, char const *name, size_t len, size_t from)
{
  for (size_t i = position(e, name, len, from); i < e->count; i = position(e, name, len, i)) {
    e->entry[i] = e->entry[--e->count];
    e->entry[e->count] = NULL;
  }
}

int environment_set(struct environment *e, char const *entry)
{
  size_t len = strcspn(entry, "="), i = position(e, entry, len, 0);
  if (i == e->count)
    return append(e, entry);
  e->entry[i] = entry;
  remove_from(e, entry, len, i + 1);
  return 0;
}

void environment_unset(struct environment *e, char const *name)
{
  remove_from(e, name, strlen(name), 0);
}

char const *environment_get(struct environment const *e, char const *name)
{
  size_t len = strlen(name), i = position(e, name, len, 0);
  return i == e->count ? NULL : e->entry[i] + len + 1;
}

void environment_free(struct environment *e)
{
  if (e->entry != e->first)
    free(e->entry);
  *e = (struct environment)ENVIRONMENT_ZERO;
}
