/* muxrequest.c - a request fed in any pieces gives what it gives whole, takes no octet beyond its line, and
 * never yields a name that a service could not bear. The first octet chooses the newline rule, the second
 * seeds the sizes of the pieces; the rest is the request. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "muxrequest.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

/* A copy of exactly this size, so that the sanitizer sees a read past its end. */
static size_t feed(struct muxrequest *r, uint8_t const *octets, size_t count)
{
  char *copy = malloc(count ? count : 1);
  size_t taken;
  must(copy != NULL);
  if (count)
    memcpy(copy, octets, count);
  taken = muxrequest_feed(r, copy, count);
  free(copy);
  must(taken <= count);
  return taken;
}

static void check_whole(struct muxrequest const *r, uint8_t const *octets, size_t count, size_t taken)
{
  must(taken <= MUXREQUEST_LINE_MAX);
  switch (r->state) {
  case MUXREQUEST_READING: must(taken == count); break;
  case MUXREQUEST_MALFORMED: must(taken > 0); break;
  case MUXREQUEST_COMPLETE:
    must(muxrequest_is_service_name(r->name));
    must(strlen(r->name) == r->length);
    must(octets[taken - 1] == '\n' && memchr(octets, '\n', taken) == octets + taken - 1);
    break;
  }
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  struct muxrequest whole, pieces;
  enum muxrequest_newline newline;
  uint32_t seed;
  size_t taken, taken_in_pieces = 0;

  if (size < 2)
    return 0;
  newline = data[0] & 1 ? MUXREQUEST_CRLF_OR_LF : MUXREQUEST_CRLF;
  seed = data[1];
  data += 2;
  size -= 2;

  muxrequest_start(&whole, newline);
  taken = feed(&whole, data, size);
  check_whole(&whole, data, size, taken);

  muxrequest_start(&pieces, newline);
  for (size_t given = 0; given < size;) {
    size_t count = 1 + (seed >> 16) % 7;
    seed = seed * 1103515245 + 12345;
    if (count > size - given)
      count = size - given;
    taken_in_pieces += feed(&pieces, data + given, count);
    given += count;
  }
  must(pieces.state == whole.state && taken_in_pieces == taken);
  must(whole.state != MUXREQUEST_COMPLETE || strcmp(pieces.name, whole.name) == 0);
  return 0;
}
