/* witness.c - see witness.h. */
#include "witness.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "descriptors.h"

/* It has no part in what it watches: it keeps nothing open but the log. */
static _Noreturn void watch(int fd, char const *unable_to, char const *path)
{
  char dismissal;
  ssize_t got;
  if (dup2(fd, 0) == -1)
    _exit(111);
  descriptors_close_others();
  do
    got = read(0, &dismissal, 1);
  while (got == -1 && errno == EINTR);
  if (got == 0)
    strerr_dief(111, "unable to ", unable_to, " ", path, ": it has not returned");
  _exit(0);
}

/* In a child, whose own child it is: who is watched may wait for all that we have. */
static _Noreturn void leave_behind(int pair[2], char const *unable_to, char const *path)
{
  pid_t pid;
  close(pair[1]);
  pid = fork();
  if (pid == 0)
    watch(pair[0], unable_to, path);
  _exit(pid == -1);
}

int witness_call(struct witness *w, char const *unable_to, char const *path)
{
  int pair[2], status = 0;
  pid_t pid;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
    return -1;
  pid = fork();
  if (pid == 0)
    leave_behind(pair, unable_to, path);
  w->fd = pair[1];
  close(pair[0]);
  while (pid != -1 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
    ;
  if (pid != -1 && status == 0)
    return 0;
  close(w->fd);
  errno = EAGAIN;
  return -1;
}

/* If somebody has killed it, so be it. */
void witness_dismiss(struct witness *w)
{
  char const dismissal = '\n';
  while (send(w->fd, &dismissal, 1, MSG_NOSIGNAL) == -1 && errno == EINTR)
    ;
  close(w->fd);
}
