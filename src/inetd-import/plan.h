/* plan.h - the files that are to be, all of them in memory until everything is known. */
#ifndef IMPORT_PLAN_H
#define IMPORT_PLAN_H

#include <stdbool.h>
#include <sys/types.h>

#include "text.h"

enum planned_kind { PLANNED_FOLDER, PLANNED_FILE, PLANNED_RULES };

struct planned {
  char *path; /* below the output folder */
  enum planned_kind kind;
  mode_t mode;
  char *bytes; /* of PLANNED_RULES, the text that is compiled */
  size_t len;
  char const *owner; /* whoever must be able to write it; null: us */
};

struct plan {
  struct planned *list;
  size_t count;
};

/* Copies all but the owner. Folders come before what is in them. */
void plan_folder(struct plan *p, char const *path);
void plan_file(struct plan *p, char const *folder, char const *name, mode_t mode,
               struct text const *contents);
/* The same text as `rules`, and compiled as rules.cdb. */
void plan_rules(struct plan *p, char const *folder, struct text const *rules);
void plan_owner(struct plan *p, char const *user); /* of the last file */
void plan_free(struct plan *p);

/* Everything as text on standard output. -1 with errno if it can't be written. */
int plan_print(struct plan const *p, char const *folder);

enum plan_outcome {
  PLAN_WRITTEN,
  PLAN_UNTOUCHED, /* nothing of it is there */
  PLAN_PARTLY,    /* some of it is: moving failed */
};

/* Makes all of it below `folder`, or nothing, unless moving fails. Each name in there that exists already is an error, as
 * is everything that the system refuses; a message on standard error says which. */
enum plan_outcome plan_write(struct plan const *p, char const *folder);

#endif
