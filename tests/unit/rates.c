/* rates.c - how often something may happen: rates as text, buckets against counting, and the table of addresses: that it
 * stays within its bound whoever comes, forgets in the right order, and takes no harm from a clock that jumps. */
#include "rates.h"

#include <limits.h>
#include <stdlib.h>

#include "tap.h"

/* --- Text ----------------------------------------------------------------------------------------------- */

struct example {
  char const *text;
  struct rate rate;
  size_t position;      /* of what is wrong, */
  char const *expected; /* and what should be there; null: it is right */
};

static struct example const examples[] = {
    {"10/60", {10, 60, 0}, 5, NULL},
    {"1/1", {1, 1, 0}, 3, NULL},
    {"1000000/86400:86400", {1000000, 86400, 86400}, 19, NULL},
    {"10/60:300", {10, 60, 300}, 9, NULL},
    {"10/60:0", {10, 60, 0}, 7, NULL},
    {"010/060:0300", {10, 60, 300}, 12, NULL},
    {"", {0}, 0, "a number from 1 to 1000000"},
    {"0/60", {0}, 0, "a number from 1 to 1000000"},
    {"1000001/60", {0}, 0, "a number from 1 to 1000000"},
    {"18446744073709551617/60", {0}, 0, "a number from 1 to 1000000"},
    {"-1/60", {0}, 0, "a number from 1 to 1000000"},
    {"+1/60", {0}, 0, "a number from 1 to 1000000"},
    {" 1/60", {0}, 0, "a number from 1 to 1000000"},
    {"x", {0}, 0, "a number from 1 to 1000000"},
    {"/60", {0}, 0, "a number from 1 to 1000000"},
    {"10", {0}, 2, "a slash"},
    {"10 / 60", {0}, 2, "a slash"},
    {"10:60", {0}, 2, "a slash"},
    {"1e3/60", {0}, 1, "a slash"},
    {"10/", {0}, 3, "seconds, 1 to 86400"},
    {"10/0", {0}, 3, "seconds, 1 to 86400"},
    {"10/86401", {0}, 3, "seconds, 1 to 86400"},
    {"10/-1", {0}, 3, "seconds, 1 to 86400"},
    {"10/m", {0}, 3, "seconds, 1 to 86400"},
    {"10/60s", {0}, 5, "the end, or a colon and the seconds of a ban"},
    {"10/60 ", {0}, 5, "the end, or a colon and the seconds of a ban"},
    {"10/60/5", {0}, 5, "the end, or a colon and the seconds of a ban"},
    {"10/60:", {0}, 6, "seconds of a ban, 0 to 86400"},
    {"10/60:86401", {0}, 6, "seconds of a ban, 0 to 86400"},
    {"10/60:x", {0}, 6, "seconds of a ban, 0 to 86400"},
    {"10/60:5x", {0}, 7, "the end"},
    {"10/60:5:5", {0}, 7, "the end"},
};

static void text(void)
{
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    struct example const *e = &examples[i];
    struct rate r;
    size_t position;
    char *copy = strdup(e->text);
    char const *expected = rate_parse(&r, copy, &position);
    free(copy);
    if (e->expected)
      ok(expected && strcmp(expected, e->expected) == 0 && position == e->position,
         "'%s': expected %s at %zu", e->text, e->expected, e->position);
    else
      ok(!expected && position == e->position && r.count == e->rate.count && r.seconds == e->rate.seconds &&
             r.ban_s == e->rate.ban_s,
         "'%s' is a rate", e->text);
  }
}

/* --- A bucket ------------------------------------------------------------------------------------------- */

static unsigned int taken(struct bucket *b, struct rate const *r, int64_t now_ms, unsigned int tries)
{
  unsigned int n = 0;
  while (n < tries && bucket_take(b, r, now_ms))
    n++;
  return n;
}

static void one_bucket(void)
{
  struct rate const r = {.count = 10, .seconds = 60}, none = {.count = 0};
  struct bucket b = {0};
  int64_t now = 1000000;
  ok(bucket_left(&b, &r, now) == 10 && bucket_left(&b, &r, 0) == 10,
     "a bucket is full at first, at any time");
  ok(taken(&b, &r, now, 25) == 10, "ten may happen at once, and no more");
  ok(bucket_left(&b, &r, now) == 0 && bucket_wait_ms(&b, &r, 1, now) == 6000, "the next in six seconds");
  ok(bucket_wait_ms(&b, &r, 5, now) == 30000 && bucket_wait_ms(&b, &r, 99, now) == 60000,
     "five in thirty, all in sixty");
  ok(!bucket_take(&b, &r, now + 5999) && bucket_take(&b, &r, now + 6000), "not before, but then");
  ok(!bucket_take(&b, &r, now + 6000), "that was all");
  ok(bucket_left(&b, &r, now + 60000) == 9, "after a minute nine are there");
  ok(bucket_left(&b, &r, now + 66000) == 10 && bucket_left(&b, &r, now + 999999) == 10,
     "and never more than ten");
  ok(taken(&b, &none, now, 100) == 100 && bucket_left(&b, &none, now) == UINT_MAX &&
         bucket_wait_ms(&b, &none, 1, now) == 0,
     "without a limit there is none");
}

