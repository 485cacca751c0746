/* listen.c - see listen.h. */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "decimal.h"
#include "inquiry.h"

/* Returns false, for the caller to return; errno stays. */
__attribute__((format(printf, 2, 3))) static bool problem(struct listen_problem *p, char const *format, ...)
{
  int error = errno;
  va_list list;
  va_start(list, format);
  vsnprintf(p->text, sizeof p->text, format, list);
  va_end(list);
  errno = error;
  return false;
}

/* --- The address ------------------------------------------------------------------------------------------------ */

static bool no_answer(struct listen_problem *p, char const *host, char const *why)
{
  return problem(p, "temporarily unable to figure out IP address for %s: %s", host, why);
}

static bool ask(struct inquiry *tcplookup, struct listen_wish const *w, struct listen_problem *p)
{
  struct lookup_host q;
  struct in_addr loose;
  memset(&q, 0, sizeof q);
  q.family = w->only;
  if (strlen(w->host) < sizeof q.name)
    memcpy(q.name, w->host, strlen(w->host));
  /* 1.2.3, 0x7f000001 and the like: a resolver might make an address of them, nobody meant one. */
  if (inet_aton(w->host, &loose) || !lookup_host_is_sound(&q))
    return problem(p, "no IP address for %s", w->host);
  if (inquiry_ask(tcplookup, LOOKUP_HOST, &q))
    return true;
  if (tcplookup->last_id == 0)
    return problem(p, "%s", tcplookup->problem); /* it could not even be started */
  return no_answer(p, w->host, tcplookup->problem);
}

/* One answer, if it comes in time. */
static bool await_answer(struct inquiry *tcplookup, struct lookup_host_answer *answer, char const *host,
                         int64_t deadline_ms, struct listen_problem *p)
{
  struct message m;
  enum inquiry_result result = inquiry_receive(tcplookup, LOOKUP_HOST_ANSWER, &m, deadline_ms);
  if (result != INQUIRY_ANSWERED)
    return no_answer(p, host, result == INQUIRY_SILENT ? "timed out" : "tcplookup has failed");
  memcpy(answer, m.payload, sizeof *answer);
  return true;
}

static bool no_address(struct listen_problem *p, char const *host, enum lookup_status why)
{
  switch (why) {
  case LOOKUP_SETTINGS:
    return problem(p, "unable to figure out IP address for %s: the resolver's settings are wrong", host);
  case LOOKUP_FAILURE: return no_answer(p, host, "no DNS server could tell");
  case LOOKUP_FOUND:
  case LOOKUP_NONE: break;
  }
  return problem(p, "no IP address for %s", host);
}

/* Both families, unless one is all that is wanted. */
static bool look_up(struct address *a, struct inquiry *tcplookup, struct listen_wish const *w,
                    struct listen_problem *p)
{
  struct lookup_host_answer answer = {.status = LOOKUP_NONE};
  uint32_t worst = LOOKUP_NONE;
  int64_t deadline_ms = clock_ms() + (int64_t)INQUIRY_DNS_TIMEOUT_S * 1000;

  a->family = ADDRESS_NONE;
  if (!ask(tcplookup, w, p))
    return false;
  for (unsigned int answers = w->only == ADDRESS_NONE ? 2 : 1; answers > 0; answers--) {
    if (!await_answer(tcplookup, &answer, w->host, deadline_ms, p))
      return false;
    if (answer.status == LOOKUP_FOUND && (a->family == ADDRESS_NONE || answer.family == w->first))
      *a = answer.address[0];
    else if (answer.status > worst)
      worst = answer.status;
  }
  return a->family != ADDRESS_NONE || no_address(p, w->host, (enum lookup_status)worst);
}

static bool is_everywhere(char const *host)
{
  return !*host || strcmp(host, "0") == 0;
}

bool listen_is_name(struct listen_wish const *w)
{
  struct address a;
  return !is_everywhere(w->host) && !address_parse(&a, w->host);
}

bool listen_find(struct address *a, struct listen_wish const *w, struct listen_problem *p)
{
  *a = (struct address){.family = ADDRESS_NONE};
  if (is_everywhere(w->host))
    return true;
  if (!address_parse(a, w->host)) {
    struct inquiry tcplookup = INQUIRY_ZERO;
    bool found = look_up(a, &tcplookup, w, p);
    inquiry_end(&tcplookup);
    if (!found)
      return false;
  }
  address_unmap(a);
  if (w->only != ADDRESS_NONE && a->family != w->only)
    return problem(p, "-%d was given, but %s is not an IPv%d address", (int)w->only, w->host, (int)w->only);
  return true;
}

