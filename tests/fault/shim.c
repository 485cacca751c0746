/* shim.c - a library to preload: makes chosen calls of the C library fail, so that a test can see what the
 * program then does.
 *   FAULT_CALL   the function that fails: see the list at the end
 *   FAULT_AT     its first failing call, counted from 1; FAULT_TIMES how many in a row (default 1)
 *   FAULT_ERRNO  the error, as a number
 *   FAULT_MARK   a file to which a byte is appended at each failure
 *   FAULT_HOLD   instead of failing, the call waits until this file exists, a minute at most
 * Programs that the program starts are not affected. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
  char call[32];
  long at, times;
  int error;
  char mark[256], hold[256];
  long seen;
} fault;

static long number(char const *name, long otherwise)
{
  char const *text = getenv(name);
  return text ? strtol(text, NULL, 10) : otherwise;
}

__attribute__((constructor)) static void read_orders(void)
{
  char const *call = getenv("FAULT_CALL"), *mark = getenv("FAULT_MARK"), *hold = getenv("FAULT_HOLD");
  if (call)
    strncpy(fault.call, call, sizeof fault.call - 1);
  if (mark)
    strncpy(fault.mark, mark, sizeof fault.mark - 1);
  if (hold)
    strncpy(fault.hold, hold, sizeof fault.hold - 1);
  fault.at = number("FAULT_AT", 1);
  fault.times = number("FAULT_TIMES", 1);
  fault.error = (int)number("FAULT_ERRNO", EIO);
  unsetenv("LD_PRELOAD");
}

static int fails(char const *call)
{
  int fd;
  if (strcmp(call, fault.call) != 0)
    return 0;
  fault.seen++;
  if (fault.seen < fault.at || fault.seen >= fault.at + fault.times)
    return 0;
  /* By number: open() itself may be the one that fails. */
  fd = (int)syscall(SYS_openat, AT_FDCWD, fault.mark, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd != -1) {
    syscall(SYS_write, fd, "x", 1);
    syscall(SYS_close, fd);
  }
  if (fault.hold[0]) {
    for (int left = 6000; left > 0 && access(fault.hold, F_OK) == -1; left--)
      usleep(10000);
    return 0;
  }
  errno = fault.error;
  return 1;
}

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

/* NOLINTBEGIN(bugprone-macro-parentheses): `arguments` comes with its own. */
#define FAILING(type, failed, name, parameters, arguments)                                                   \
  type name parameters;                                                                                      \
  type name parameters                                                                                       \
  {                                                                                                          \
    return fails(#name) ? (failed) : REAL(name) arguments;                                                   \
  }
/* NOLINTEND(bugprone-macro-parentheses) */

FAILING(int, -1, accept4, (int fd, struct sockaddr *restrict sa, socklen_t *restrict len, int flags),
        (fd, sa, len, flags))
FAILING(int, -1, socket, (int domain, int type, int protocol), (domain, type, protocol))
FAILING(int, -1, socketpair, (int domain, int type, int protocol, int pair[2]),
        (domain, type, protocol, pair))
FAILING(ssize_t, -1, sendmsg, (int fd, struct msghdr const *m, int flags), (fd, m, flags))
FAILING(ssize_t, -1, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags))
FAILING(int, -1, bind, (int fd, struct sockaddr const *sa, socklen_t len), (fd, sa, len))
FAILING(int, -1, listen, (int fd, int backlog), (fd, backlog))
FAILING(int, -1, getsockopt, (int fd, int level, int name, void *value, socklen_t *len),
        (fd, level, name, value, len))
FAILING(int, -1, setsockopt, (int fd, int level, int name, void const *value, socklen_t len),
        (fd, level, name, value, len))
FAILING(int, -1, getsockname, (int fd, struct sockaddr *restrict sa, socklen_t *restrict len), (fd, sa, len))
FAILING(int, -1, epoll_create1, (int flags), (flags))
FAILING(int, -1, epoll_wait, (int ep, struct epoll_event *event, int max, int ms), (ep, event, max, ms))
FAILING(int, -1, signalfd, (int fd, sigset_t const *mask, int flags), (fd, mask, flags))
FAILING(pid_t, -1, fork, (void), ())
FAILING(int, -1, chdir, (char const *path), (path))
FAILING(int, -1, fchdir, (int fd), (fd))
FAILING(char *, NULL, realpath, (char const *restrict path, char *restrict resolved), (path, resolved))
FAILING(void *, NULL, dlopen, (char const *path, int flags), (path, flags))
FAILING(int, -1, dup2, (int from, int to), (from, to))
FAILING(int, -1, memfd_create, (char const *name, unsigned int flags), (name, flags))
FAILING(int, -1, flock, (int fd, int operation), (fd, operation))
FAILING(int, -1, fstat, (int fd, struct stat *st), (fd, st))
FAILING(int, -1, stat, (char const *restrict path, struct stat *restrict st), (path, st))
FAILING(void *, NULL, reallocarray, (void *pointer, size_t count, size_t size), (pointer, count, size))
FAILING(void *, MAP_FAILED, mmap, (void *at, size_t len, int protection, int flags, int fd, off_t offset),
        (at, len, protection, flags, fd, offset))

/* dlsym() may allocate with these, so they go around it. */
void *__libc_calloc(size_t count, size_t size);
void *calloc(size_t count, size_t size)
{
  return fails("calloc") ? NULL : __libc_calloc(count, size);
}

/* To stop watching what is watched never fails. */
int epoll_ctl(int ep, int op, int fd, struct epoll_event *event)
{
  return op != EPOLL_CTL_DEL && fails("epoll_ctl") ? -1 : REAL(epoll_ctl)(ep, op, fd, event);
}

void *__libc_malloc(size_t size);
void *malloc(size_t size)
{
  return fails("malloc") ? NULL : __libc_malloc(size);
}

void *__libc_realloc(void *pointer, size_t size);
void *realloc(void *pointer, size_t size)
{
  return fails("realloc") ? NULL : __libc_realloc(pointer, size);
}

int open(char const *path, int flags, ...)
{
  va_list rest;
  mode_t mode;
  va_start(rest, flags);
  mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return fails("open") ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int fcntl(int fd, int command, ...)
{
  va_list rest;
  long argument;
  va_start(rest, command);
  argument = va_arg(rest, long);
  va_end(rest);
  return fails("fcntl") ? -1 : (int)syscall(SYS_fcntl, fd, command, argument);
}

int clone(int (*run)(void *), void *stack, int flags, void *argument, ...)
{
  va_list rest;
  int *pidfd;
  va_start(rest, argument);
  pidfd = va_arg(rest, int *);
  va_end(rest);
  return fails("clone") ? -1 : REAL(clone)(run, stack, flags, argument, pidfd);
}
