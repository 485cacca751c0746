/* crlf.c - see crlf.h. Most octets are neither CR nor LF: they are looked at and copied eight at a time. */
#include "crlf.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

enum { WORD_SIZE = sizeof(uint64_t) };
#define EACH_OCTET(value) ((uint64_t)(unsigned char)(value)*UINT64_C(0x0101010101010101))

/* Copies what stands before the first `stop`, and returns how much that is; len if there is none. Writes whole words,
 * so up to `len` octets of `to` change in any case. */
static inline size_t copy_until(char *to, char const *from, size_t len, char stop)
{
  size_t done = 0;
  for (; len - done >= WORD_SIZE; done += WORD_SIZE) {
    uint64_t word, zero;
    memcpy(&word, from + done, WORD_SIZE);
    memcpy(to + done, &word, WORD_SIZE);
    /* The highest bit of each octet that is `stop`. (Of later ones perhaps, too, so the first in memory has to be the
     * lowest.) */
    zero = le64toh(word) ^ EACH_OCTET(stop);
    zero = (zero - EACH_OCTET(0x01)) & ~zero & EACH_OCTET(0x80);
    if (zero)
      return done + (size_t)__builtin_ctzll(zero) / 8;
  }
  for (; done < len && from[done] != stop; done++)
    to[done] = from[done];
  return done;
}

/* A CR before each LF, or only where there is none. */
static inline size_t add_cr(struct crlf *c, char *to, char const *from, size_t len, bool always)
{
  char *out = to;
  for (size_t at = 0; at < len; at++) {
    size_t plain = copy_until(out, from + at, len - at, '\n');
    out += plain;
    at += plain;
    if (at == len)
      break;
    if (always || (at > 0 ? from[at - 1] != '\r' : !c->after_cr))
      *out++ = '\r';
    *out++ = '\n';
  }
  return (size_t)(out - to);
}

size_t crlf_add(struct crlf *c, char *to, char const *from, size_t len)
{
  return add_cr(c, to, from, len, true);
}

size_t crlf_fix(struct crlf *c, char *to, char const *from, size_t len)
{
  size_t out = add_cr(c, to, from, len, false);
  if (len > 0)
    c->after_cr = from[len - 1] == '\r';
  return out;
}

size_t crlf_remove(struct crlf *c, char *to, char const *from, size_t len)
{
  char *out = to;
  if (len > 0 && c->after_cr && *from != '\n')
    *out++ = '\r';
  if (len > 0)
    c->after_cr = false;
  for (size_t at = 0; at < len; at++) {
    size_t plain = copy_until(out, from + at, len - at, '\r');
    out += plain;
    at += plain;
    if (at == len)
      break;
    if (at + 1 == len)
      c->after_cr = true; /* what follows will tell */
    else if (from[at + 1] != '\n')
      *out++ = '\r';
  }
  return (size_t)(out - to);
}

size_t crlf_end(struct crlf *c, char *to, crlf_function *function)
{
  size_t len = function == crlf_remove && c->after_cr;
  if (len)
    *to = '\r';
  c->after_cr = false;
  return len;
}
