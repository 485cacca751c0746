/* tcp-env.c - describe the connection on descriptor 0 in the environment and become a program, below a server that
 * does not do so itself, such as inetd, xinetd or systemd: see tcp-env(1). */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "about.h"
#include "complain.h"
#include "decimal.h"
#include "description.h"
#include "descriptors.h"
#include "environment.h"
#include "inquiry.h"
#include "messages.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262 /* Linux 5.6; TCP to whoever reads and writes */
#endif

enum { CONNECTION = 0 };

#define PROG  "tcp-env"
#define USAGE "tcp-env [ -hHpPrR ] [ -l localname ] [ -t n ] program [ argument ... ]"
static char const help[] =
    USAGE "\n\n"
          "  -h / -H        ask DNS for $TCPREMOTEHOST (default) / do not\n"
          "  -p / -P        $TCPREMOTEHOST only if that name has this address, too / in any case (default)\n"
          "  -l localname   $TCPLOCALHOST; by default DNS is asked\n"
          "  -r / -R        ask ident for $TCPREMOTEINFO (default) / do not\n"
          "  -t n           wait n seconds at most for ident (30)\n"
          "  program        gets the connection as it is, and variables that describe it\n"
          "See tcp-env(1).\n";

struct options {
  bool remote_host, paranoid, remote_info;
  char const *local_host;      /* null: to be looked up */
  unsigned int info_timeout_s; /* 0: ident is not asked */
  char const *const *prog;
};

static struct options options_from(int argc, char const *const *argv)
{
  struct options o = {.remote_host = true, .remote_info = true, .info_timeout_s = 30};
  for (;;) {
    /* "+": what follows the program is none of ours. */
    int letter = getopt(argc, (char *const *)(void const *)argv, "+:hHpPrRl:t:");
    char const name[] = {'-', (char)optopt, '\0'};
    switch (letter) {
    case 'h': o.remote_host = true; break;
    case 'H': o.remote_host = false; break;
    case 'p': o.paranoid = true; break;
    case 'P': o.paranoid = false; break;
    case 'r': o.remote_info = true; break;
    case 'R': o.remote_info = false; break;
    case 'l': o.local_host = optarg; break;
    case 't':
      if (!decimal_parse(&o.info_timeout_s, optarg, 0, LOOKUP_INFO_TIMEOUT_MAX_S))
        die_usage(PROG, "-t takes seconds, 0 to 86400, not ", optarg);
      break;
    case -1:
      o.prog = argv + optind;
      if (!*o.prog)
        die_usage(PROG, USAGE);
      return o;
    case ':': die_usage(PROG, name, " needs an argument"); break;
    default: die_usage(PROG, name, " is not an option; ", USAGE);
    }
  }
}

static bool is_tcp_socket(int fd)
{
  int type, protocol = IPPROTO_TCP;
  socklen_t type_len = sizeof type;
#ifdef SO_PROTOCOL
  socklen_t protocol_len = sizeof protocol;
  if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &protocol_len) == -1)
    return false;
