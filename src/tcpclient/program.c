/* program.c - see program.h. Whatever else was inherited (descriptors, signals that are ignored, limits) passes
 * through: tcpclient is a link in a chain, and nohup or softlimit may stand in front of it. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "description.h"
#include "environment.h"
#include "execute.h"
#include "report.h"

enum { DESCRIPTOR_READ = 6, DESCRIPTOR_WRITE = 7 }; /* ucspi-tcp's protocol for clients */

static int place_descriptors(int fd)
{
  int flags = fcntl(fd, F_GETFL);
  if (flags == -1 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == -1)
    return -1;
  if (fd == DESCRIPTOR_READ || fd == DESCRIPTOR_WRITE)
    return fcntl(fd, F_SETFD, 0) == -1 ||
                   dup2(fd, fd == DESCRIPTOR_READ ? DESCRIPTOR_WRITE : DESCRIPTOR_READ) == -1
               ? -1
               : 0;
  return dup2(fd, DESCRIPTOR_READ) == -1 || dup2(fd, DESCRIPTOR_WRITE) == -1 ? -1 : 0;
}

static int describe(struct environment *e, struct options const *o, struct connection const *c,
                    struct lookup_peer_answer const *facts, struct tls_facts const *tls)
{
  bool ipv6 = c->remote.family == ADDRESS_IPV6;
  struct description d = {.local = c->local,
                          .remote = c->remote,
                          .local_port = c->local_port,
                          .remote_port = c->remote_port,
                          .tcp6 = ipv6,
                          .twins = ipv6};
  description_learn(&d, facts);
  if (o->local_host)
    d.local_host = o->local_host;
  if (description_add(&d, e) == -1 || (tls && tls_environment_add(tls, NULL, e) == -1))
    return -1;
  return c->mux_service[0] ? environment_add(e, "TCPMUXSERVICE", c->mux_service) : 0;
}

/* Without what an outer connection may have left: this one is described, and nothing else. */
static int make_environment(struct environment *e)
{
  if (environment_load(e, (char const *const *)environ, environment_ucspi_names) == -1)
    return -1;
  for (char const *const *name = tls_environment_names; *name; name++)
    environment_unset(e, *name);
  return 0;
}

_Noreturn void program_run(struct options const *o, struct connection const *c,
                           struct lookup_peer_answer const *facts, struct tls_facts const *tls)
{
  static struct environment e = ENVIRONMENT_ZERO;
  if (make_environment(&e) == -1 || describe(&e, o, c, facts, tls) == -1)
    report_fatal_system(o->verbosity, "unable to make the environment");
  if (place_descriptors(c->fd) == -1)
    report_fatal_system(o->verbosity, "unable to set up descriptors 6 and 7");
  signal(SIGPIPE, SIG_DFL);
  errno = execute(o->prog[0], o->prog, getenv("PATH"), e.entry);
  report_fatal_system(o->verbosity, "unable to run ", o->prog[0]);
  _exit(111);
}
