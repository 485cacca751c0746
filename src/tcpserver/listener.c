/* listener.c - see listener.h. */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>
#include <skalibs/strerr.h>

#include "clock.h"
#include "decimal.h"
#include "inquiry.h"
#include "privileges.h"

#define FIRST_PASSED_DESCRIPTOR 3 /* SD_LISTEN_FDS_START, sd_listen_fds(3) */

static _Noreturn void no_answer(char const *host, char const *why)
{
  strerr_dief(111, "temporarily unable to figure out IP address for ", host, ": ", why);
}

static void ask(struct inquiry *tcplookup, struct options const *o)
{
  struct lookup_host q;
  struct in_addr loose;
  memset(&q, 0, sizeof q);
  q.family = o->ipv4_only ? ADDRESS_IPV4 : ADDRESS_NONE;
  if (strlen(o->host) < sizeof q.name)
    memcpy(q.name, o->host, strlen(o->host));
  /* 1.2.3, 0x7f000001 and the like: a resolver might make an address of them, nobody meant one. */
  if (inet_aton(o->host, &loose) || !lookup_host_is_sound(&q))
    strerr_dief(111, "no IP address for ", o->host);
  if (inquiry_ask(tcplookup, LOOKUP_HOST, &q))
    return;
  if (tcplookup->last_id == 0)
    strerr_dief(111, tcplookup->problem); /* it could not even be started */
  no_answer(o->host, tcplookup->problem);
}

/* One answer; exits if there is none in time. */
static void await_answer(struct inquiry *tcplookup, struct lookup_host_answer *answer, char const *host,
                         int64_t deadline_ms)
{
  struct message m;
  enum inquiry_result result = inquiry_receive(tcplookup, LOOKUP_HOST_ANSWER, &m, deadline_ms);
  if (result != INQUIRY_ANSWERED)
    no_answer(host, result == INQUIRY_SILENT ? "timed out" : "tcplookup has failed");
  memcpy(answer, m.payload, sizeof *answer);
}

/* Both families, unless one is all that is wanted; of two, IPv4 unless -6 was given. */
static void ask_for_address(struct address *a, struct options const *o)
{
  static struct inquiry tcplookup = INQUIRY_ZERO;
  struct lookup_host_answer answer;
  unsigned int answers = o->ipv4_only ? 1 : 2;
  uint32_t first = o->ipv6_environment && !o->ipv4_only ? ADDRESS_IPV6 : ADDRESS_IPV4;
  uint32_t worst = LOOKUP_NONE;
  int64_t deadline_ms = clock_ms() + (int64_t)INQUIRY_DNS_TIMEOUT_S * 1000;

  a->family = ADDRESS_NONE;
  ask(&tcplookup, o);
  for (; answers > 0; answers--) {
    await_answer(&tcplookup, &answer, o->host, deadline_ms);
    if (answer.status == LOOKUP_FOUND && (a->family == ADDRESS_NONE || answer.family == first))
      *a = answer.address[0];
    else if (answer.status > worst)
      worst = answer.status;
  }
  inquiry_end(&tcplookup);
  if (a->family != ADDRESS_NONE)
    return;
  if (worst == LOOKUP_SETTINGS)
    strerr_dief(111, "unable to figure out IP address for ", o->host, ": the resolver's settings are wrong");
  if (worst == LOOKUP_FAILURE)
    no_answer(o->host, "no DNS server could tell");
  strerr_dief(111, "no IP address for ", o->host);
}

/* Ends with tcpserver, which may be told to end before DNS has answered. */
static _Noreturn void ask_and_tell(struct options const *o, pid_t parent, int out)
{
  struct address a;
  privileges_drop(o);
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  if (getppid() != parent)
    _exit(111);
  ask_for_address(&a, o);
  _exit(write(out, &a, sizeof a) == (ssize_t)sizeof a ? 0 : 111);
}

/* What DNS says is not for root to read: if privileges are to be dropped, a process asks that has none of those that
 * are still needed to bind. */
