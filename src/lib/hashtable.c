/* hashtable.c - see hashtable.h. Linear probing; a removal moves later keys back, so that there are no
 * tombstones to fill the table under churn. */
#include "hashtable.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <skalibs/random.h>

#include "unforked.h"

#define SMALLEST 16

void hashtable_init(struct hashtable *t)
{
  memset(t, 0, sizeof *t);
  random_buf((char *)t->seed, sizeof t->seed);
}

void hashtable_free(struct hashtable *t)
{
  t->slot = unforked_resize(t->slot, t->capacity, 0, sizeof *t->slot);
  t->count = t->capacity = 0;
}

static uint64_t rotate(uint64_t x, unsigned int bits)
{
  return x << bits | x >> (64 - bits);
}

struct sip {
  uint64_t v0, v1, v2, v3;
};

static void sip_round(struct sip *s)
{
  s->v0 += s->v1;
  s->v1 = rotate(s->v1, 13) ^ s->v0;
  s->v0 = rotate(s->v0, 32);
  s->v2 += s->v3;
  s->v3 = rotate(s->v3, 16) ^ s->v2;
  s->v0 += s->v3;
  s->v3 = rotate(s->v3, 21) ^ s->v0;
  s->v2 += s->v1;
  s->v1 = rotate(s->v1, 17) ^ s->v2;
  s->v2 = rotate(s->v2, 32);
}

static void sip_word(struct sip *s, uint64_t word)
{
  s->v3 ^= word;
  sip_round(s);
  sip_round(s);
  s->v0 ^= word;
}

uint64_t hashtable_hash(uint64_t const seed[2], uint8_t const key[HASHTABLE_KEY_SIZE])
{
  struct sip s = {seed[0] ^ 0x736f6d6570736575u, seed[1] ^ 0x646f72616e646f6du, seed[0] ^ 0x6c7967656e657261u,
                  seed[1] ^ 0x7465646279746573u};
  uint64_t word[2];
  uint32_t rest;
  memcpy(word, key, sizeof word);
  memcpy(&rest, key + sizeof word, sizeof rest);
  sip_word(&s, word[0]);
  sip_word(&s, word[1]);
  sip_word(&s, (uint64_t)HASHTABLE_KEY_SIZE << 56 | rest);
  s.v2 ^= 0xff;
  for (int i = 0; i < 4; i++)
    sip_round(&s);
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static size_t home(struct hashtable const *t, uint8_t const *key)
{
  return (size_t)hashtable_hash(t->seed, key) & (t->capacity - 1);
}

/* The key's slot, or the free one where it would go. There is always a free slot. */
static size_t find(struct hashtable const *t, uint8_t const *key)
{
  size_t i = home(t, key);
  while (t->slot[i].value != 0 && memcmp(t->slot[i].key, key, HASHTABLE_KEY_SIZE) != 0)
    i = (i + 1) & (t->capacity - 1);
  return i;
}

void hashtable_fetch(struct hashtable const *t, uint8_t const key[HASHTABLE_KEY_SIZE])
{
  if (t->capacity)
    __builtin_prefetch(&t->slot[home(t, key)]);
}

uint32_t hashtable_get(struct hashtable const *t, uint8_t const key[HASHTABLE_KEY_SIZE])
{
  return t->count == 0 ? 0 : t->slot[find(t, key)].value;
}

/* How many keys a table of this capacity takes: the more there are, the longer is the way to a free slot. */
static size_t room(size_t capacity)
{
  return capacity / 4 * 3;
}

static int grow(struct hashtable *t, size_t capacity)
{
  struct hashtable bigger = *t;
  bigger.capacity = capacity;
  bigger.slot = unforked_resize(NULL, 0, capacity, sizeof *bigger.slot);
  if (!bigger.slot)
    return -1;
  for (size_t i = 0; i < t->capacity; i++)
    if (t->slot[i].value != 0)
      bigger.slot[find(&bigger, t->slot[i].key)] = t->slot[i];
  unforked_resize(t->slot, t->capacity, 0, sizeof *t->slot);
  *t = bigger;
  return 0;
}

static void remove_slot(struct hashtable *t, size_t hole)
{
  size_t mask = t->capacity - 1;
  t->count--;
  for (size_t i = (hole + 1) & mask; t->slot[i].value != 0; i = (i + 1) & mask) {
    /* A key may move back to the hole unless its home lies between the hole and itself. */
    if (((i - home(t, t->slot[i].key)) & mask) >= ((i - hole) & mask)) {
      t->slot[hole] = t->slot[i];
      hole = i;
    }
  }
  t->slot[hole].value = 0;
}

int hashtable_set(struct hashtable *t, uint8_t const key[HASHTABLE_KEY_SIZE], uint32_t value)
{
  uint32_t before;
  return hashtable_exchange(t, key, value, &before);
}

int hashtable_exchange(struct hashtable *t, uint8_t const key[HASHTABLE_KEY_SIZE], uint32_t value,
                       uint32_t *before)
{
  size_t i = t->capacity ? find(t, key) : 0;
  /* A key that is there needs no memory: else counting down could fail. */
  bool there = t->capacity && t->slot[i].value != 0;
  *before = there ? t->slot[i].value : 0;
  if (value == 0) {
    if (there)
      remove_slot(t, i);
    return 0;
  }
  if (!there) {
    if (t->count + 1 > room(t->capacity)) {
      if (grow(t, t->capacity ? t->capacity * 2 : SMALLEST) == -1)
        return -1;
      i = find(t, key);
    }
    memcpy(t->slot[i].key, key, HASHTABLE_KEY_SIZE);
    t->count++;
  }
  t->slot[i].value = value;
  return 0;
}

int hashtable_reserve(struct hashtable *t, size_t count)
{
  size_t capacity = t->capacity ? t->capacity : SMALLEST;
  while (room(capacity) < count) {
    if (capacity > SIZE_MAX / 2) {
      errno = ENOMEM;
      return -1;
    }
    capacity *= 2;
  }
  return capacity == t->capacity ? 0 : grow(t, capacity);
}
