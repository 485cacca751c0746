/* config.c - see config.h. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

void values_add(struct values *v, char const *bytes, size_t len)
{
  /* Doubling at powers of two: a line may hold thousands. */
  if ((v->count & (v->count - 1)) == 0)
    v->list = memory_more(v->list, v->count ? 2 * v->count : 1, sizeof *v->list);
  v->list[v->count++] = memory_copy(bytes, len);
}

void values_free(struct values *v)
{
  for (size_t i = 0; i < v->count; i++)
    free(v->list[i]);
  free(v->list);
  *v = (struct values){.list = NULL};
}

struct entry *config_add(struct config *c, enum entry_kind kind, enum entry_source source, char const *name,
                         size_t len, struct place place)
{
  if ((c->count & (c->count - 1)) == 0)
    c->entries = memory_more(c->entries, c->count ? 2 * c->count : 1, sizeof *c->entries);
  c->entries[c->count] =
      (struct entry){.kind = kind, .source = source, .name = memory_copy(name, len), .place = place};
  return &c->entries[c->count++];
}

struct setting *entry_add(struct entry *e, enum attribute attribute, enum operation operation,
                          struct place place)
{
  if ((e->count & (e->count - 1)) == 0)
    e->settings = memory_more(e->settings, e->count ? 2 * e->count : 1, sizeof *e->settings);
  e->settings[e->count] = (struct setting){.attribute = attribute, .operation = operation, .place = place};
  return &e->settings[e->count++];
}

void config_free(struct config *c)
{
  for (size_t i = 0; i < c->count; i++) {
    struct entry *e = &c->entries[i];
    for (size_t k = 0; k < e->count; k++)
      values_free(&e->settings[k].values);
    free(e->settings);
    free(e->name);
    remarks_free(&e->remarks);
  }
  for (size_t i = 0; i < c->inclusions_count; i++)
    free(c->inclusions[i].path);
  free(c->entries);
  free(c->inclusions);
  values_free(&c->files);
  remarks_free(&c->remarks);
  *c = (struct config){.count = 0};
}
