/* tcpserver.c - accepts TCP connections, admits or refuses them, and runs a program for each: tcpserver(1). */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/close_range.h>
#include <sys/syscall.h>
#endif

#include <skalibs/strerr.h>

#include "about.h"
#include "listener.h"
#include "loop.h"
#include "options.h"
#include "privileges.h"
#include "signals.h"

char const *PROG = "tcpserver";

/* Descriptors 0 to 2 are taken, whatever the parent left closed: no socket may get their numbers. */
static void fill_standard_descriptors(void)
{
  int fd;
  do
    fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= 2);
  if (fd == -1)
    strerr_diefusys(111, "open /dev/null");
  close(fd);
}

/* Nothing is read from standard input: it becomes /dev/null once a passed listener has been taken from it. */
static void close_standard_input(void)
{
  int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (fd == -1 || dup2(fd, 0) == -1)
    strerr_diefusys(111, "open /dev/null");
  close(fd);
}

/* What else the parent left open is none of prog's business. Where the system has no call for it, the few that a
 * careless parent may have left are done one by one. */
static void hide_inherited_descriptors(void)
{
#if defined(CLOSE_RANGE_CLOEXEC) && !defined(UCSPI_PORTABLE)
  if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
    return;
#endif
  for (int fd = 3; fd < 1024; fd++)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int main(int argc, char const *const *argv, char const *const *envp)
{
  static struct options options;
  struct listener listener;

  signals_begin();
  fill_standard_descriptors();
  if (about_answered(argc, argv, PROG, options_help))
    return 0;
  options = options_from(argc, argv);
  hide_inherited_descriptors();
  listener = listener_open(&options);
  close_standard_input();
  loop_begin(&options, &listener, envp);
  privileges_drop(&options);
  loop_prepare();
  listener_announce(&listener, &options);
  return loop_run();
}
