/* catalogue.h - all names in the service directory, sorted: for HELP and -n, never for a plain request. */
#ifndef TCPMUXD_CATALOGUE_H
#define TCPMUXD_CATALOGUE_H

#include <stddef.h>

#include "muxrequest.h"

typedef char catalogue_name[MUXREQUEST_NAME_MAX + 1];

struct catalogue {
  catalogue_name *name;
  size_t count, capacity;
};
#define CATALOGUE_ZERO                                                                                       \
  {                                                                                                          \
    .name = NULL                                                                                             \
  }

/* Reads the names in directory `base` that a service can bear. Each of the others, "." and ".." apart, is
 * given to `rejected` unless that is null. 0, or -1 with errno. */
int catalogue_read(struct catalogue *c, int base, void (*rejected)(char const *name, void *context),
                   void *context);
void catalogue_free(struct catalogue *c);

#endif
