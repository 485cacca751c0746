/* fortify.c - lets what was compiled for glibc, with its checks of buffer sizes, be linked with musl: the names by which
 * such code calls the C library, where musl has them under the plain name only. Compiled for musl, and never part of a
 * program that is linked with glibc.
 *
 * What else the two C libraries share with their callers (structures, constants, errno, the table behind isdigit) is the
 * same in both where long has 64 bits: there musl keeps to it for this purpose. Elsewhere it does not, and this must not
 * compile. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/types.h>

_Static_assert(sizeof(long) == 8, "glibc and musl differ");

void *__memcpy_chk(void *to, void const *from, size_t size, size_t room);
long __fdelt_chk(long fd);
int __snprintf_chk(char *to, size_t size, int flag, size_t room, char const *format, ...);
int __sprintf_chk(char *to, int flag, size_t room, char const *format, ...);
int __open_2(char const *path, int flags);
void arc4random_buf(void *to, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

void *__memcpy_chk(void *to, void const *from, size_t size, size_t room)
{
  must(size <= room);
  return memcpy(to, from, size);
}

long __fdelt_chk(long fd)
{
  must(fd >= 0 && fd < FD_SETSIZE);
  return fd / (long)(8 * sizeof(long));
}

int __snprintf_chk(char *to, size_t size, int flag, size_t room, char const *format, ...)
{
  va_list values;
  int n;
  (void)flag;
  must(size <= room);
  va_start(values, format);
  n = vsnprintf(to, size, format, values);
  va_end(values);
  return n;
}

int __sprintf_chk(char *to, int flag, size_t room, char const *format, ...)
{
  va_list values;
  int n;
  (void)flag;
  va_start(values, format);
  n = vsnprintf(to, room, format, values);
  va_end(values);
  must(n < 0 || (size_t)n < room);
  return n;
}

int __open_2(char const *path, int flags)
{
  must(!(flags & O_CREAT));
  return open(path, flags);
}

/* Of glibc, too, and used by skalibs. */
void arc4random_buf(void *to, size_t size)
{
  while (size > 0) {
    ssize_t n = getrandom(to, size, 0);
    must(n > 0 || errno == EINTR);
    if (n > 0) {
      to = (char *)to + n;
      size -= (size_t)n;
    }
  }
}
