/* object.c - see object.h. */
#include "object.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* dlsym() has one type for everything that it finds, and C none that fits functions as well. */
union symbol {
  void *found;
  object_service *service;
  object_init *init;
};
_Static_assert(sizeof(void *) == sizeof(object_service *), "dlsym() returns functions as objects");

static bool fail(struct object *o, char const *why)
{
  snprintf(o->why, sizeof o->why, "%s", why);
  return false;
}

/* In the linker's words, without the file's name, which who reports it names anyway. */
static bool fail_linking(struct object *o, char const *file)
{
  char const *why = dlerror();
  size_t len = strlen(file);
  if (!why)
    why = "it can't be loaded";
  if (strncmp(why, file, len) == 0 && strncmp(why + len, ": ", 2) == 0)
    why += len + 2;
  return fail(o, why);
}

/* Who may write to the directory may put another file in its place, unless it is sticky. `file` has a slash. */
static bool is_in_open_directory(char *file)
{
  struct stat st;
  char *slash = strrchr(file, '/'), first = file[1];
  bool open;
  slash[slash == file] = '\0';
  open = stat(file, &st) == -1 || ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX));
  file[1] = first;
  *slash = '/';
  return open;
}

static bool is_trusted(struct object *o, char *file)
{
  struct stat st;
  if (stat(file, &st) == -1)
    return fail(o, strerror(errno));
  if (!S_ISREG(st.st_mode))
    return fail(o, "it is not a regular file");
  if (st.st_mode & S_IWOTH)
    return fail(o, "anybody may write to it");
  if (st.st_uid != 0 && st.st_uid != geteuid())
    return fail(o, "it belongs neither to root nor to the user that loads it");
  if (is_in_open_directory(file))
    return fail(o, "anybody may write to its directory");
  return true;
}

/* What has been looked at is what is loaded, wherever symbolic links point meanwhile. */
bool object_load(struct object *o, char const *path)
{
  char *file = realpath(path, NULL);
  bool loaded;
  o->handle = NULL;
  if (!file)
    return fail(o, strerror(errno));
  loaded = is_trusted(o, file);
  if (loaded) {
    o->handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    loaded = o->handle || fail_linking(o, file);
  }
  free(file);
  return loaded;
}

static void *find(struct object *o, char const *name)
{
  static char const what[] = "it has no function ";
  void *found = dlsym(o->handle, name);
  if (!found)
    snprintf(o->why, sizeof o->why, "%s%.*s", what, (int)(sizeof o->why - sizeof what), name);
  return found;
}

object_init *object_find_init(struct object *o, char const *name)
{
  return ((union symbol){.found = find(o, name)}).init;
}

object_service *object_find_service(struct object *o, char const *path)
{
  char const *slash = strrchr(path, '/');
  char name[256]; /* a file's name is no longer */
  size_t len;
  if (slash)
    path = slash + 1;
  len = strlen(path);
  if (len >= sizeof name || len <= OBJECT_SUFFIX_LEN) {
    fail(o, "its name is none of a function");
    return NULL;
  }
  memcpy(name, path, len);
  name[len - OBJECT_SUFFIX_LEN] = '\0';
  return ((union symbol){.found = find(o, name)}).service;
}
