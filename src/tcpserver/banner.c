/* banner.c - see banner.h. */
#include "banner.h"

#include <string.h>
#include <sys/socket.h>

#include <skalibs/djbunix.h>
#include <skalibs/strerr.h>

static size_t read_file(char const *file, char *text, size_t size)
{
  ssize_t len = openreadnclose(file, text, size);
  if (len == -1)
    strerr_diefusys(111, "read ", file);
  return (size_t)len;
}

void banner_load(struct banner *b, char const *argument)
{
  char text[BANNER_MAX + 1];
  size_t len = argument[0] == '@' ? read_file(argument + 1, text, sizeof text) : strlen(argument);

  if (len > BANNER_MAX)
    strerr_die(100, PROG, ": usage: a banner has at most 4096 bytes");
  memcpy(b->text, argument[0] == '@' ? text : argument, len);
  b->len = len;
}

enum outcome banner_stage(void *banner, struct connection *c)
{
  struct banner const *b = banner;
  if (send(c->fd, b->text, b->len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)b->len)
    return PASS;
  c->refusal = REFUSAL_BANNER;
  return DENY;
}
