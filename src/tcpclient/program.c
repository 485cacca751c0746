/* program.c - see program.h. Whatever else was inherited (descriptors, signals that are ignored, limits) passes
 * through: tcpclient is a link in a chain, and nohup or softlimit may stand in front of it. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <unistd.h>

#include <skalibs/exec.h>

#include "decimal.h"
#include "environment.h"
#include "report.h"

enum { DESCRIPTOR_READ = 6, DESCRIPTOR_WRITE = 7 }; /* ucspi-tcp's protocol for clients */

void program_guard_descriptors(enum verbosity verbosity)
{
  for (int fd = 0; fd <= 2; fd++) {
    /* Opened the wrong way round, so that it can't be used by mistake. */
    int mode = fd == 0 ? O_WRONLY : O_RDONLY;
    if (fcntl(fd, F_GETFD) == -1 && errno == EBADF && open("/dev/null", mode | O_CLOEXEC) != fd)
      report_fatal_system(verbosity, "unable to open /dev/null");
  }
}

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

/* Both names for an IPv6 connection, the classic one for IPv4. */
static int add(struct environment *e, bool ipv6, char const *classic, char const *twin, char const *value)
{
  return environment_add(e, classic, value) == -1 || (ipv6 && environment_add(e, twin, value) == -1) ? -1 : 0;
}
#define ADD(name, value) add(e, ipv6, "TCP" name, "TCP6" name, value)

static int add_interface(struct environment *e, bool ipv6, struct address const *remote)
{
  char name[IF_NAMESIZE];
  if (remote->scope == 0 || !if_indextoname(remote->scope, name))
    return 0;
  return ADD("INTERFACE", name);
}

static int add_facts(struct environment *e, bool ipv6, struct options const *o,
                     struct lookup_peer_answer const *facts)
{
  char const *local_host = facts->known & LOOKUP_LOCAL_HOST ? facts->local_host : NULL;
  if (o->local_host)
    local_host = o->local_host;
  if (local_host && ADD("LOCALHOST", local_host) == -1)
    return -1;
  if ((facts->known & LOOKUP_REMOTE_HOST) && ADD("REMOTEHOST", facts->remote_host) == -1)
    return -1;
  return facts->known & LOOKUP_INFO ? ADD("REMOTEINFO", facts->info) : 0;
}

static int describe(struct environment *e, struct options const *o, struct connection const *c,
                    struct lookup_peer_answer const *facts)
{
  char local[ADDRESS_TEXT_SIZE], remote[ADDRESS_TEXT_SIZE];
  char local_port[DECIMAL_SIZE], remote_port[DECIMAL_SIZE];
  bool ipv6 = c->remote.family == ADDRESS_IPV6;

  address_print(local, &c->local);
  address_print(remote, &c->remote);
  decimal_print(local_port, c->local_port);
  decimal_print(remote_port, c->remote_port);
  if (environment_add(e, "PROTO", ipv6 ? "TCP6" : "TCP") == -1 || ADD("LOCALIP", local) == -1 ||
      ADD("LOCALPORT", local_port) == -1 || ADD("REMOTEIP", remote) == -1 ||
      ADD("REMOTEPORT", remote_port) == -1 || add_interface(e, ipv6, &c->remote) == -1 ||
      add_facts(e, ipv6, o, facts) == -1)
    return -1;
  return c->mux_service[0] ? environment_add(e, "TCPMUXSERVICE", c->mux_service) : 0;
}

_Noreturn void program_run(struct options const *o, struct connection const *c,
                           struct lookup_peer_answer const *facts)
{
  static struct environment e = ENVIRONMENT_ZERO;
  if (environment_load(&e, (char const *const *)environ, environment_ucspi_names) == -1 ||
      describe(&e, o, c, facts) == -1)
    report_fatal_system(o->verbosity, "unable to make the environment");
  if (place_descriptors(c->fd) == -1)
    report_fatal_system(o->verbosity, "unable to set up descriptors 6 and 7");
  signal(SIGPIPE, SIG_DFL);
  exec_ae(o->prog[0], o->prog, e.entry);
  report_fatal_system(o->verbosity, "unable to run ", o->prog[0]);
  _exit(111);
}