static void resolve(struct address *a, struct options const *o)
{
  pid_t const self = getpid();
  int tube[2], wait_status = 0;
  ssize_t len;
  pid_t pid;

  if (!o->user && !o->group && !o->ids_from_environment) {
    ask_for_address(a, o);
    return;
  }
  if (pipe2(tube, O_CLOEXEC) == -1 || (pid = fork()) == -1)
    strerr_diefusys(111, "look up ", o->host);
  if (pid == 0)
    ask_and_tell(o, self, tube[1]);
  close(tube[1]);
  do
    len = read(tube[0], a, sizeof *a);
  while (len == -1 && errno == EINTR);
  close(tube[0]);
  while (waitpid(pid, &wait_status, 0) == -1 && errno == EINTR)
    ;
  if (len == (ssize_t)sizeof *a)
    return;
  if (WIFSIGNALED(wait_status))
    no_answer(o->host, "the process that asked was killed");
  _exit(111); /* it has said why */
}

static struct address find_address(struct options const *o)
{
  struct address a = {.family = ADDRESS_NONE};
  if (!*o->host || strcmp(o->host, "0") == 0)
    return a;
  if (!address_parse(&a, o->host))
    resolve(&a, o);
  address_unmap(&a);
  if (o->ipv4_only && a.family != ADDRESS_IPV4)
    strerr_dief(111, "-4 was given, but ", o->host, " is not an IPv4 address");
  return a;
}

static uint16_t find_port(char const *text)
{
  unsigned int number;
  struct servent const *service;
  if (decimal_parse(&number, text, 0, 65535))
    return (uint16_t)number;
  service = *text && text[strspn(text, "0123456789")] ? getservbyname(text, "tcp") : NULL;
  if (!service)
    strerr_dief(111, "unable to figure out port number for ", text);
  return ntohs((uint16_t)service->s_port);
}

/* An IPv6 link-local address is bound with its scope; any other listener is tied to the interface itself. */
static void use_interface(int fd, struct address *a, char const *name)
{
  unsigned int index = if_nametoindex(name);
  if (index == 0)
    strerr_dief(111, "unable to find interface ", name);
  if (address_is_link_local(a)) {
    a->scope = index;
    return;
  }
#ifdef SO_BINDTODEVICE
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)) == -1)
    strerr_diefusys(111, "listen on interface ", name);
#else
  (void)fd;
  strerr_dief(111, "-I is for IPv6 link-local addresses on this system");
#endif
}

static int bind_to(int fd, struct address const *a, uint16_t port)
{
  struct sockaddr_storage ss;
  return bind(fd, (struct sockaddr *)&ss, address_to_sockaddr(&ss, a, port));
}

static void set_int(int fd, int level, int name, int value)
{
  if (setsockopt(fd, level, name, &value, sizeof value) == -1)
    strerr_diefusys(111, "set socket option");
}

/* One socket for IPv6 and IPv4; where there is no IPv6, IPv4 alone. */
static int open_wildcard(struct options const *o, uint16_t port)
{
  struct address any6 = {.family = ADDRESS_IPV6}, any4 = {.family = ADDRESS_IPV4};
  int fd = o->ipv4_only ? -1 : socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd != -1) {
    set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (o->interface)
      use_interface(fd, &any6, o->interface);
    if (bind_to(fd, &any6, port) == 0)
      return fd;
    if (errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT)
      strerr_diefusys(111, "bind to port ", o->port);
    close(fd);
  } else if (!o->ipv4_only && errno != EAFNOSUPPORT)
    strerr_diefusys(111, "create socket");
  fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd == -1)
    strerr_diefusys(111, "create socket");
  set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (o->interface)
    use_interface(fd, &any4, o->interface);
  if (bind_to(fd, &any4, port) == -1)
    strerr_diefusys(111, "bind to port ", o->port);
  return fd;
}

static int open_address(struct options const *o, struct address *a, uint16_t port)
{
  int family = a->family == ADDRESS_IPV4 ? AF_INET : AF_INET6;
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd == -1)
    strerr_diefusys(111, "create socket");
  if (family == AF_INET6)
    set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (o->interface)
    use_interface(fd, a, o->interface);
  if (bind_to(fd, a, port) == -1)
    strerr_diefusys(111, "bind to ", o->host, " port ", o->port);
  return fd;
}