static void all_rates_are_kept(void)
{
  static unsigned int const counts[] = {1, 2, 3, 7, 60, 999, 99991}, seconds[] = {1, 3, 60, 86400};
  bool right = true;
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    for (size_t j = 0; j < sizeof seconds / sizeof *seconds; j++) {
      struct rate const r = {.count = counts[i], .seconds = seconds[j]};
      struct bucket b = {0};
      int64_t now = 12345, window_ms = (int64_t)r.seconds * 1000;
      uint64_t n = taken(&b, &r, now, r.count + 1);
      right = right && n == r.count;
      /* Ten times as long, in 997 steps: what has come back, and neither one more nor two less. */
      for (int step = 1; step <= 997; step++) {
        int64_t passed = window_ms * 10 * step / 997;
        uint64_t may = r.count + (uint64_t)r.count * (uint64_t)passed / (uint64_t)window_ms;
        if (bucket_left(&b, &r, now + passed) == r.count)
          may = n + r.count; /* more came back than there was room for */
        n += taken(&b, &r, now + passed, r.count + 1);
        right = right && n <= may && (r.count > 100 || n + 1 >= may);
      }
    }
  ok(right, "from 1 in a day to a hundred thousand in a second: never more than the rate, and not less");
}

static void clock_jumps(void)
{
  struct rate const r = {.count = 10, .seconds = 60}, faster = {.count = 10, .seconds = 1};
  struct bucket b = {0};
  taken(&b, &r, 1000000000, 10);
  ok(bucket_left(&b, &r, 5) == 0 && bucket_wait_ms(&b, &r, 1, 5) == 6000,
     "a clock that goes back keeps nobody out longer than the rate");
  ok(!bucket_take(&b, &r, 6004) && bucket_take(&b, &r, 6005) && bucket_left(&b, &r, 66005) == 10,
     "whose next is there when it should be");
  ok(bucket_take(&b, &r, INT64_MAX) && bucket_left(&b, &r, INT64_MAX) == 9,
     "one that jumps ahead fills the bucket");
  ok(bucket_left(&b, &r, INT64_MIN) == 0 && bucket_wait_ms(&b, &r, 10, INT64_MIN) == 60000, "there and back");
  taken(&b, &r, 1000, 10);
  ok(bucket_wait_ms(&b, &faster, 1, 1000) == 100, "a rate that is made faster counts at once");
}

/* --- Addresses ------------------------------------------------------------------------------------------ */

static struct address ipv4(uint32_t number)
{
  return (struct address){
      .family = ADDRESS_IPV4,
      .octet = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}};
}

/* Of 2001:db8:1::/48: a network, and somebody in it. */
static struct address ipv6(uint16_t network, uint16_t host)
{
  return (struct address){.family = ADDRESS_IPV6,
                          .octet = {0x20, 0x01, 0x0d, 0xb8, 0, 1, (uint8_t)(network >> 8), (uint8_t)network,
                                    0, 0, 0, 0, 0, 0, (uint8_t)(host >> 8), (uint8_t)host}};
}

static struct rates table(uint32_t bound)
{
  struct rates t;
  if (rates_init(&t, bound, 64) == -1)
    abort();
  return t;
}

static enum rates_verdict take4(struct rates *t, uint32_t number, struct rate const *r, int64_t now)
{
  struct address a = ipv4(number);
  return rates_take(t, &a, r, now);
}

static void addresses(void)
{
  struct rate const r = {.count = 2, .seconds = 10}, none = {.count = 0};
  struct rates t = table(100);
  struct address a = ipv6(1, 1), b = ipv6(1, 2), c = ipv6(2, 1), d = {.family = ADDRESS_IPV4};
  struct address e = {.family = ADDRESS_IPV6};
  ok(take4(&t, 1, &r, 0) == RATES_PASS && take4(&t, 1, &r, 0) == RATES_PASS &&
         take4(&t, 1, &r, 0) == RATES_OVER,
     "two pass, the third doesn't");
  ok(take4(&t, 2, &r, 0) == RATES_PASS, "another address does");
  for (int i = 0; i < 100; i++)
    take4(&t, 1, &r, 4000);
  ok(take4(&t, 1, &r, 5000) == RATES_PASS, "asking in vain keeps nobody out longer");
  ok(rates_take(&t, &a, &r, 0) == RATES_PASS && rates_take(&t, &b, &r, 0) == RATES_PASS &&
         rates_take(&t, &a, &r, 0) == RATES_OVER && rates_take(&t, &b, &r, 0) == RATES_OVER,
     "an IPv6 network of 64 bits is one");
  ok(rates_take(&t, &c, &r, 0) == RATES_PASS, "its neighbour is another");
  e.octet[0] = d.octet[0] = 32;
  ok(rates_take(&t, &e, &r, 0) == RATES_PASS && rates_take(&t, &d, &r, 0) == RATES_PASS &&
         rates_count(&t) == 6,
     "the IPv4 address of the same octets is another, too: six are remembered");
  ok(take4(&t, 1, &none, 5000) == RATES_PASS && take4(&t, 99, &none, 5000) == RATES_PASS &&
         rates_count(&t) == 6,
     "without a limit everybody passes, and nobody is remembered");
  rates_free(&t);
}

