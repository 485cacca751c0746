/* limit.c - see limit.h. Slots are octets 0 to slots-1, whether or not the file is that long: locks may lie
 * beyond its end. */
#include "limit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decimal.h"

static int read_slots(int fd, unsigned int *slots)
{
  char line[16];
  struct stat st;
  ssize_t n;

  if (fstat(fd, &st) == -1)
    return -1;
  n = S_ISREG(st.st_mode) ? pread(fd, line, sizeof line - 1, 0) : 0;
  if (n == -1)
    return -1;
  line[n] = '\0';
  line[strcspn(line, "\n")] = '\0';
  if (decimal_parse(slots, line, 1, LIMIT_MAX))
    return 0;
  errno = EINVAL;
  return -1;
}

int limit_open(char const *path, unsigned int *slots)
{
  int opened = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), fd, saved;
  if (opened == -1)
    return -1;
  /* Moved before it is locked: a lock of the older kind is lost when any descriptor of the file is closed. */
  fd = fcntl(opened, F_DUPFD, LIMIT_DESCRIPTOR);
  saved = errno;
  close(opened);
  if (fd != -1 && read_slots(fd, slots) == -1) {
    saved = errno;
    close(fd);
    fd = -1;
  }
  errno = saved;
  return fd;
}

/* Locks that belong to the open file, not to the process, where there are such: they outlive a service that
 * forks and goes, and do not vanish when it closes another descriptor of the file. */
static int lock_octet(int fd, unsigned int octet)
{
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)octet, .l_len = 1};
#ifdef F_OFD_SETLK
  if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
    return 0;
  if (errno != EINVAL)
    return -1;
#endif
  return fcntl(fd, F_SETLK, &lock);
}

/* A prime greater than LIMIT_MAX: its multiples visit every slot once, whatever their number, and not one
 * after the other, for services that began together lie together. */
#define STRIDE 2654435761u

enum limit_outcome limit_take(int fd, unsigned int slots, unsigned int first)
{
  for (unsigned int i = 0; i < slots && i < LIMIT_TRIES; i++) {
    uint64_t octet = (first + (uint64_t)i * STRIDE) % slots;
    if (lock_octet(fd, (unsigned int)octet) == 0)
      return LIMIT_TAKEN;
    if (errno != EAGAIN && errno != EACCES)
      return LIMIT_FAILED;
  }
  return LIMIT_FULL;
}
