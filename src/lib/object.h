/* object.h - services that are functions in shared objects (ucspi-service(3)): which file may be loaded, and what in it is
 * called. Only who links dynamically can have the functions of object.c. */
#ifndef UCSPI_OBJECT_H
#define UCSPI_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define OBJECT_SUFFIX     ".so"
#define OBJECT_SUFFIX_LEN (sizeof OBJECT_SUFFIX - 1)

/* What a connection is served by, and what prepares for that: ucspi-service.h. */
typedef int object_service(int argc, char **argv, char **envp);
typedef int object_init(int again);

#define OBJECT_WHY_SIZE 512

struct object {
  void *handle;
  char why[OBJECT_WHY_SIZE]; /* in words, when a function below has failed */
};

static inline bool object_has_suffix(char const *name)
{
  size_t len = strlen(name);
  return len > OBJECT_SUFFIX_LEN && strcmp(name + len - OBJECT_SUFFIX_LEN, OBJECT_SUFFIX) == 0;
}

/* Is this an object to load, where a program may be named as well? It has a slash, and ends in ".so". */
static inline bool object_is_named(char const *name)
{
  return strchr(name, '/') && object_has_suffix(name);
}

/* Loads the file, for good, with all its symbols resolved and none given to others. It is refused if it or its directory
 * (unless that is sticky) may be written by anybody, or if it belongs to anybody but root and the effective user. False
 * with o->why. */
bool object_load(struct object *o, char const *path);

/* The function of that name. Null with o->why. */
object_init *object_find_init(struct object *o, char const *name);

/* The function that is named like the file, without its folder and ".so". Null with o->why. */
object_service *object_find_service(struct object *o, char const *path);

#endif
