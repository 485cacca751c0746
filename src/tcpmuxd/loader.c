/* loader.c - see loader.h. */
#include "loader.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawn.h"

static int prepare(struct loader *l, char const *option, char const *path)
{
  char const **next = l->argv;
  *next++ = l->program;
  if (option)
    *next++ = option;
  *next++ = path;
  *next = NULL;
  return helper_path(l->program, HELPER_LIBEXEC, "ucspi-service");
}

int loader_prepare(struct loader *l, char const *path, bool replies)
{
  return prepare(l, replies ? "-m" : NULL, path);
}

int loader_try(char const *path)
{
  static struct loader l;
  struct spawner spawner;
  struct spawned new;
  struct spawn const what = {
      .argv = l.argv, .envp = (char const *const *)environ, .connection = STDOUT_FILENO};
  int status = 0, result;
  if (prepare(&l, "-n", path) == -1 || spawner_init(&spawner) == -1)
    return -1;
  result = spawn_run(&spawner, &what, &new);
  spawner_free(&spawner);
  if (result == -1)
    return -1;
  while (waitpid(new.pid, &status, 0) == -1 && errno == EINTR)
    ;
  errno = new.exec_errno;
  return new.exec_errno == 0 && status == 0 ? 0 : -1;
}
