/* bench.h - what programs of the benchmark share: the clock, figures, and the barest way to listen and to run a program.
 * Each includes it after it has said its own name as PROG, for messages. */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECOND_US 1000000u
#define BACKLOG   4096

static inline _Noreturn void die(char const *what)
{
  fprintf(stderr, "%s: fatal: %s: %s\n", PROG, what, strerror(errno));
  exit(111);
}

static inline uint64_t now_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * SECOND_US + (uint64_t)now.tv_nsec / 1000;
}

/* --- Servers -------------------------------------------------------------------------------------------- */

/* Listens on 127.0.0.1 at any free port, and prints it. */
static inline int listener_announced(void)
{
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof here;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) < 0 || listen(fd, BACKLOG) < 0 ||
      getsockname(fd, (struct sockaddr *)&here, &size) < 0)
    die("unable to listen");
  printf("%u\n", (unsigned int)ntohs(here.sin_port));
  if (fflush(stdout) == EOF)
    die("unable to print the port");
  return fd;
}

/* Runs prog with the connection as descriptors 0 and 1. Apart, so that nothing of the caller's frame is live across
 * vfork(). */
__attribute__((noinline, unused)) static void run(int connection, char *const *prog, char *const *environment)
{
  pid_t pid = vfork(); // NOLINT(clang-analyzer-security.insecureAPI.vfork): it is what we measure
  if (pid < 0)
    die("vfork");
  if (pid == 0) {
    // NOLINTNEXTLINE(clang-analyzer-unix.Vfork): dup2 is safe here, it writes no memory that is shared
    if (dup2(connection, 0) == 0 && dup2(connection, 1) == 1)
      execve(prog[0], prog, environment);
    _exit(111);
  }
}

/* --- Clients -------------------------------------------------------------------------------------------- */

static inline int by_value(void const *a, void const *b)
{
  uint32_t x = *(uint32_t const *)a, y = *(uint32_t const *)b;
  return (x > y) - (x < y);
}

/* Prints how many there were, in how long, and how many per second. */
static inline void print_figures(char const *prefix, size_t count, double seconds)
{
  printf("%sok=%zu %sseconds=%.3f %srate=%.0f", prefix, count, prefix, seconds, prefix,
         seconds > 0 ? (double)count / seconds : 0);
}

/* Prints percentiles of what they took, which it sorts. */
static inline void print_percentiles(char const *prefix, uint32_t *latency_us, size_t count)
{
  static struct {
    char const *name;
    size_t per_thousand;
  } const percentile[] = {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"max", 1000}};
  qsort(latency_us, count, sizeof *latency_us, by_value);
  for (size_t i = 0; count > 0 && i < sizeof percentile / sizeof *percentile; i++)
    printf(" %s%s=%u", prefix, percentile[i].name,
           (unsigned int)latency_us[(count - 1) * percentile[i].per_thousand / 1000]);
}

/* Proportional set size of a process in kB, as the kernel sums it; 0 if it can't be read. */
static inline unsigned long memory_kb(long pid)
{
  char line[256];
  unsigned long kb = 0;
  snprintf(line, sizeof line, "/proc/%ld/smaps_rollup", pid);
  FILE *f = fopen(line, "re");
  if (!f)
    return 0;
  while (!kb && fgets(line, sizeof line, f))
    if (strncmp(line, "Pss:", 4) == 0)
      kb = strtoul(line + 4, NULL, 10);
  fclose(f);
  return kb;
}

#endif
