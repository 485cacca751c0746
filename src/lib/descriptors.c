/* descriptors.c - see descriptors.h. */
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

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

/* hot: it lies beside what calls it in children that have their code to map first (spawn.h). */
__attribute__((hot)) void descriptors_close_others(void)
{
  long top;
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34)
  if (close_range(3, ~0U, 0) == 0)
    return;
#endif
  top = sysconf(_SC_OPEN_MAX);
  for (int fd = 3; fd < top; fd++)
    close(fd);
}

unsigned int descriptors_allow(unsigned int needed)
{
  struct rlimit l, raised;
  if (getrlimit(RLIMIT_NOFILE, &l) == -1)
    return _POSIX_OPEN_MAX;
  raised = l;
  if (raised.rlim_cur < needed)
    raised.rlim_cur = raised.rlim_max < needed ? raised.rlim_max : needed;
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
    l = raised;
  return l.rlim_cur > INT_MAX ? INT_MAX : (unsigned int)l.rlim_cur;
}
