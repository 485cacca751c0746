/* duplicates.c - see duplicates.h. */
#include "duplicates.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 1024

static uint32_t hash_of(char const *key, size_t len)
{
  uint64_t const odd = 0x9e3779b97f4a7c15; /* 2^64 divided by the golden ratio: its bits are well mixed */
  uint64_t hash = len;
  for (size_t at = 0; at < len; at += sizeof hash) {
    uint64_t chunk = 0;
    memcpy(&chunk, key + at, len - at < sizeof chunk ? len - at : sizeof chunk);
    hash = (hash ^ chunk) * odd;
    hash ^= hash >> 32;
  }
  return (uint32_t)(hash * odd >> 32);
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

/* One pass of a radix sort: stable, from `from` to `to`, by eight bits of the hash. */
static void sort_by_octet(struct noted_key *to, struct noted_key const *from, size_t count,
                          unsigned int shift)
{
  size_t start[257] = {0};
  for (size_t i = 0; i < count; i++)
    start[(from[i].hash >> shift & 255) + 1]++;
  for (size_t octet = 1; octet < 256; octet++)
    start[octet] += start[octet - 1];
  for (size_t i = 0; i < count; i++)
    to[start[from[i].hash >> shift & 255]++] = from[i];
}

/* What was found, kept in the memory that sorting no longer needs: `hash` holds the first key's line. */
struct findings {
  struct noted_key *list;
  size_t count;
};

/* The keys from run[0] on have equal hashes. Different keys rarely do, so the first is the one to compare with;
 * only when it differs are the others asked. */
static void search_run(struct noted_key const *run, size_t len, struct findings *found,
                       bool (*same)(void *, uint32_t, uint32_t), void *context)
{
  for (size_t i = 1; i < len; i++)
    for (size_t first = 0; first < i; first++)
      if (same(context, run[first].position, run[i].position)) {
        found->list[found->count++] =
            (struct noted_key){.hash = run[first].line, .position = run[i].position, .line = run[i].line};
        break;
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
  struct findings found = {.list = reallocarray(NULL, d->count + 1, sizeof *found.list)};
  if (!found.list)
    return -1;
  for (unsigned int shift = 0; shift < 32; shift += 16) {
    sort_by_octet(found.list, d->key, d->count, shift);
    sort_by_octet(d->key, found.list, d->count, shift + 8);
  }
  for (size_t run = 0, end; run < d->count; run = end) {
    for (end = run + 1; end < d->count && d->key[end].hash == d->key[run].hash;)
      end++;
    search_run(d->key + run, end - run, &found, same, context);
  }
  qsort(found.list, found.count, sizeof *found.list, by_position);
  for (size_t i = 0; i < found.count; i++)
    report(context, &found.list[i], found.list[i].hash);
  free(found.list);
  return 0;
}

void duplicates_free(struct duplicates *d)
{
  free(d->key);
  *d = (struct duplicates)DUPLICATES_ZERO;
}
