/* muxrequest.c - see muxrequest.h. */
#include "muxrequest.h"

#include <string.h>

/* The lower-case form of an octet that may stand in a name, else NUL. Neither <ctype.h> nor locales: what is
 * a letter must not depend on the administrator's language. */
static char name_octet(char octet)
{
  if (octet >= 'A' && octet <= 'Z')
    return (char)(octet - 'A' + 'a');
  if ((octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9'))
    return octet;
  if (octet != '\0' && strchr(".-_+", octet))
    return octet;
  return '\0';
}

void muxrequest_start(struct muxrequest *r, enum muxrequest_newline newline)
{
  r->state = MUXREQUEST_READING;
  r->newline = newline;
  r->seen_cr = false;
  r->length = 0;
}

static enum muxrequest_state line_end(struct muxrequest *r)
{
  bool ends = r->seen_cr || r->newline == MUXREQUEST_CRLF_OR_LF;
  if (!ends || r->length == 0)
    return MUXREQUEST_MALFORMED;
  r->name[r->length] = '\0';
  return MUXREQUEST_COMPLETE;
}

static enum muxrequest_state name_grows(struct muxrequest *r, char octet)
{
  char folded = name_octet(octet);
  if (folded == '\0' || r->seen_cr || r->length == MUXREQUEST_NAME_MAX || (r->length == 0 && folded == '.'))
    return MUXREQUEST_MALFORMED;
  r->name[r->length++] = folded;
  return MUXREQUEST_READING;
}

static enum muxrequest_state take(struct muxrequest *r, char octet)
{
  if (octet == '\n')
    return line_end(r);
  if (octet == '\r' && !r->seen_cr && r->length > 0) {
    r->seen_cr = true;
    return MUXREQUEST_READING;
  }
  return name_grows(r, octet);
}

size_t muxrequest_feed(struct muxrequest *r, char const *octets, size_t count)
{
  size_t taken = 0;
  while (taken < count && r->state == MUXREQUEST_READING)
    r->state = take(r, octets[taken++]);
  return taken;
}

bool muxrequest_is_service_name(char const *name)
{
  size_t length = 0;
  for (; name[length] != '\0'; length++)
    if (length == MUXREQUEST_NAME_MAX || name_octet(name[length]) != name[length])
      return false;
  return length > 0 && name[0] != '.';
}
