/* starts.c - how long a program takes from vfork() to its end, again and again, with nothing to read and nobody who
 * reads what it writes.
 *
 *   starts [ -c ] COUNT prog [args]
 *
 * Prints us=… (the median, in microseconds) on standard output. prog is a path. With -c what it finds at descriptor 0
 * is a TCP connection. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COUNT_MAX = 100000 };

static double now_us(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(void const *a, void const *b)
{
  double x = *(double const *)a, y = *(double const *)b;
  return (x > y) - (x < y);
}

static double start_us(char **argv)
{
  int status;
  double begin = now_us();
  pid_t pid = vfork(); // NOLINT(clang-analyzer-security.insecureAPI.vfork): it is what we measure
  if (pid == 0) {
    execv(argv[0], argv);
    _exit(111);
  }
  if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) == 111) {
    fprintf(stderr, "starts: fatal: unable to run %s\n", argv[0]);
    exit(111);
  }
  return now_us() - begin;
}

static int fail(char const *what)
{
  fprintf(stderr, "starts: fatal: unable to %s\n", what);
  exit(111);
}

/* The server's end of a connection with this process. */
static int connection(void)
{
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof a;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;
  if (bind(listener, (struct sockaddr *)&a, len) == -1 || listen(listener, 1) == -1 ||
      getsockname(listener, (struct sockaddr *)&a, &len) == -1 ||
      connect(client, (struct sockaddr *)&a, len) == -1 || (server = accept(listener, NULL, NULL)) == -1)
    return fail("connect to myself");
  close(listener);
  return server;
}

int main(int argc, char **argv)
{
  int is_connected = argc > 1 && strcmp(argv[1], "-c") == 0;
  argc -= is_connected;
  argv += is_connected;
  static double took[COUNT_MAX];
  size_t count = argc > 2 ? (size_t)atol(argv[1]) : 0;
  int said = dup(STDOUT_FILENO), null = open("/dev/null", O_RDWR);
  if (count == 0 || count > COUNT_MAX || said < 0 || null < 0) {
    fputs("starts: usage: starts [ -c ] COUNT prog [args]\n", stderr);
    return 100;
  }
  fcntl(said, F_SETFD, FD_CLOEXEC);
  dup2(is_connected ? connection() : null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  for (size_t i = 0; i < count; i++)
    took[i] = start_us(argv + 2);
  qsort(took, count, sizeof *took, compare);
  dprintf(said, "us=%.1f\n", took[count / 2]);
  return 0;
}
