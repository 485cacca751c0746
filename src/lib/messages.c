/* messages.c - see messages.h. */
#include "messages.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "execute.h"

/* Descriptor 1 is not asked: below systemd it and 2 may both be the journal, which is a socket, too. */
static bool are_for_peer(void)
{
  struct stat connection, messages;
  return fstat(STDERR_FILENO, &messages) == 0 && S_ISSOCK(messages.st_mode) &&
         fstat(STDIN_FILENO, &connection) == 0 && connection.st_dev == messages.st_dev &&
         connection.st_ino == messages.st_ino;
}

/* Not at 0 or 1, if those are closed. */
static int open_nowhere(void)
{
  int low = open("/dev/null", O_WRONLY | O_CLOEXEC), fd;
  if (low == -1)
    return -1;
  fd = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  close(low);
  return fd;
}

int messages_divert(struct messages *m)
{
  m->connection = m->nowhere = -1;
  if (!are_for_peer())
    return 0;
  m->nowhere = open_nowhere();
  if (m->nowhere == -1)
    return -1;
  m->connection = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (m->connection == -1)
    return -1;
  return dup2(m->nowhere, STDERR_FILENO) == -1 ? -1 : 0;
}

bool messages_are_diverted(struct messages const *m)
{
  return m->nowhere != -1;
}

static void put(int fd)
{
  int error = errno;
  if (fd != -1)
    dup2(fd, STDERR_FILENO);
  errno = error;
}

void messages_for_program(struct messages const *m)
{
  put(m->connection);
}

void messages_for_us(struct messages const *m)
{
  put(m->nowhere);
}

int messages_execute(struct messages const *m, char const *name, char const *const *argv, char const *path,
                     char const *const *envp)
{
  int error;
  messages_for_program(m);
  error = execute(name, argv, path, envp);
  messages_for_us(m);
  return error;
}
