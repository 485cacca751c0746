/* config.h - what the files say, before any of it is judged: entries, and settings with their places. Both grammars,
 * xinetd.conf and inetd.conf, come to this form. Owns all that it points to; the names in places
 * live as long as it does. */
#ifndef IMPORT_CONFIG_H
#define IMPORT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "attributes.h"
#include "remarks.h"

/* A line without its newline; a longer one is left out. */
#define CONFIG_LINE_MAX 65535

struct values {
  char **list;
  size_t count;
};

enum operation { OPERATION_SET, OPERATION_ADD, OPERATION_TAKE };

struct setting {
  enum attribute attribute;
  enum operation operation;
  struct place place;
  struct values values;
};

enum entry_kind { ENTRY_SERVICE, ENTRY_DEFAULTS };
enum entry_source { FROM_XINETD, FROM_INETD };

struct entry {
  enum entry_kind kind;
  enum entry_source source;
  char *name; /* empty for defaults */
  struct place place;
  bool broken; /* it may not be served: some of it could not be understood */
  struct setting *settings;
  size_t count;
  struct remarks remarks;
};

/* include or includedir: for whoever can read files. */
struct inclusion {
  struct place place;
  bool folder;
  char *path;
};

struct config {
  struct entry *entries;
  size_t count;
  struct inclusion *inclusions;
  size_t inclusions_count;
  struct values files;    /* names that places refer to */
  struct remarks remarks; /* that belong to no entry */
};

void values_add(struct values *v, char const *bytes, size_t len);
void values_free(struct values *v);

/* The new entry is valid until the next one is added. */
struct entry *config_add(struct config *c, enum entry_kind kind, enum entry_source source, char const *name,
                         size_t len, struct place place);
/* As is this. */
struct setting *entry_add(struct entry *e, enum attribute attribute, enum operation operation,
                          struct place place);
void config_free(struct config *c);

#endif
