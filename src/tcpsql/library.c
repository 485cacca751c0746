/* library.c - see library.h. */
#include "library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

static char const *const usual[] = {"libmariadb.so.3",      "libmysqlclient.so.24", "libmysqlclient.so.23",
                                    "libmysqlclient.so.22", "libmysqlclient.so.21", "libmysqlclient.so.20",
                                    "libmysqlclient.so.18"};

static struct {
  char const *name;
  size_t offset;
  bool optional;
} const function[] = {{"mysql_init", offsetof(struct library, init), false},
                      {"mysql_options", offsetof(struct library, options), false},
                      {"mysql_real_connect", offsetof(struct library, real_connect), false},
                      {"mysql_real_query", offsetof(struct library, real_query), false},
                      {"mysql_use_result", offsetof(struct library, use_result), false},
                      {"mysql_num_fields", offsetof(struct library, num_fields), false},
                      {"mysql_fetch_row", offsetof(struct library, fetch_row), false},
                      {"mysql_fetch_lengths", offsetof(struct library, fetch_lengths), false},
                      {"mysql_free_result", offsetof(struct library, free_result), false},
                      {"mysql_errno", offsetof(struct library, error_number), false},
                      {"mysql_error", offsetof(struct library, error), false},
                      {"mysql_ssl_set", offsetof(struct library, ssl_set), true},
                      {"mariadb_get_infov", offsetof(struct library, mariadb_mark), true}};

static char const *find_functions(struct library *l, void *handle)
{
  for (size_t i = 0; i < sizeof function / sizeof function[0]; i++) {
    void *found = dlsym(handle, function[i].name);
    if (!found && !function[i].optional)
      return dlerror();
    memcpy((char *)l + function[i].offset, &found, sizeof found);
  }
  return NULL;
}

char const *library_load(struct library *l, char const *path)
{
  void *handle = NULL;
  if (path)
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  for (size_t i = 0; !path && !handle && i < sizeof usual / sizeof usual[0]; i++)
    handle = dlopen(usual[i], RTLD_NOW | RTLD_LOCAL);
  if (handle)
    return find_functions(l, handle);
  return path ? dlerror() : "neither libmariadb.so.3 nor libmysqlclient.so is here";
}