static int open_new(struct options const *o)
{
  struct address a = find_address(o);
  uint16_t port = find_port(o->port);
  int fd = a.family == ADDRESS_NONE ? open_wildcard(o, port) : open_address(o, &a, port);
  if (listen(fd, (int)o->backlog) == -1)
    strerr_diefusys(111, "listen");
  return fd;
}

static int int_option(int fd, int name)
{
  int value = -1;
  socklen_t len = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &len) == -1 ? -1 : value;
}

/* systemd's protocol if it is meant for this process (sd_listen_fds(3)), else descriptor 0. */
static int find_passed(void)
{
  char const *pid_text = getenv("LISTEN_PID"), *count_text = getenv("LISTEN_FDS");
  unsigned int pid, count;
  if (!pid_text || !count_text || !decimal_parse(&pid, pid_text, 1, INT32_MAX) || (pid_t)pid != getpid())
    return 0;
  if (!decimal_parse(&count, count_text, 1, INT32_MAX))
    strerr_dief(111, "bad $LISTEN_FDS: ", count_text);
  if (count != 1)
    strerr_dief(111, "$LISTEN_FDS is ", count_text, ": one listening socket is wanted");
  return FIRST_PASSED_DESCRIPTOR;
}

static int open_passed(struct options const *o)
{
  int passed = find_passed(), fd, flags;
  char name[DECIMAL_SIZE];
  decimal_print(name, (uint64_t)passed);
  if (int_option(passed, SO_ACCEPTCONN) != 1 || int_option(passed, SO_TYPE) != SOCK_STREAM)
    strerr_dief(111, "descriptor ", name, " is not a listening TCP socket");
  fd = fcntl(passed, F_DUPFD_CLOEXEC, 3);
  if (fd == -1 || (flags = fcntl(fd, F_GETFL)) == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
    strerr_diefusys(111, "use descriptor ", name);
  if (o->backlog != BACKLOG_DEFAULT && listen(fd, (int)o->backlog) == -1)
    strerr_diefusys(111, "listen");
  if (passed != 0)
    close(passed);
  return fd;
}

struct listener listener_open(struct options const *o)
{
  struct listener l;
  struct sockaddr_storage ss;
  socklen_t len = sizeof ss;

  l.fd = strcmp(o->host, "-") == 0 ? open_passed(o) : open_new(o);
  if (getsockname(l.fd, (struct sockaddr *)&ss, &len) == -1)
    strerr_diefusys(111, "get local address");
  if (!address_from_sockaddr(&l.local, &l.port, (struct sockaddr *)&ss))
    strerr_dief(111, "the listening socket is not a TCP socket");
  l.wildcard = address_is_any(&l.local);
  return l;
}

static void notify_manager(void)
{
  static char const ready[] = "READY=1\n";
  char const *path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un sa = {.sun_family = AF_UNIX};
  size_t len = path ? strlen(path) : 0;
  int fd;

  if (len == 0)
    return;
  if (len >= sizeof sa.sun_path || (path[0] != '/' && path[0] != '@')) {
    strerr_warnw("bad $NOTIFY_SOCKET: ", path);
    return;
  }
  memcpy(sa.sun_path, path, len);
  if (path[0] == '@')
    sa.sun_path[0] = '\0';
  fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd == -1 || sendto(fd, ready, sizeof ready - 1, MSG_NOSIGNAL, (struct sockaddr *)&sa,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == -1)
    strerr_warnwu("notify ", path, ": ", strerror(errno));
  if (fd != -1)
    close(fd);
}

void listener_announce(struct listener const *l, struct options const *o)
{
  char line[DECIMAL_SIZE + 1];
  size_t len = decimal_print(line, l->port);
  line[len++] = '\n';
  if (o->print_port && allwrite(1, line, len) < len)
    strerr_diefusys(111, "write to standard output");
  if (dup2(0, 1) == -1)
    strerr_diefusys(111, "close standard output");
  notify_manager();
}
