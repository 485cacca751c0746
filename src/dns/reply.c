/* reply.c - see reply.h. A walk over the records of a message (RFC 1035 section 4), each step within its bounds. */
#include "reply.h"

#include <stdbool.h>

enum { HEADER_SIZE = 12, QUESTION_FIXED = 4, RECORD_FIXED = 10, SOA_NUMBERS = 20 };

/* QR and TC, in the third octet of the header. */
enum { RESPONSE = 0x80, TRUNCATED = 0x02 };

enum { CLASS_IN = 1 };

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_SOA = 6, TYPE_PTR = 12, TYPE_AAAA = 28, TYPE_DNAME = 39 };

/* RFC 1035 section 3.1 and 4.1.4. A name of 255 octets has at most 127 labels, and a pointer that leads to no label
 * has no purpose: with more pointers than that a message could make us walk the square of its length. */
enum { NAME_SIZE_MAX = 255, LABEL_MAX = 63, POINTERS_MAX = 127, POINTER = 0xc0 };

struct walk {
  unsigned char const *message;
  size_t len, at;
};

struct record {
  uint16_t type, class, size;
  uint32_t ttl_s;
  size_t data; /* where it is in the message */
};

static uint16_t read16(unsigned char const *p)
{
  return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t read32(unsigned char const *p)
{
  return (uint32_t)read16(p) << 16 | read16(p + 2);
}

/* Where a pointer leads. It must be back, which no loop can be; 0 if it is not, or not into the sections. */
static size_t follow(struct walk const *w, size_t at)
{
  size_t target;
  if (w->len - at < 2)
    return 0;
  target = read16(w->message + at) & 0x3fffU;
  return target >= HEADER_SIZE && target < at ? target : 0;
}

/* Moves behind the name that begins here; false if it isn't one. */
static bool skip_name(struct walk *w)
{
  size_t at = w->at, end = 0, size = 1;
  unsigned int pointers = 0;
  while (at < w->len && w->message[at] != 0) {
    unsigned char first = w->message[at];
    if ((first & POINTER) == POINTER) {
      if (end == 0)
        end = at + 2;
      at = follow(w, at);
      if (at == 0 || ++pointers > POINTERS_MAX)
        return false;
    } else {
      size += 1U + first;
      if (first > LABEL_MAX || size > NAME_SIZE_MAX)
        return false;
      at += 1U + first;
    }
  }
  if (at >= w->len)
    return false;
  w->at = end ? end : at + 1;
  return true;
}

static bool skip_questions(struct walk *w)
{
  unsigned int count;
  /* One that is truncated comes here only by TCP, where nothing has no room. */
  if (w->len < HEADER_SIZE || w->len > UINT16_MAX || (w->message[2] & (RESPONSE | TRUNCATED)) != RESPONSE)
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
  r->class = read16(fixed + 2);
  r->ttl_s = read32(fixed + 4);
  /* RFC 2181 section 8: with the highest bit set it is 0. */
  if (r->ttl_s > INT32_MAX)
    r->ttl_s = 0;
  r->size = read16(fixed + 8);
  r->data = w->at + RECORD_FIXED;
  w->at += RECORD_FIXED;
  if (w->len - w->at < r->size)
    return false;
  w->at += r->size;
  return true;
}

static bool data_is_name(struct walk const *w, struct record const *r)
{
  struct walk data = {w->message, w->len, r->data};
  return skip_name(&data) && data.at == r->data + r->size;
}

static bool data_is_sound(struct walk const *w, struct record const *r)
{
  switch (r->type) {
  case TYPE_A: return r->size == 4;
  case TYPE_AAAA: return r->size == 16;
  case TYPE_PTR:
  case TYPE_CNAME:
  case TYPE_DNAME: return data_is_name(w, r);
  default: return true;
  }
}

static void lower(uint32_t *least, uint32_t value)
{
  if (value < *least)
    *least = value;
}

/* Goes to the end of the answer section, and lowers *least to the least time to live in it. */
static enum reply_content walk_answers(struct walk *w, uint32_t *least)
{
  enum reply_content content = REPLY_NOTHING;
  unsigned int count;
  struct record r;
  if (!skip_questions(w))
    return REPLY_BROKEN;
  /* A record has eleven octets at least, so the message's length bounds this too. */
  for (count = read16(w->message + 6); count > 0; count--) {
    if (!next_record(w, &r) || r.class != CLASS_IN || !data_is_sound(w, &r))
      return REPLY_BROKEN;
    lower(least, r.ttl_s);
    if (r.type != TYPE_CNAME && r.type != TYPE_DNAME)
      content = REPLY_RECORDS;
  }
  return content;
}

enum reply_content reply_content(unsigned char const *message, size_t len)
{
  struct walk w = {message, len, 0};
  uint32_t least = 0;
  return walk_answers(&w, &least);
}

uint32_t reply_ttl_s(unsigned char const *message, size_t len)
{
  struct walk w = {message, len, 0};
  uint32_t least = REPLY_TTL_MAX_S;
  return walk_answers(&w, &least) == REPLY_BROKEN ? 0 : least;
}

uint32_t reply_negative_ttl_s(unsigned char const *message, size_t len)
{
  struct walk w = {message, len, 0};
  uint32_t least = REPLY_NEGATIVE_TTL_MAX_S;
  unsigned int count;
  struct record r;
  if (walk_answers(&w, &least) == REPLY_BROKEN)
    return REPLY_FAILURE_TTL_S;
  for (count = read16(message + 8); count > 0 && next_record(&w, &r); count--)
    if (r.type == TYPE_SOA && r.size >= SOA_NUMBERS) {
      lower(&least, r.ttl_s);
      lower(&least, read32(message + r.data + r.size - 4));
      return least;
    }
  return REPLY_FAILURE_TTL_S;
}
