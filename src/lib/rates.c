/* rates.c - see rates.h. A bucket is one number, when it is full again (the "theoretical arrival time" of ATM's generic
 * cell rate algorithm): each thing that happens moves it by the time that one takes to come back. */
#include "rates.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000
#define NS_PER_S  1000000000

/* Of what clock_ms() could say, what leaves room for adding a day in nanoseconds: 285 years. */
#define CLOCK_MAX_MS INT64_C(9000000000000)

/* Entries that are looked at, when one is added, whether they may be forgotten: more than one, so that they become fewer. */
#define AGED_AT_ONCE 2

/* --- Text ----------------------------------------------------------------------------------------------- */

/* Digits from *at on; *at is then behind them. */
static bool take_number(unsigned int *number, char const **at, unsigned int min, unsigned int max)
{
  char const *digit = *at;
  unsigned int n = 0;
  for (; *digit >= '0' && *digit <= '9'; digit++) {
    n = n * 10 + (unsigned int)(*digit - '0');
    if (n > max)
      return false;
  }
  if (digit == *at || n < min)
    return false;
  *number = n;
  *at = digit;
  return true;
}

/* Null, or what is wrong at *at. */
static char const *parse(struct rate *r, char const **at)
{
  *r = (struct rate){.count = 0};
  if (!take_number(&r->count, at, 1, RATE_COUNT_MAX))
    return "a number from 1 to 1000000";
  if (**at != '/')
    return "a slash";
  (*at)++;
  if (!take_number(&r->seconds, at, 1, RATE_SECONDS_MAX))
    return "seconds, 1 to 86400";
  if (**at == '\0')
    return NULL;
  if (**at != ':')
    return "the end, or a colon and the seconds of a ban";
  (*at)++;
  if (!take_number(&r->ban_s, at, 0, RATE_SECONDS_MAX))
    return "seconds of a ban, 0 to 86400";
  return **at == '\0' ? NULL : "the end";
}

char const *rate_parse(struct rate *r, char const *text, size_t *position)
{
  char const *at = text;
  char const *expected = parse(r, &at);
  *position = (size_t)(at - text);
  return expected;
}

/* --- One bucket ----------------------------------------------------------------------------------------- */

static int64_t sane_ms(int64_t now_ms)
{
  return now_ms > CLOCK_MAX_MS ? CLOCK_MAX_MS : now_ms < 0 ? 0 : now_ms;
}

static int64_t now_in_ns(int64_t now_ms)
{
  return sane_ms(now_ms) * NS_PER_MS;
}

/* How long it takes until one more may happen, rounded up so that there are never too many. */
static int64_t interval_ns(struct rate const *r)
{
  return ((int64_t)r->seconds * NS_PER_S + r->count - 1) / r->count;
}

static int64_t window_ns(struct rate const *r)
{
  return interval_ns(r) * r->count;
}

/* How long it takes until it is full. Never more than from empty to full: if it seems so the clock has gone back, or the
 * rate was another one, and it counts as empty from now on. */
static int64_t missing_ns(struct bucket *b, struct rate const *r, int64_t now_ns)
{
  int64_t window = window_ns(r);
  if (b->full_ns > now_ns + window)
    b->full_ns = now_ns + window;
  return b->full_ns > now_ns ? b->full_ns - now_ns : 0;
}

unsigned int bucket_left(struct bucket *b, struct rate const *r, int64_t now_ms)
{
  if (r->count == 0)
    return UINT_MAX;
  return (unsigned int)((window_ns(r) - missing_ns(b, r, now_in_ns(now_ms))) / interval_ns(r));
}

bool bucket_take(struct bucket *b, struct rate const *r, int64_t now_ms)
{
  int64_t now_ns = now_in_ns(now_ms);
  if (bucket_left(b, r, now_ms) == 0)
    return false;
  if (r->count != 0)
    b->full_ns = now_ns + missing_ns(b, r, now_ns) + interval_ns(r);
  return true;
}

int64_t bucket_wait_ms(struct bucket *b, struct rate const *r, unsigned int count, int64_t now_ms)
{
  int64_t wait;
  if (r->count == 0)
    return 0;
  if (count > r->count)
    count = r->count;
  wait = missing_ns(b, r, now_in_ns(now_ms)) + interval_ns(r) * count - window_ns(r);
  return wait <= 0 ? 0 : (wait + NS_PER_MS - 1) / NS_PER_MS;
}

/* --- One for each address ------------------------------------------------------------------------------- */

enum place { FREE, IDLE, BANNED };

struct rates_entry {
  uint8_t key[HASHTABLE_KEY_SIZE];
  uint32_t place;        /* enum place: which list it is in */
  uint32_t older, newer; /* its neighbours there; of free ones newer is the next free one */
  struct bucket bucket;
  int64_t banned_until_ms;
};
_Static_assert(sizeof(struct rates_entry) == RATES_ENTRY_SIZE,
               "rates.h says how much memory an address costs");

static struct rates_entry *at(struct rates const *t, uint32_t i)
{
  return &t->entry[i - 1];
}

static struct rates_list *list_of(struct rates *t, uint32_t place)
{
  return place == BANNED ? &t->banned : &t->idle;
}

