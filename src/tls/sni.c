/* sni.c - see sni.h. */
#include "sni.h"

#include <stdlib.h>
#include <string.h>

#include "hostname.h"

static int append(struct sni *s, char const *name, uint32_t target)
{
  if (s->count == s->capacity) {
    size_t capacity = s->capacity ? 2 * s->capacity : 16;
    struct sni_name *larger = reallocarray(s->name, capacity, sizeof *larger);
    if (!larger)
      return -1;
    s->name = larger;
    s->capacity = capacity;
  }
  s->name[s->count].name = strdup(name);
  if (!s->name[s->count].name)
    return -1;
  s->name[s->count++].target = target;
  return 0;
}

int sni_add(struct sni *s, char const *name, size_t name_size, uint32_t target)
{
  char text[HOSTNAME_SIZE + 2];
  size_t wildcard = name_size >= 2 && memcmp(name, "*.", 2) == 0 ? 2 : 0;
  if (name_size >= sizeof text || memchr(name, '\0', name_size))
    return 0;
  memcpy(text, name, name_size);
  text[name_size] = '\0';
  if (!hostname_clean(text + wildcard, text + wildcard))
    return 0;
  return append(s, text, target);
}

static int compare(void const *a, void const *b)
{
  struct sni_name const *x = a, *y = b;
  int order = strcmp(x->name, y->name);
  return order ? order : (x->target > y->target) - (x->target < y->target);
}

void sni_sort(struct sni *s)
{
  if (s->count)
    qsort(s->name, s->count, sizeof *s->name, compare);
}

void sni_free(struct sni *s)
{
  for (size_t i = 0; i < s->count; i++)
    free(s->name[i].name);
  free(s->name);
  memset(s, 0, sizeof *s);
}

/* How many have exactly this name. */
static size_t find_exactly(struct sni const *s, char const *name, struct sni_name const **first)
{
  size_t low = 0, high = s->count, end;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(s->name[middle].name, name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  for (end = low; end < s->count && strcmp(s->name[end].name, name) == 0; end++)
    ;
  *first = &s->name[low];
  return end - low;
}

size_t sni_find(struct sni const *s, char const *name, struct sni_name const **first)
{
  char clean[HOSTNAME_SIZE];
  char *dot;
  size_t count;
  if (s->count == 0 || !hostname_clean(clean, name))
    return 0;
  count = find_exactly(s, clean, first);
  dot = strchr(clean, '.');
  if (count > 0 || !dot)
    return count;
  /* The last octet of the first label makes room. */
  dot[-1] = '*';
  return find_exactly(s, dot - 1, first);
}
