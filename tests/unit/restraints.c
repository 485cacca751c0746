/* Restraints: what a process has given up it can't do and can't have back; descriptors are allowed as far as the system
 * lets us. Each case is a process of its own, since nothing of this can be undone. */
#include "restraints.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "descriptors.h"
#include "tap.h"

/* Is it true in a process of its own? */
static bool in_child(bool (*is_so)(void))
{
  int status;
  pid_t pid;
  fflush(stdout);
  pid = fork();
  if (pid == 0)
    _exit(is_so() ? 0 : 1);
  return pid != -1 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Descriptor `fd` becomes a file that has no name, or a pipe. */
static int make_output(int fd, bool file)
{
  char name[] = "/tmp/restraints-XXXXXX";
  int made, pipes[2];
  if (file) {
    made = mkstemp(name);
    unlink(name);
  } else
    made = pipe(pipes) == 0 ? pipes[1] : -1;
  return made == -1 ? -1 : dup2(made, fd);
}

static bool can_write_files(int first_output, bool file_as_1, bool file_as_2)
{
  int fd;
  make_output(1, file_as_1);
  make_output(2, file_as_2);
  signal(SIGXFSZ, SIG_IGN);
  restraints_put_on(first_output);
  fd = make_output(9, true);
  return fd == 9 && write(fd, "x", 1) == 1;
}

static bool writes_nothing(void)
{
  return !can_write_files(1, false, false) && errno == EFBIG;
}

static bool writes_to_stderr(void)
{
  return can_write_files(1, false, true);
}

static bool writes_to_stdout(void)
{
  return can_write_files(1, true, false);
}

static bool does_not_write_to_stdout(void)
{
  return !can_write_files(2, true, false);
}

static bool is_zero(restraint_resource resource)
{
  struct rlimit l;
  return getrlimit(resource, &l) == 0 && l.rlim_cur == 0 && l.rlim_max == 0;
}

static bool has_no_core(void)
{
  restraints_put_on(1);
  return is_zero(RLIMIT_CORE);
}

static bool has_no_processes(void)
{
  pid_t pid;
  restraints_put_on(1);
  if (!is_zero(RLIMIT_NPROC))
    return false;
  if (geteuid() == 0)
    return true;
  pid = fork();
  if (pid == 0)
    _exit(0);
  return pid == -1 && errno == EAGAIN;
}

static bool gains_no_privileges(void)
{
  restraints_put_on(1);
#ifdef __linux__
  return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
#else
  return true;
#endif
}

static bool files_are(rlim_t soft, rlim_t hard)
{
  struct rlimit l;
  return getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur == soft && l.rlim_max == hard;
}

static void set_files(rlim_t soft, rlim_t hard)
{
  struct rlimit const l = {soft, hard};
  setrlimit(RLIMIT_NOFILE, &l);
}

static bool lowers_both(void)
{
  set_files(50, 90);
  restraints_limit(RLIMIT_NOFILE, 40);
  return files_are(40, 40);
}

static bool leaves_what_is_lower(void)
{
  set_files(30, 40);
  restraints_limit(RLIMIT_NOFILE, 50);
  return files_are(40, 40);
}

static bool allows_what_is_needed(void)
{
  set_files(30, 90);
  return descriptors_allow(60) == 60 && files_are(60, 90);
}

static bool allows_no_less(void)
{
  set_files(80, 90);
  return descriptors_allow(60) == 80 && files_are(80, 90);
}

/* As root the hard limit could be raised: it is not. */
static bool allows_what_it_may(void)
{
  set_files(30, 90);
  return descriptors_allow(100000) == 90 && files_are(90, 90);
}

static bool closes_the_others(void)
{
  int high = fcntl(0, F_DUPFD, 200);
  dup2(0, 3);
  descriptors_close_others();
  return high >= 200 && fcntl(high, F_GETFD) == -1 && fcntl(3, F_GETFD) == -1 && fcntl(2, F_GETFD) != -1;
}

int main(void)
{
  descriptors_guard();
  ok(in_child(writes_nothing), "no file can be written");
  ok(in_child(writes_to_stderr), "... unless standard error is one");
  ok(in_child(writes_to_stdout), "... or standard output, for who writes there");
  ok(in_child(does_not_write_to_stdout), "... but not for who doesn't");
  ok(in_child(has_no_core), "no core is left behind");
  ok(in_child(has_no_processes), "no process can be started, but by root");
  ok(in_child(gains_no_privileges), "no program gives new privileges");
  ok(in_child(lowers_both), "a limit is lowered for good");
  ok(in_child(leaves_what_is_lower), "... and never raised beyond what it may be");
  ok(in_child(allows_what_is_needed), "as many descriptors are allowed as are needed");
  ok(in_child(allows_no_less), "... never fewer than before");
  ok(in_child(allows_what_it_may), "... and at most what the system lets us");
  ok(in_child(closes_the_others), "all descriptors but the first three are closed");
  return tap_done();
}
