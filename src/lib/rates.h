/* rates.h - how often something may happen, in all and for each address: token buckets (one that is full allows `count` at
 * once, and is full again `seconds` after it was empty; so in the long run it is the rate, and in no time of `seconds` more
 * than twice `count`), and addresses that are kept out for a while when they ask for more. Nothing here reads a clock: now_ms
 * is clock_ms(). */
#ifndef UCSPI_RATES_H
#define UCSPI_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "hashtable.h"

#define RATE_COUNT_MAX   1000000
#define RATE_SECONDS_MAX 86400

struct rate {
  unsigned int count;   /* 1-RATE_COUNT_MAX; 0: no limit */
  unsigned int seconds; /* 1-RATE_SECONDS_MAX, for so many */
  unsigned int ban_s;   /* 0-RATE_SECONDS_MAX: who asks for more is refused for so long */
};

/* Reads "count/seconds" or "count/seconds:ban", all of text; no blanks, no signs. Null if it is one; else what was expected
 * at *position (octets from the beginning), in a few words, static, and *r is unspecified. */
char const *rate_parse(struct rate *r, char const *text, size_t *position);

/* --- One bucket for all --------------------------------------------------------------------------------- */

/* Zeroed: full, at any time. A clock that goes back finds it empty from then on, at worst. */
struct bucket {
  int64_t full_ns; /* when it is full again, in nanoseconds of clock_ms() */
};

/* How many may happen now: 0 to r->count; UINT_MAX without a limit. */
unsigned int bucket_left(struct bucket *b, struct rate const *r, int64_t now_ms);

/* One happens: false if none may. */
bool bucket_take(struct bucket *b, struct rate const *r, int64_t now_ms);

/* Milliseconds until `count` may happen (more than r->count: until it is full), rounded up; 0 if they may now. */
int64_t bucket_wait_ms(struct bucket *b, struct rate const *r, unsigned int count, int64_t now_ms);

/* --- One for each address ------------------------------------------------------------------------------- */

/* Octets of memory for so many addresses, at most: 112 for each. That is its entry, and its part of a hash table, which has
 * 4/3 to 8/3 slots for each because their number is a power of two. All of it is reserved at the beginning; the system
 * finds memory for it as it is needed. */
#define RATES_ENTRY_SIZE 48
#define RATES_MEMORY(bound)                                                                                  \
  ((size_t)(bound) * (RATES_ENTRY_SIZE + sizeof(struct hashtable_slot) * 8 / 3) + 1024)

struct rates_entry;

struct rates_list {
  uint32_t oldest, newest; /* entries, from 1; 0: none */
};

struct rates {
  struct rates_entry *entry;
  struct hashtable place;   /* of an address's entry in that array, from 1 */
  uint32_t bound, used;     /* entries that there may be; that were ever used, the others follow */
  uint32_t free;            /* the first of those that were used and are free */
  struct rates_list idle;   /* not banned, in the order of their latest use */
  struct rates_list banned; /* in the order in which their bans began */
  unsigned int bits6;
};

enum rates_verdict {
  RATES_PASS,
  RATES_OVER,  /* more than the rate; with ban_s a ban begins */
  RATES_BANNED /* it has not ended yet */
};

/* For at most `bound` addresses (at least 1), IPv6 by their first bits6 bits (64). 0, or -1 with errno ENOMEM. */
int rates_init(struct rates *t, uint32_t bound, unsigned int bits6);
void rates_free(struct rates *t);

/* The address asks, and may or may not. Only what passes counts, so that who keeps asking is not kept out longer. Under
 * a rate without a limit everybody passes, banned or not, and nothing is remembered. It never fails: if all entries are in
 * use, the address that was not heard of for longest is forgotten, as if it had never asked; one that is banned only if
 * none is left that isn't, and then that whose ban began first. Those whose bucket has become full are forgotten by and
 * by, which changes nothing for them.
 *
 * A clock that jumps does no harm: nobody is kept out longer than r itself would (seconds / count, or ban_s). So a rate
 * that has been changed counts at once. */
enum rates_verdict rates_take(struct rates *t, struct address const *a, struct rate const *r, int64_t now_ms);

/* How many addresses are remembered. */
uint32_t rates_count(struct rates const *t);

#endif
