/* execute.c - see execute.h. */
#include "execute.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

int execute(char const *name, char const *const *argv, char const *path, char const *const *envp)
{
  char *const *arguments = (char *const *)(void const *)argv;
  char *const *environment = (char *const *)(void const *)envp;
  char file[PATH_MAX];
  size_t name_size = strlen(name) + 1;
  int error = ENOENT;

  if (!*name)
    return ENOENT;
  if (strchr(name, '/')) {
    execve(name, arguments, environment);
    return errno;
  }
  if (!path)
    path = "/bin:/usr/bin";
  for (;;) {
    size_t len = strcspn(path, ":");
    char const *directory = len ? path : ".";
    size_t directory_len = len ? len : 1;
    if (directory_len + 1 + name_size <= sizeof file) {
      memcpy(file, directory, directory_len);
      file[directory_len] = '/';
      memcpy(file + directory_len + 1, name, name_size);
      execve(file, arguments, environment);
      if (errno == EACCES)
        error = EACCES;
      else if (errno != ENOENT && errno != ENOTDIR)
        return errno;
    }
    if (!path[len])
      return error;
    path += len + 1;
  }
}
