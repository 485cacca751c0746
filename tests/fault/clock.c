/* clock.c - a library to preload: the clock that deadlines go by (CLOCK_MONOTONIC) is ahead by as many seconds as the file
 * CLOCK_FILE says, twelve digits that may change at any time. Also for what the program starts. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { DIGITS = 12 };

static char const *ahead;

__attribute__((constructor)) static void open_file(void)
{
  char const *name = getenv("CLOCK_FILE");
  int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  void *map = fd == -1 ? MAP_FAILED : mmap(NULL, DIGITS, PROT_READ, MAP_SHARED, fd, 0);
  if (map != MAP_FAILED)
    ahead = map;
  if (fd != -1)
    close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
  char text[DIGITS + 1] = "";
  if (syscall(SYS_clock_gettime, clock, t) == -1)
    return -1;
  if (clock == CLOCK_MONOTONIC && ahead) {
    for (int i = 0; i < DIGITS; i++)
      text[i] = ahead[i];
    t->tv_sec += strtol(text, NULL, 10);
  }
  return 0;
}
