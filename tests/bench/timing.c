/* timing.c - runs a program and prints what it took: the shell has no clock finer than a second.
 *
 *   timing prog [args]
 *
 * Prints seconds=… (from before fork to after wait), cpu=… (user and system seconds) and rss_kb=… (the most
 * memory it had) as one line on standard error, and exits as prog did. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
  return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
  int status;
  struct rusage used;
  if (argc < 2) {
    fputs("timing: usage: timing prog [args]\n", stderr);
    return 100;
  }
  double begin = now();
  pid_t pid = fork();
  if (pid == 0) {
    execvp(argv[1], argv + 1);
    fprintf(stderr, "timing: fatal: unable to run %s: %s\n", argv[1], strerror(errno));
    _exit(111);
  }
  if (pid < 0 || wait4(pid, &status, 0, &used) < 0) {
    perror("timing: fatal");
    return 111;
  }
  fprintf(stderr, "seconds=%.4f cpu=%.4f rss_kb=%ld\n", now() - begin,
          seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 111;
}