static void bans(void)
{
  struct rate const r = {.count = 1, .seconds = 10, .ban_s = 100},
                    mild = {.count = 1, .seconds = 10, .ban_s = 5};
  struct rate const none = {.count = 1, .seconds = 10};
  struct rates t = table(100);
  ok(take4(&t, 1, &r, 0) == RATES_PASS && take4(&t, 1, &r, 1000) == RATES_OVER,
     "who asks too often is banned");
  ok(take4(&t, 1, &r, 50000) == RATES_BANNED && take4(&t, 1, &r, 100999) == RATES_BANNED,
     "is kept out, however long ago the rate allowed it again");
  ok(take4(&t, 1, &r, 101000) == RATES_PASS, "until the ban ends, which asking does not put off");
  ok(take4(&t, 1, &r, 101000) == RATES_OVER && take4(&t, 1, &r, 201000) == RATES_PASS, "again, and as long");
  ok(take4(&t, 2, &r, 0) == RATES_PASS && take4(&t, 2, &r, 0) == RATES_OVER &&
         take4(&t, 2, &mild, 1000) == RATES_BANNED && take4(&t, 2, &mild, 6000) == RATES_OVER,
     "under a rate with a shorter ban it ends with that one, and the bucket is as it was");
  ok(take4(&t, 3, &r, 0) == RATES_PASS && take4(&t, 3, &r, 0) == RATES_OVER &&
         take4(&t, 3, &none, 10000) == RATES_PASS,
     "under a rate without bans there is none");
  ok(take4(&t, 4, &r, 1000000) == RATES_PASS && take4(&t, 4, &r, 1000000) == RATES_OVER &&
         take4(&t, 4, &r, 10) == RATES_BANNED && take4(&t, 4, &r, 100009) == RATES_BANNED &&
         take4(&t, 4, &r, 100010) == RATES_PASS,
     "a clock that goes back bans nobody longer than a ban is");
  ok(take4(&t, 5, &r, 0) == RATES_PASS && take4(&t, 5, &r, 0) == RATES_OVER &&
         take4(&t, 5, &r, INT64_MAX) == RATES_PASS,
     "one that jumps ahead ends it");
  rates_free(&t);
}

static void bounds(void)
{
  enum { BOUND = 1000 };
  struct rate const r = {.count = 1, .seconds = 60, .ban_s = 600};
  struct rates t = table(BOUND);
  size_t slots = t.place.capacity;
  bool within = true, kept = true;
  uint32_t banned = 0;
  for (uint32_t n = 0; n < 10; n++) {
    take4(&t, n, &r, 0);
    take4(&t, n, &r, 0);
  }
  /* Somebody who has a /48, and all of its networks. */
  for (uint32_t n = 0; n <= UINT16_MAX; n++) {
    struct address a = ipv6((uint16_t)n, (uint16_t)(n * 7));
    rates_take(&t, &a, &r, n / 100);
    within = within && rates_count(&t) <= BOUND && t.used <= BOUND;
  }
  ok(within && t.place.capacity == slots, "65536 networks, and never more than the bound, nor more memory");
  for (uint32_t n = 0; n < 10; n++)
    kept = kept && take4(&t, n, &r, 1000) == RATES_BANNED;
  ok(kept, "no ban was forgotten for them");
  for (uint32_t n = 0; n < 300000; n++) {
    take4(&t, n * 2654435761u | 1u << 31, &r, 2000 + n / 100);
    within = within && rates_count(&t) <= BOUND;
  }
  ok(within, "nor more for 300000 addresses");
  for (uint32_t n = 0; n < 10; n++)
    banned += take4(&t, n, &r, 6000) == RATES_BANNED;
  ok(banned == 10, "and the bans are still known");
  rates_free(&t);
}

