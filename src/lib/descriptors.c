/* descriptors.c - see descriptors.h. */
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>

int descriptors_guard(void)
{
  for (int fd = 0; fd <= 2; fd++) {
    /* Opened the wrong way round, so that it can't be used by mistake. */
    int mode = fd == 0 ? O_WRONLY : O_RDONLY;
    if (fcntl(fd, F_GETFD) == -1 && errno == EBADF && open("/dev/null", mode | O_CLOEXEC) != fd)
      return -1;
  }
  return 0;
}
