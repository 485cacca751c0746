/* ident.c - whatever comes from port 113, what is kept of it is printable and bounded, and a reply gives the same
 * however it arrives. The first octet says whether the other side has closed; the rest is the reply, for port 6193
 * there and port 23 here. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ident.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

/* Parses a copy of exactly this size, so that the sanitizer sees a read past its end. */
static enum ident_result parse(char out[IDENT_SIZE], uint8_t const *octets, size_t count, bool ended)
{
  enum ident_result result;
  char *copy = malloc(count ? count : 1);
  must(copy != NULL);
  if (count)
    memcpy(copy, octets, count);
  memset(out, '?', IDENT_SIZE);
  result = ident_parse(out, copy, count, ended, 6193, 23);
  free(copy);
  must((result == IDENT_USER) == ident_is_clean(out));
  must(result == IDENT_USER || out[0] == '\0');
  return result;
}

static void check_user(char const *user, uint8_t const *octets, size_t count)
{
  size_t colons = 0;
  for (size_t i = 0; i < count; i++)
    colons += octets[i] == ':';
  must(strlen(user) < count && colons >= 3);
}

/* The first `count` at which a reader that gets one octet at a time stops. */
static enum ident_result parse_as_it_comes(char out[IDENT_SIZE], uint8_t const *octets, size_t size,
                                           bool ended)
{
  for (size_t count = 0; count < size; count++) {
    enum ident_result result = parse(out, octets, count, false);
    must(count < IDENT_REPLY_MAX || result != IDENT_INCOMPLETE);
    if (result != IDENT_INCOMPLETE)
      return result;
  }
  return parse(out, octets, size, ended);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  char whole[IDENT_SIZE], pieces[IDENT_SIZE];
  enum ident_result result;
  bool ended;
  if (size < 1)
    return 0;
  ended = data[0] & 1;
  data++;
  size--;

  result = parse(whole, data, size, ended);
  must(!ended || result != IDENT_INCOMPLETE);
  if (result == IDENT_USER)
    check_user(whole, data, size);
  must(parse_as_it_comes(pieces, data, size, ended) == result);
  must(strcmp(whole, pieces) == 0);
  return 0;
}
