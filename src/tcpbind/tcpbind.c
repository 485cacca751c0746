/* tcpbind.c - listens at a TCP port and becomes a program that gets the socket as descriptor 0: tcpbind(1). */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "about.h"
#include "decimal.h"
#include "descriptors.h"
#include "execute.h"
#include "listen.h"
#include "options.h"
#include "transfer.h"

char const *PROG = "tcpbind";

static int listening(struct options const *o)
{
  struct listen_wish const w = {.host = o->host,
                                .port = o->port,
                                .only = o->family,
                                .first = ADDRESS_IPV4,
                                .interface = o->interface,
                                .backlog = o->backlog};
  struct listen_problem problem;
  struct address a;
  int fd = listen_find(&a, &w, &problem) ? listen_at(&a, &w, &problem) : -1;
  if (fd == -1)
    strerr_dief(111, problem.text);
  return fd;
}

static void announce(int fd)
{
  char line[DECIMAL_SIZE + 1];
  struct address a;
  uint16_t port;
  size_t len;
  if (!listen_bound_to(&a, &port, fd))
    strerr_diefusys(111, "get local address");
  len = decimal_print(line, port);
  line[len++] = '\n';
  if (!transfer_write(1, line, len))
    strerr_diefusys(111, "write to standard output");
}

/* What a service manager has passed to us is not what the program is to listen at: it has our process id. */
static void forget_passed_sockets(void)
{
  unsetenv("LISTEN_PID");
  unsetenv("LISTEN_FDS");
  unsetenv("LISTEN_FDNAMES");
}

int main(int argc, char const *const *argv)
{
  struct options o;
  int fd;

  if (about_answered(argc, argv, PROG, options_help))
    return 0;
  o = options_from(argc, argv);
  if (descriptors_guard() == -1)
    strerr_diefusys(111, "open /dev/null");
  fd = listening(&o);
  if (o.print_port)
    announce(fd);
  if (dup2(fd, 0) == -1)
    strerr_diefusys(111, "set up descriptor 0");
  close(fd);
  forget_passed_sockets();
  errno = execute(o.prog[0], o.prog, getenv("PATH"), (char const *const *)environ);
  strerr_diefusys(111, "run ", o.prog[0]);
}
