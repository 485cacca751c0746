/* keyed.c - see keyed.h. */
#include "keyed.h"

#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 64 };

void keyed_init(struct keyed *k)
{
  memset(k, 0, sizeof *k);
  hashtable_init(&k->places);
}

void *keyed_get(struct keyed const *k, uint8_t const key[HASHTABLE_KEY_SIZE])
{
  uint32_t place = hashtable_get(&k->places, key);
  return place == 0 ? NULL : k->item[place - 1];
}

static int grow(struct keyed *k)
{
  size_t size = k->size ? k->size * 2 : SMALLEST;
  void **item = reallocarray(k->item, size, sizeof *item);
  uint32_t *unused;
  if (!item)
    return -1;
  k->item = item;
  unused = reallocarray(k->unused, size, sizeof *unused);
  if (!unused)
    return -1;
  k->unused = unused;
  /* Lowest first. */
  for (size_t place = size; place > k->size; place--)
    k->unused[k->unused_count++] = (uint32_t)place;
  k->size = size;
  return 0;
}

int keyed_add(struct keyed *k, uint8_t const key[HASHTABLE_KEY_SIZE], void *item)
{
  uint32_t place;
  if (k->unused_count == 0 && grow(k) == -1)
    return -1;
  place = k->unused[k->unused_count - 1];
  if (hashtable_set(&k->places, key, place) == -1)
    return -1;
  k->unused_count--;
  k->item[place - 1] = item;
  return 0;
}

void keyed_remove(struct keyed *k, uint8_t const key[HASHTABLE_KEY_SIZE])
{
  uint32_t place = hashtable_get(&k->places, key);
  if (place == 0)
    return;
  hashtable_set(&k->places, key, 0);
  k->item[place - 1] = NULL;
  k->unused[k->unused_count++] = place;
}
