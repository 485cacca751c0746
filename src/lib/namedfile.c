/* namedfile.c - see namedfile.h. */
#include "namedfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int namedfile_open(char const *path, struct stat *st)
{
  /* O_NONBLOCK: a FIFO must not stop us. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error;
  if (fd == -1)
    return -1;
  if (fstat(fd, st) == -1)
    error = errno;
  else if (S_ISREG(st->st_mode))
    return fd;
  else
    error = S_ISDIR(st->st_mode) ? EISDIR : EPROTO;
  close(fd);
  errno = error;
  return -1;
}

char const *namedfile_problem(int error)
{
  return error == EISDIR || error == EPROTO ? "it is not a regular file" : strerror(error);
}
