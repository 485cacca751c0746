/* ident.c - see ident.h. The grammar of a reply is RFC 1413 section 4's; what is not part of a token may have
 * spaces and tabs around it. */
#include "ident.h"

#include <string.h>

#include "decimal.h"

/* RFC 1413 section 4: a port is one to five digits. */
#define PORT_DIGITS 5

/* What is left of the line. */
struct rest {
  char const *at, *end;
};

size_t ident_request(char out[IDENT_REQUEST_SIZE], uint16_t their_port, uint16_t our_port)
{
  size_t len = decimal_print(out, their_port);
  memcpy(out + len, ", ", 2);
  len += 2;
  len += decimal_print(out + len, our_port);
  memcpy(out + len, "\r\n", 3);
  return len + 2;
}

static void skip_blanks(struct rest *r)
{
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
    r->at++;
}

static bool take_port(struct rest *r, uint16_t port)
{
  unsigned int value = 0, digits = 0;
  skip_blanks(r);
  for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++, digits++) {
    if (digits == PORT_DIGITS)
      return false;
    value = value * 10 + (unsigned int)(*r->at - '0');
  }
  skip_blanks(r);
  return digits > 0 && value == port;
}

static bool take_octet(struct rest *r, char octet)
{
  if (r->at == r->end || *r->at != octet)
    return false;
  r->at++;
  return true;
}

/* Small letters are taken too: nothing else could be meant by them. */
static bool take_word(struct rest *r, char const *capitals)
{
  skip_blanks(r);
  for (; *capitals != '\0'; capitals++)
    if (!take_octet(r, *capitals) && !take_octet(r, (char)(*capitals - 'A' + 'a')))
      return false;
  skip_blanks(r);
  return true;
}

static bool skip_field(struct rest *r)
{
  char const *colon = memchr(r->at, ':', (size_t)(r->end - r->at));
  if (!colon)
    return false;
  r->at = colon + 1;
  return true;
}

static bool is_kept(char octet)
{
  return octet >= 33 && octet <= 126;
}

static size_t keep_user_id(char out[IDENT_SIZE], struct rest const *r)
{
  size_t kept = 0;
  for (char const *at = r->at; at < r->end && kept < IDENT_MAX; at++)
    if (is_kept(*at))
      out[kept++] = *at;
  out[kept] = '\0';
  return kept;
}

static bool parse_line(char out[IDENT_SIZE], struct rest r, uint16_t their_port, uint16_t our_port)
{
  return take_port(&r, their_port) && take_octet(&r, ',') && take_port(&r, our_port) && take_octet(&r, ':') &&
         take_word(&r, "USERID") && take_octet(&r, ':') && skip_field(&r) && keep_user_id(out, &r) > 0;
}

enum ident_result ident_parse(char out[IDENT_SIZE], char const *reply, size_t len, bool ended,
                              uint16_t their_port, uint16_t our_port)
{
  bool full = len >= IDENT_REPLY_MAX;
  char const *newline = len == 0 ? NULL : memchr(reply, '\n', full ? IDENT_REPLY_MAX : len);
  struct rest line = {reply, reply + len};

  out[0] = '\0';
  if (newline)
    line.end = newline;
  else if (full)
    return IDENT_NOBODY;
  else if (!ended)
    return IDENT_INCOMPLETE;
  if (line.at < line.end && line.end[-1] == '\r')
    line.end--;
  if (line.end - line.at > IDENT_REPLY_MAX - 2)
    return IDENT_NOBODY;
  return parse_line(out, line, their_port, our_port) ? IDENT_USER : IDENT_NOBODY;
}

bool ident_is_clean(char const text[IDENT_SIZE])
{
  size_t len = 0;
  while (len < IDENT_SIZE && is_kept(text[len]))
    len++;
  return len > 0 && len < IDENT_SIZE && text[len] == '\0';
}
