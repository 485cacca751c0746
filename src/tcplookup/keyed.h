/* keyed.h - records found by a key of 20 octets: lib/hashtable, whose values are numbers, with the records' places
 * behind them. The records are the caller's. */
#ifndef TCPLOOKUP_KEYED_H
#define TCPLOOKUP_KEYED_H

#include "hashtable.h"

struct keyed {
  struct hashtable places;
  void **item; /* at the place, from 1 */
  uint32_t *unused;
  size_t unused_count, size;
};

void keyed_init(struct keyed *k);

/* Null if there is none. */
void *keyed_get(struct keyed const *k, uint8_t const key[HASHTABLE_KEY_SIZE]);

/* The key must be new. 0, or -1 with errno ENOMEM. */
int keyed_add(struct keyed *k, uint8_t const key[HASHTABLE_KEY_SIZE], void *item);
void keyed_remove(struct keyed *k, uint8_t const key[HASHTABLE_KEY_SIZE]);

#endif
