/* namedfile.c - see namedfile.h. */
#include "namedfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char const *namedfile_open(int *fd, char const *path)
{
  char const *problem = NULL;
  struct stat st;
  /* O_NONBLOCK: a FIFO must not stop us. */
  *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (*fd == -1)
    return strerror(errno);
  if (fstat(*fd, &st) == -1)
    problem = strerror(errno);
  else if (!S_ISREG(st.st_mode))
    problem = "it is not a regular file";
  if (problem)
    close(*fd);
  return problem;
}