static void unlink_entry(struct rates *t, uint32_t i)
{
  struct rates_entry const *e = at(t, i);
  struct rates_list *list = list_of(t, e->place);
  *(e->older ? &at(t, e->older)->newer : &list->oldest) = e->newer;
  *(e->newer ? &at(t, e->newer)->older : &list->newest) = e->older;
}

static void link_newest(struct rates *t, uint32_t i, enum place place)
{
  struct rates_entry *e = at(t, i);
  struct rates_list *list = list_of(t, place);
  e->place = place;
  e->older = list->newest;
  e->newer = 0;
  *(list->newest ? &at(t, list->newest)->newer : &list->oldest) = i;
  list->newest = i;
}

static void link_oldest(struct rates *t, uint32_t i, enum place place)
{
  struct rates_entry *e = at(t, i);
  struct rates_list *list = list_of(t, place);
  e->place = place;
  e->older = 0;
  e->newer = list->oldest;
  *(list->oldest ? &at(t, list->oldest)->older : &list->newest) = i;
  list->oldest = i;
}

static void forget(struct rates *t, uint32_t i)
{
  struct rates_entry *e = at(t, i);
  hashtable_set(&t->place, e->key, 0);
  unlink_entry(t, i);
  e->place = FREE;
  e->newer = t->free;
  t->free = i;
}

/* Those whose bans have ended become the first to be forgotten; those who would have a full bucket are. */
static void age(struct rates *t, int64_t now_ms)
{
  for (int n = 0; n < AGED_AT_ONCE && t->banned.oldest; n++) {
    uint32_t i = t->banned.oldest;
    if (at(t, i)->banned_until_ms > now_ms)
      break;
    unlink_entry(t, i);
    link_oldest(t, i, IDLE);
  }
  for (int n = 0; n < AGED_AT_ONCE && t->idle.oldest; n++) {
    if (at(t, t->idle.oldest)->bucket.full_ns > now_ms * NS_PER_MS)
      break;
    forget(t, t->idle.oldest);
  }
}

/* An entry that is in no list. */
static uint32_t obtain(struct rates *t)
{
  uint32_t i;
  if (!t->free && t->used < t->bound)
    return ++t->used;
  if (!t->free)
    forget(t, t->idle.oldest ? t->idle.oldest : t->banned.oldest);
  i = t->free;
  t->free = at(t, i)->newer;
  return i;
}

int rates_init(struct rates *t, uint32_t bound, unsigned int bits6)
{
  *t = (struct rates){.bound = bound, .bits6 = bits6};
  hashtable_init(&t->place);
  t->entry = calloc(bound, sizeof *t->entry);
  if (t->entry && hashtable_reserve(&t->place, bound) == 0)
    return 0;
  rates_free(t);
  errno = ENOMEM;
  return -1;
}

void rates_free(struct rates *t)
{
  free(t->entry);
  hashtable_free(&t->place);
  *t = (struct rates){.bound = 0};
}

static void make_key(uint8_t key[HASHTABLE_KEY_SIZE], struct address const *a, unsigned int bits6)
{
  struct address masked = *a;
  address_mask(&masked, a->family == ADDRESS_IPV6 ? bits6 : 32);
  memset(key, 0, HASHTABLE_KEY_SIZE);
  key[0] = (uint8_t)a->family;
  memcpy(key + 1, masked.octet, sizeof masked.octet);
}

/* The entry of an address that has none, with a full bucket. */
static uint32_t add(struct rates *t, uint8_t const key[HASHTABLE_KEY_SIZE], int64_t now_ms)
{
  uint32_t i;
  age(t, now_ms);
  i = obtain(t);
  memset(at(t, i), 0, sizeof(struct rates_entry));
  memcpy(at(t, i)->key, key, HASHTABLE_KEY_SIZE);
  hashtable_set(&t->place, key, i); /* there is room for `bound` of them */
  link_newest(t, i, IDLE);
  return i;
}

/* Whether its ban goes on, which is no longer than one under this rate would be. Meanwhile its bucket fills. */
static bool is_banned(struct rates_entry *e, struct rate const *r, int64_t now_ms)
{
  int64_t longest_ms = now_ms + (int64_t)r->ban_s * 1000;
  if (e->place != BANNED)
    return false;
  missing_ns(&e->bucket, r, now_in_ns(now_ms));
  if (e->banned_until_ms > longest_ms)
    e->banned_until_ms = longest_ms;
  return e->banned_until_ms > now_ms;
}

enum rates_verdict rates_take(struct rates *t, struct address const *a, struct rate const *r, int64_t now_ms)
{
  uint8_t key[HASHTABLE_KEY_SIZE];
  uint32_t i;

  if (r->count == 0)
    return RATES_PASS;
  now_ms = sane_ms(now_ms);
  make_key(key, a, t->bits6);
  i = hashtable_get(&t->place, key);
  if (i && is_banned(at(t, i), r, now_ms))
    return RATES_BANNED;
  if (!i)
    i = add(t, key, now_ms);
  unlink_entry(t, i);
  if (bucket_take(&at(t, i)->bucket, r, now_ms)) {
    link_newest(t, i, IDLE);
    return RATES_PASS;
  }
  link_newest(t, i, r->ban_s ? BANNED : IDLE);
  at(t, i)->banned_until_ms = now_ms + (int64_t)r->ban_s * 1000;
  return RATES_OVER;
}

uint32_t rates_count(struct rates const *t)
{
  return (uint32_t)t->place.count;
}
