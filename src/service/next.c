/* next.c - see ucspi_service_next() in ucspi-service.h. It is linked into whoever loads objects, for the objects. */
#include "ucspi-service.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "decimal.h"
#include "execute.h"
#include "object.h"

#define PROG "ucspi-service"

/* As for an executed program. Where the system doesn't list them there are few, and low. */
static void close_on_exec(void)
{
  DIR *list = opendir("/proc/self/fd");
  struct dirent const *entry;
  unsigned int fd;
  for (fd = 3; !list && fd < 256; fd++)
    if (fcntl((int)fd, F_GETFD) == FD_CLOEXEC)
      close((int)fd);
  while (list && (entry = readdir(list)))
    if (decimal_parse(&fd, entry->d_name, 3, INT_MAX) && (int)fd != dirfd(list) &&
        fcntl((int)fd, F_GETFD) == FD_CLOEXEC)
      close((int)fd);
  if (list)
    closedir(list);
}

static void catch_nothing(void)
{
  struct sigaction action;
  for (int number = 1; number < NSIG; number++)
    if (sigaction(number, NULL, &action) == 0 &&
        ((action.sa_flags & SA_SIGINFO) || (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN))) {
      action = (struct sigaction){.sa_handler = SIG_DFL};
      sigaction(number, &action, NULL);
    }
}

static char const *path_of(char **envp)
{
  static char const name[] = "PATH=";
  for (; envp && *envp; envp++)
    if (strncmp(*envp, name, sizeof name - 1) == 0)
      return *envp + sizeof name - 1;
  return NULL;
}

static int fail(char const *name, char const *why)
{
  complain(PROG, ": fatal: unable to run ", name, ": ", why);
  return STATUS_FAILED;
}

static int call(char **argv, char **envp)
{
  static struct object o; /* its words outlive this */
  object_service *service;
  int argc = 0;
  if (!object_load(&o, argv[0]) || !(service = object_find_service(&o, argv[0])))
    return fail(argv[0], o.why);
  while (argv[argc])
    argc++;
  close_on_exec();
  catch_nothing();
  environ = envp;
  return service(argc, argv, envp);
}

__attribute__((visibility("default"))) int ucspi_service_next(char **argv, char **envp)
{
  if (!argv[0])
    return fail("", "there is nothing to run");
  if (object_is_named(argv[0]))
    return call(argv, envp);
  return fail(argv[0], strerror(execute(argv[0], (char const *const *)argv, path_of(envp),
                                        (char const *const *)envp)));
}
