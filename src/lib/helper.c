/* helper.c - see helper.h. */
#include "helper.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"
#include "spawn.h"

static int run(struct helper *h, int theirs, char const *const *argv, char const *const *environment)
{
  struct spawn const what = {.argv = argv, .envp = environment, .connection = theirs};
  struct spawned new;
  struct spawner spawner;
  int result;

  if (spawner_init(&spawner) == -1)
    return -1;
  result = spawn_run(&spawner, &what, &new);
  spawner_free(&spawner);
  if (result == -1)
    return -1;
  if (new.exec_errno != 0) {
    while (waitpid(new.pid, NULL, 0) == -1 && errno == EINTR)
      ;
    errno = new.exec_errno;
    return -1;
  }
  h->pid = new.pid;
  return 0;
}

int helper_start(struct helper *h, char const *const *argv, char const *const *environment)
{
  int pair[2], result, error;
  if (message_pair(pair) == -1)
    return -1;
  result = run(h, pair[1], argv, environment);
  error = errno;
  close(pair[1]);
  if (result == -1) {
    close(pair[0]);
    errno = error;
    return -1;
  }
  h->fd = pair[0];
  return 0;
}