/* --- The socket ------------------------------------------------------------------------------------------------- */

static bool find_port(uint16_t *port, char const *text, struct listen_problem *p)
{
  unsigned int number;
  struct servent const *service;
  if (decimal_parse(&number, text, 0, UINT16_MAX)) {
    *port = (uint16_t)number;
    return true;
  }
  service = text[strspn(text, "0123456789")] ? getservbyname(text, "tcp") : NULL;
  if (!service)
    return problem(p, "unable to figure out port number for %s", text);
  *port = ntohs((uint16_t)service->s_port);
  return true;
}

static bool set_int(int fd, int level, int name, int value, struct listen_problem *p)
{
  return setsockopt(fd, level, name, &value, sizeof value) == 0 ||
         problem(p, "unable to set socket option: %s", strerror(errno));
}

/* An IPv6 link-local address is bound with its scope; any other socket is tied to the interface itself. */
static bool use_interface(int fd, struct address *a, char const *name, struct listen_problem *p)
{
  unsigned int index = if_nametoindex(name);
  if (index == 0)
    return problem(p, "unable to find interface %s", name);
  if (address_is_link_local(a)) {
    a->scope = index;
    return true;
  }
#ifdef SO_BINDTODEVICE
  return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)) == 0 ||
         problem(p, "unable to listen on interface %s: %s", name, strerror(errno));
#else
  (void)fd;
  return problem(p, "-I is for IPv6 link-local addresses on this system");
#endif
}

static bool bind_to(int fd, struct address a, uint16_t port, struct listen_wish const *w,
                    struct listen_problem *p)
{
  struct sockaddr_storage ss;
  bool everywhere = is_everywhere(w->host);
  if (w->interface && !use_interface(fd, &a, w->interface, p))
    return false;
  return bind(fd, (struct sockaddr *)&ss, address_to_sockaddr(&ss, &a, port)) == 0 ||
         problem(p, "unable to bind to %s%sport %s: %s", everywhere ? "" : w->host, everywhere ? "" : " ",
                 w->port, strerror(errno));
}

/* -1 with errno, for who may do without this family. */
static int bound(struct address a, uint16_t port, bool both_families, struct listen_wish const *w,
                 struct listen_problem *p)
{
  int fd = socket(a.family == ADDRESS_IPV4 ? AF_INET : AF_INET6,
                  SOCK_STREAM | SOCK_CLOEXEC | (w->nonblocking ? SOCK_NONBLOCK : 0), 0);
  int error;
  if (fd == -1) {
    problem(p, "unable to create socket: %s", strerror(errno));
    return -1;
  }
  /* Connections of an earlier server, that are not quite gone, keep nobody from listening. */
  if ((a.family == ADDRESS_IPV4 || set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, !both_families, p)) &&
      set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1, p) && bind_to(fd, a, port, w, p))
    return fd;
  error = errno;
  close(fd);
  errno = error;
  return -1;
}

/* One socket for IPv6 and IPv4; where there is no IPv6, IPv4 alone. */
static int bound_everywhere(uint16_t port, struct listen_wish const *w, struct listen_problem *p)
{
  struct address const any4 = {.family = ADDRESS_IPV4}, any6 = {.family = ADDRESS_IPV6};
  int fd;
  if (w->only == ADDRESS_IPV4)
    return bound(any4, port, false, w, p);
  fd = bound(any6, port, w->only == ADDRESS_NONE, w, p);
  if (fd == -1 && w->only == ADDRESS_NONE && (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT))
    fd = bound(any4, port, false, w, p);
  return fd;
}

int listen_at(struct address const *a, struct listen_wish const *w, struct listen_problem *p)
{
  uint16_t port = 0;
  int fd;
  if (!find_port(&port, w->port, p))
    return -1;
  fd = a->family == ADDRESS_NONE ? bound_everywhere(port, w, p) : bound(*a, port, false, w, p);
  if (fd != -1 && listen(fd, (int)w->backlog) == -1) {
    problem(p, "unable to listen: %s", strerror(errno));
    close(fd);
    fd = -1;
  }
  return fd;
}

bool listen_bound_to(struct address *a, uint16_t *port, int fd)
{
  struct sockaddr_storage ss;
  socklen_t len = sizeof ss;
  if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
    return false;
  if (address_from_sockaddr(a, port, (struct sockaddr *)&ss))
    return true;
  errno = EAFNOSUPPORT;
  return false;
}