#endif
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 && type == SOCK_STREAM &&
         (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

/* The ends of the connection, or an exit if it has none: it listens, or the peer has reset it. */
static struct description look_at(int fd)
{
  struct description d = {.twins = true};
  struct sockaddr_storage local, remote;
  socklen_t local_len = sizeof local, remote_len = sizeof remote;
  if (getsockname(fd, (struct sockaddr *)&local, &local_len) == -1 ||
      getpeername(fd, (struct sockaddr *)&remote, &remote_len) == -1)
    die_fatal(PROG, "descriptor 0 has no peer: ", strerror(errno));
  if (!address_from_sockaddr(&d.local, &d.local_port, (struct sockaddr *)&local) ||
      !address_from_sockaddr(&d.remote, &d.remote_port, (struct sockaddr *)&remote))
    die_fatal(PROG, "descriptor 0 is neither IPv4 nor IPv6");
  d.tcp6 = d.remote.family == ADDRESS_IPV6;
  return d;
}

static bool is_said_to_be_tcp(void)
{
  char const *proto = getenv("PROTO");
  return proto && (strcmp(proto, "TCP") == 0 || strcmp(proto, "TCP6") == 0);
}

static bool says_address(char const *variable, struct address const *expected)
{
  char const *value = getenv(variable);
  struct address a;
  if (!value || !address_parse(&a, value))
    return false;
  address_unmap(&a);
  a.scope = expected->scope; /* the variables have no zone */
  return address_equal(&a, expected);
}

static bool says_port(char const *variable, uint16_t expected)
{
  char const *value = getenv(variable);
  unsigned int port;
  return value && decimal_parse(&port, value, 0, 65535) && port == expected;
}

/* By a server that has judged it, whose rules may have changed what else is said of it. What a proxy forwards has other
 * ends. */
static bool is_described(struct description const *d)
{
  if (!is_said_to_be_tcp())
    return false;
  if (getenv("TCPPROXYIP"))
    return says_address("TCPPROXYIP", &d->remote) && says_port("TCPPROXYPORT", d->remote_port);
  return says_address("TCPLOCALIP", &d->local) && says_port("TCPLOCALPORT", d->local_port) &&
         says_address("TCPREMOTEIP", &d->remote) && says_port("TCPREMOTEPORT", d->remote_port);
}

static uint32_t wanted(struct options const *o)
{
  return lookup_wanted(&(struct lookup_wishes){.remote_host = o->remote_host,
                                               .paranoid = o->paranoid,
                                               .local_host = !o->local_host,
                                               .info_timeout_s = o->remote_info ? o->info_timeout_s : 0});
}

/* Not to know is no failure: the program runs without. */
static void find_names(struct options const *o, struct description *d, struct lookup_peer_answer *facts)
{
  static struct inquiry inquiry = INQUIRY_ZERO;
  struct lookup_peer question;
  lookup_peer_begin(&question, wanted(o), o->info_timeout_s);
  question.local = d->local;
  question.remote = d->remote;
  question.local_port = d->local_port;
  question.remote_port = d->remote_port;
  d->local_host = o->local_host;
  if (question.wanted == 0)
    return;
  if (inquiry_peer(&inquiry, &question, facts))
    description_learn(d, facts);
  else
    complain(PROG, ": unable to look up host names and user: ", inquiry.problem);
  inquiry_end(&inquiry);
}

static _Noreturn void run(struct options const *o, char const *const *environment,
                          struct messages const *messages)
{
  int error = messages_execute(messages, o->prog[0], o->prog, getenv("PATH"), environment);
  die_unable(PROG, "run ", o->prog[0], error);
}

int main(int argc, char const *const *argv)
{
  static struct environment e = ENVIRONMENT_ZERO;
  char const *const *inherited = (char const *const *)environ;
  struct lookup_peer_answer facts;
  struct description d;
  struct messages messages;
  struct options o;

  if (about_answered(argc, argv, PROG, help))
    return 0;
  if (descriptors_guard() == -1)
    die_unable(PROG, "open /dev/null", "", errno);
  if (messages_divert(&messages) == -1)
    _exit(STATUS_FAILED);
  o = options_from(argc, argv);
  if (!is_tcp_socket(CONNECTION)) {
    if (!is_said_to_be_tcp())
      die_fatal(PROG, "descriptor 0 is no TCP connection");
    run(&o, inherited, &messages);
  }
  d = look_at(CONNECTION);
  if (is_described(&d))
    run(&o, inherited, &messages);
  find_names(&o, &d, &facts);
  if (environment_load(&e, inherited, environment_ucspi_names) == -1 || description_add(&d, &e) == -1)
    die_unable(PROG, "make the environment", "", errno);
  run(&o, e.entry, &messages);
}
