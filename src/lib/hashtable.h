/* hashtable.h - counts by key, in an open-addressed table hashed with a secret seed: whoever chooses the keys
 * (peers choose their addresses) can't make them collide. O(1) at any size; 24 octets a slot. */
#ifndef UCSPI_HASHTABLE_H
#define UCSPI_HASHTABLE_H

#include <stddef.h>
#include <stdint.h>

#define HASHTABLE_KEY_SIZE 20

struct hashtable_slot {
  uint8_t key[HASHTABLE_KEY_SIZE];
  uint32_t value; /* 0: the slot is free */
};

struct hashtable {
  struct hashtable_slot *slot;
  size_t count, capacity; /* the capacity is a power of two */
  uint64_t seed[2];
};

/* SipHash-2-4 (Aumasson and Bernstein, 2012) of a key. A table has it in the slot of its lowest bits, or the next that is
 * free. */
uint64_t hashtable_hash(uint64_t const seed[2], uint8_t const key[HASHTABLE_KEY_SIZE]);

/* Draws the seed. Allocates nothing. */
void hashtable_init(struct hashtable *t);
void hashtable_free(struct hashtable *t);

/* The value stored for the key; 0 if there is none. */
uint32_t hashtable_get(struct hashtable const *t, uint8_t const key[HASHTABLE_KEY_SIZE]);

/* Stores a value; 0 removes the key. Returns 0, or -1 with errno ENOMEM (removing never fails, nor does
 * storing another value for a key that is there). */
int hashtable_set(struct hashtable *t, uint8_t const key[HASHTABLE_KEY_SIZE], uint32_t value);

/* The same; *before is what was stored for it, or 0. */
int hashtable_exchange(struct hashtable *t, uint8_t const key[HASHTABLE_KEY_SIZE], uint32_t value,
                       uint32_t *before);

/* Has the processor get the memory in which the key will be looked for soon. In a table that is larger than its cache
 * nearly each key is a wait of its own otherwise. */
void hashtable_fetch(struct hashtable const *t, uint8_t const key[HASHTABLE_KEY_SIZE]);

/* Makes room for so many keys: until there are more hashtable_set() needs no memory, and takes no time for moving them.
 * 0, or -1 with errno ENOMEM (nothing has changed then). */
int hashtable_reserve(struct hashtable *t, size_t count);

#endif
