/* duplicates.c - see duplicates.h. */
#include "duplicates.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 1024

static uint64_t chunk_at(char const *bytes)
{
  uint64_t chunk;
  memcpy(&chunk, bytes, sizeof chunk);
  return chunk;
}

/* Eight octets at a time; the last eight may overlap those before. */
static uint32_t hash_of(char const *key, size_t len)
{
  uint64_t const odd = 0x9e3779b97f4a7c15; /* 2^64 divided by the golden ratio: its bits are well mixed */
  uint64_t hash = len, last = 0;
  for (size_t at = 0; at + sizeof last < len; at += sizeof last) {
    hash = (hash ^ chunk_at(key + at)) * odd;
    hash ^= hash >> 32;
  }
  if (len >= sizeof last)
    last = chunk_at(key + len - sizeof last);
  else
    memcpy(&last, key, len);
  hash = (hash ^ last) * odd;
  return (uint32_t)((hash ^ hash >> 32) * odd >> 32);
}

int duplicates_note(struct duplicates *d, char const *key, size_t len, uint32_t position, uint32_t line)
{
  if (d->count == d->capacity) {
    size_t capacity = d->capacity ? d->capacity * 2 : FIRST_CAPACITY;
    struct noted_key *grown = reallocarray(d->key, capacity, sizeof *grown);
    if (!grown)
      return -1;
    d->key = grown;
    d->capacity = capacity;
  }
  d->key[d->count++] = (struct noted_key){.hash = hash_of(key, len), .position = position, .line = line};
  return 0;
}

#define BUCKETS 256

static unsigned int bucket_of(uint32_t hash)
{
  return hash >> 24;
}

/* Brings keys with the same first octet of the hash together, in the order in which they came. Bucket b is then
 * from start[b] to start[b + 1]. */
static void scatter(struct noted_key *to, struct noted_key const *from, size_t count,
                    size_t start[BUCKETS + 1])
{
  size_t end[BUCKETS] = {0};
  for (size_t i = 0; i < count; i++)
    end[bucket_of(from[i].hash)]++;
  start[0] = 0;
  for (size_t b = 0; b < BUCKETS; b++) {
    start[b + 1] = start[b] + end[b];
    end[b] = start[b];
  }
  for (size_t i = 0; i < count; i++)
    to[end[bucket_of(from[i].hash)]++] = from[i];
}

/* A table for one bucket after the other: it stays in the processor's cache. */
struct table {
  uint32_t *slot; /* index in the bucket, counted from 1; 0: free */
  size_t size;    /* a power of two, at least twice the largest bucket */
};

static int table_init(struct table *t, size_t const start[BUCKETS + 1])
{
  size_t largest = 1;
  for (size_t b = 0; b < BUCKETS; b++)
    if (start[b + 1] - start[b] > largest)
      largest = start[b + 1] - start[b];
  for (t->size = 2; t->size < 2 * largest;)
    t->size *= 2;
  t->slot = calloc(t->size, sizeof *t->slot);
  return t->slot ? 0 : -1;
}

struct search {
  struct table table;
  struct noted_key *found; /* `hash` is the line that had the key first */
  size_t found_count;
  bool (*same)(void *context, uint32_t one_position, uint32_t other_position);
  void *context;
};

static void search_bucket(struct search *s, struct noted_key const *bucket, size_t count)
{
  struct table *t = &s->table;
  memset(t->slot, 0, t->size * sizeof *t->slot);
  for (uint32_t i = 0; i < count; i++) {
    struct noted_key const *key = &bucket[i];
    size_t at = key->hash & (t->size - 1);
    struct noted_key const *first = NULL;
    for (; t->slot[at] != 0 && !first; at = (at + 1) & (t->size - 1)) {
      struct noted_key const *other = &bucket[t->slot[at] - 1];
      if (other->hash == key->hash && s->same(s->context, other->position, key->position))
        first = other;
    }
    if (first)
      s->found[s->found_count++] =
          (struct noted_key){.hash = first->line, .position = key->position, .line = key->line};
    else
      t->slot[at] = i + 1;
  }
}

static int by_position(void const *a, void const *b)
{
  uint32_t one = ((struct noted_key const *)a)->position, other = ((struct noted_key const *)b)->position;
  return (one > other) - (one < other);
}

int duplicates_report(struct duplicates *d,
                      bool (*same)(void *context, uint32_t one_position, uint32_t other_position),
                      void (*report)(void *context, struct noted_key const *key, uint32_t first_line),
                      void *context)
{
  size_t start[BUCKETS + 1];
  struct search s = {.same = same, .context = context};
  struct noted_key *scattered = reallocarray(NULL, d->count + 1, sizeof *scattered);
  if (!scattered)
    return -1;
  scatter(scattered, d->key, d->count, start);
  if (table_init(&s.table, start) == -1) {
    free(scattered);
    return -1;
  }
  s.found = d->key; /* nobody needs what is there any more */
  for (size_t b = 0; b < BUCKETS; b++)
    search_bucket(&s, scattered + start[b], start[b + 1] - start[b]);
  free(s.table.slot);
  free(scattered);
  if (s.found_count > 0)
    qsort(s.found, s.found_count, sizeof *s.found, by_position);
  for (size_t i = 0; i < s.found_count; i++)
    report(context, &s.found[i], s.found[i].hash);
  return 0;
}

void duplicates_free(struct duplicates *d)
{
  free(d->key);
  *d = (struct duplicates)DUPLICATES_ZERO;
}
