/* floor.c - the cheapest servers that can exist, for the real ones to be compared with.
 *
 *   floor exec prog [args]   accept, vfork, exec prog with the connection as descriptors 0 and 1
 *   floor fork object.so     accept, fork, call the function `service` of that object with the connection as descriptor 1
 *   floor close              accept, close
 *   floor port               print a port that is free now, and exit (for servers that cannot say theirs)
 *
 * Listens on 127.0.0.1 at any free port and prints it. No rules, no limits, no log, no signals; the kernel
 * reaps the children. prog does get an environment of the size that tcpserver -HRl0 gives it, with the peer's
 * address and port written for each connection, because no server can do without. */
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>

static char const PROG[] = "floor";
#include "bench.h"

#define VARIABLE_SIZE 64

static void usage(void)
{
  fputs("floor: usage: floor exec prog [args] | floor fork object.so | floor close | floor port\n", stderr);
  exit(100);
}

static char *decimal(char *to, unsigned int n)
{
  char digit[12];
  size_t digits = 0;
  do
    digit[digits++] = (char)('0' + n % 10);
  while (n /= 10);
  while (digits)
    *to++ = digit[--digits];
  return to;
}

struct peer {
  char address[VARIABLE_SIZE];
  char port[VARIABLE_SIZE];
};

static void describe(struct peer *p, struct sockaddr_in const *from)
{
  unsigned char octet[4];
  char *to = p->address + strlen("TCPREMOTEIP=");
  memcpy(octet, &from->sin_addr, sizeof octet);
  for (int i = 0; i < 4; i++) {
    to = decimal(to, octet[i]);
    *to++ = i < 3 ? '.' : '\0';
  }
  *decimal(p->port + strlen("TCPREMOTEPORT="), ntohs(from->sin_port)) = '\0';
}

typedef int function(int argc, char **argv, char **envp);

/* The static floor, for all other rows, can't load anything. */
static function *load(char const *path)
{
  union {
    void *found;
    function *service;
  } symbol = {NULL};
#ifdef LOADS
  void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  symbol.found = object ? dlsym(object, "service") : NULL;
#endif
  if (!symbol.found)
    die(path);
  return symbol.service;
}

static void call_in_child(int connection, function *service)
{
  pid_t pid = fork();
  if (pid < 0)
    die("fork");
  if (pid == 0)
    _exit(dup2(connection, 1) == 1 ? service(1, (char *[]){"service", NULL}, environ) : 111);
}

static void serve(int listener, char *const *prog, function *service)
{
  struct peer peer = {.address = "TCPREMOTEIP=", .port = "TCPREMOTEPORT="};
  char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
                               "PROTO=TCP",
                               "TCPLOCALIP=127.0.0.1",
                               "TCP6LOCALIP=::ffff:127.0.0.1",
                               "TCPLOCALPORT=10000",
                               "TCP6LOCALPORT=10000",
                               "TCPLOCALHOST=0",
                               "TCP6LOCALHOST=0",
                               peer.address,
                               "TCP6REMOTEIP=::ffff:127.0.0.1",
                               peer.port,
                               "TCP6REMOTEPORT=40000",
                               "TCPCONNNUM=1",
                               NULL};
  for (;;) {
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    int connection = accept4(listener, (struct sockaddr *)&from, &size, SOCK_CLOEXEC);
    if (connection < 0)
      continue;
    if (prog) {
      describe(&peer, &from);
      run(connection, prog, environment);
    }
    if (service)
      call_in_child(connection, service);
    close(connection);
  }
}

int main(int argc, char **argv)
{
  struct sigaction nobody_waits = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
  bool executes = argc > 2 && strcmp(argv[1], "exec") == 0;
  bool forks = argc == 3 && strcmp(argv[1], "fork") == 0;
  if (argc == 2 && strcmp(argv[1], "port") == 0)
    return close(listener_announced());
  if (!executes && !forks && !(argc == 2 && strcmp(argv[1], "close") == 0))
    usage();
  sigaction(SIGCHLD, &nobody_waits, NULL);
  serve(listener_announced(), executes ? argv + 2 : NULL, forks ? load(argv[2]) : NULL);
}
