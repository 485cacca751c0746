/* loader.h - services in shared objects: a static program can't load any, so libexec/ucspi-service does it. */
#ifndef TCPMUXD_LOADER_H
#define TCPMUXD_LOADER_H

#include <stdbool.h>

#include "helper.h"

struct loader {
  char program[HELPER_PATH_SIZE];
  char const *argv[4];
};

/* What calls the object `path` (with a slash): argv[0] is the program. It says first whether it can, "+" or "-" as in RFC
 * 1078, if `replies`. -1 with errno if there is no such path. */
int loader_prepare(struct loader *l, char const *path, bool replies);

/* Can the object be called? If not, why is said on standard error. 0, or -1 with errno or 0. */
int loader_try(char const *path);

#endif
