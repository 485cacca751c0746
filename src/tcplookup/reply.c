/* reply.c - see reply.h. A walk over the records of a message (RFC 1035 section 4), each step within its bounds;
 * names are measured by ares_expand_name(), which knows about compression and its loops. */
#include "reply.h"

#include <ares.h>
#include <stdbool.h>

enum { HEADER_SIZE = 12, QUESTION_FIXED = 4, RECORD_FIXED = 10, SOA_NUMBERS = 20, TYPE_SOA = 6 };

/* More records than any answer has that is worth keeping: what follows them is not looked at. */
enum { RECORDS_MAX = 256 };

struct walk {
  unsigned char const *message;
  size_t len, at;
};

struct record {
  uint16_t type, size;
  uint32_t ttl_s;
  unsigned char const *data;
};

static uint16_t read16(unsigned char const *p)
{
  return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t read32(unsigned char const *p)
{
  return (uint32_t)read16(p) << 16 | read16(p + 2);
}

static bool skip_name(struct walk *w)
{
  char *name;
  long size;
  if (w->at >= w->len ||
      ares_expand_name(w->message + w->at, w->message, (int)w->len, &name, &size) != ARES_SUCCESS)
    return false;
  ares_free_string(name);
  if (size <= 0 || (size_t)size > w->len - w->at)
    return false;
  w->at += (size_t)size;
  return true;
}

static bool skip_questions(struct walk *w)
{
  unsigned int count;
  if (w->len < HEADER_SIZE || w->len > UINT16_MAX)
    return false;
  count = read16(w->message + 4);
  w->at = HEADER_SIZE;
  if (count > 1) /* we ask one at a time */
    return false;
  for (; count > 0; count--) {
    if (!skip_name(w) || w->len - w->at < QUESTION_FIXED)
      return false;
    w->at += QUESTION_FIXED;
  }
  return true;
}

static bool next_record(struct walk *w, struct record *r)
{
  unsigned char const *fixed;
  if (!skip_name(w) || w->len - w->at < RECORD_FIXED)
    return false;
  fixed = w->message + w->at;
  r->type = read16(fixed);
  r->ttl_s = read32(fixed + 4);
  /* RFC 2181 section 8: with the highest bit set it is 0. */
  if (r->ttl_s > INT32_MAX)
    r->ttl_s = 0;
  r->size = read16(fixed + 8);
  r->data = fixed + RECORD_FIXED;
  w->at += RECORD_FIXED;
  if (w->len - w->at < r->size)
    return false;
  w->at += r->size;
  return true;
}

static void lower(uint32_t *least, uint32_t value)
{
  if (value < *least)
    *least = value;
}

/* Lowers *least to the least of the answer section. False if the message can't be read. */
static bool walk_answers(struct walk *w, uint32_t *least)
{
  unsigned int count;
  struct record r;
  if (!skip_questions(w))
    return false;
  count = read16(w->message + 6);
  if (count > RECORDS_MAX)
    count = RECORDS_MAX;
  for (; count > 0; count--) {
    if (!next_record(w, &r))
      return false;
    lower(least, r.ttl_s);
  }
  return true;
}

uint32_t reply_ttl_s(unsigned char const *message, size_t len)
{
  struct walk w = {message, len, 0};
  uint32_t least = REPLY_TTL_MAX_S;
  return walk_answers(&w, &least) ? least : 0;
}

uint32_t reply_negative_ttl_s(unsigned char const *message, size_t len)
{
  struct walk w = {message, len, 0};
  uint32_t least = REPLY_NEGATIVE_TTL_MAX_S;
  unsigned int count;
  struct record r;
  if (!message || !walk_answers(&w, &least) || read16(message + 6) > RECORDS_MAX)
    return REPLY_FAILURE_TTL_S;
  count = read16(message + 8);
  for (unsigned int i = 0; i < count && i < RECORDS_MAX && next_record(&w, &r); i++)
    if (r.type == TYPE_SOA && r.size >= SOA_NUMBERS) {
      lower(&least, r.ttl_s);
      lower(&least, read32(r.data + r.size - 4));
      return least;
    }
  return REPLY_FAILURE_TTL_S;
}