static void what_is_forgotten(void)
{
  struct rate const r = {.count = 1, .seconds = 60, .ban_s = 600};
  struct rates t = table(4);
  take4(&t, 1, &r, 0);
  take4(&t, 2, &r, 10);
  take4(&t, 3, &r, 20);
  take4(&t, 1, &r, 30);
  take4(&t, 4, &r, 40);
  take4(&t, 5, &r, 50); /* 1 is banned; 2 is the oldest of the others */
  ok(take4(&t, 3, &r, 60) == RATES_OVER && take4(&t, 4, &r, 60) == RATES_OVER,
     "those heard of later are kept");
  ok(take4(&t, 1, &r, 60) == RATES_BANNED, "a ban, too, though it is the oldest");
  ok(take4(&t, 2, &r, 60) == RATES_PASS, "who was not heard of for longest is forgotten");
  ok(rates_count(&t) == 4, "there are as many as there may be");
  take4(&t, 2, &r, 70); /* now 1, 3, 4 and 2 are banned */
  ok(take4(&t, 6, &r, 80) == RATES_PASS, "if all are banned one is forgotten");
  ok(take4(&t, 3, &r, 90) == RATES_BANNED && take4(&t, 4, &r, 90) == RATES_BANNED &&
         take4(&t, 2, &r, 90) == RATES_BANNED,
     "not those whose bans began later");
  ok(take4(&t, 1, &r, 90) == RATES_PASS, "but that whose ban began first");
  rates_free(&t);

  t = table(1);
  ok(take4(&t, 1, &r, 0) == RATES_PASS && take4(&t, 2, &r, 0) == RATES_PASS &&
         take4(&t, 1, &r, 0) == RATES_PASS && take4(&t, 1, &r, 0) == RATES_OVER &&
         take4(&t, 1, &r, 0) == RATES_BANNED,
     "a table for one address does what it can");
  rates_free(&t);
}

static void ageing(void)
{
  struct rate const r = {.count = 10, .seconds = 60, .ban_s = 100};
  struct rates t = table(10000);
  for (uint32_t n = 0; n < 5000; n++)
    take4(&t, n, &r, n);
  for (unsigned int i = 0; i < 12; i++)
    take4(&t, 0, &r, 5000);
  ok(rates_count(&t) == 5000, "five thousand are remembered");
  for (uint32_t n = 0; n < 5000; n++)
    take4(&t, 1000000 + n, &r, 1000000);
  ok(rates_count(&t) == 5000, "as others come, those whose buckets are full again are forgotten");
  for (uint32_t n = 0; n < 2500; n++)
    take4(&t, 2000000 + n, &r, 2000000);
  ok(rates_count(&t) == 2500, "more of them than come");
  ok(t.used <= 5001 + 1, "and their places are used again");
  rates_free(&t);
}

/* --- Against lists -------------------------------------------------------------------------------------- */

/* The same without a table: everybody is known for ever. */
enum { PEOPLE = 40 };
struct person {
  struct bucket bucket;
  int64_t banned_until_ms;
};

static enum rates_verdict model(struct person *p, struct rate const *r, int64_t now)
{
  if (p->banned_until_ms > now)
    return RATES_BANNED;
  if (bucket_take(&p->bucket, r, now))
    return RATES_PASS;
  p->banned_until_ms = now + (int64_t)r->ban_s * 1000;
  return RATES_OVER;
}

static void at_random(void)
{
  bool right = true;
  uint32_t seed = 1;
  for (unsigned int ban = 0; ban < 3; ban++) {
    struct rate const r = {.count = 3, .seconds = 5, .ban_s = ban * 4};
    struct person people[PEOPLE];
    struct rates t = table(PEOPLE);
    int64_t now = 0;
    memset(people, 0, sizeof people);
    for (int i = 0; i < 200000; i++) {
      uint32_t who;
      seed = seed * 1664525 + 1013904223;
      who = (seed >> 16) % PEOPLE;
      now += (seed >> 8) % 100;
      right = right && take4(&t, who, &r, now) == model(&people[who], &r, now);
    }
    rates_free(&t);
  }
  ok(right, "600000 questions in any order are answered as if each address had its own bucket");
}

static void memory(void)
{
  bool right = true;
  for (uint32_t bound = 1; bound < 200000; bound += bound / 7 + 1) {
    struct rates t = table(bound);
    size_t octets = (size_t)bound * RATES_ENTRY_SIZE + t.place.capacity * sizeof(struct hashtable_slot);
    right = right && octets <= RATES_MEMORY(bound);
    rates_free(&t);
  }
  ok(right, "an address costs no more memory than is said");
  ok(RATES_MEMORY(65536) <= (size_t)65536 * 112 + 1024, "which is 112 octets");
}

int main(void)
{
  text();
  one_bucket();
  all_rates_are_kept();
  clock_jumps();
  addresses();
  bans();
  bounds();
  what_is_forgotten();
  ageing();
  at_random();
  memory();
  return tap_done();
}
