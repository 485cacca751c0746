/* socket.c - see socket.h. */
#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "clock.h"
#include "decimal.h"
#include "inquiry.h"

static _Noreturn void no_answer(char const *host, char const *why)
{
  strerr_dief(111, "temporarily unable to figure out IP address for ", host, ": ", why);
}

static void ask(struct inquiry *tcplookup, struct options const *o)
{
  struct lookup_host q;
  struct in_addr loose;
  memset(&q, 0, sizeof q);
  q.family = o->family;
  if (strlen(o->host) < sizeof q.name)
    memcpy(q.name, o->host, strlen(o->host));
  /* 1.2.3, 0x7f000001 and the like: a resolver might make an address of them, nobody meant one. */
  if (inet_aton(o->host, &loose) || !lookup_host_is_sound(&q))
    strerr_dief(111, "no IP address for ", o->host);
  if (!inquiry_ask(tcplookup, LOOKUP_HOST, &q))
    strerr_dief(111, tcplookup->problem);
}

static struct lookup_host_answer await_answer(struct inquiry *tcplookup, char const *host,
                                              int64_t deadline_ms)
{
  struct lookup_host_answer answer;
  struct message m;
  enum inquiry_result result = inquiry_receive(tcplookup, LOOKUP_HOST_ANSWER, &m, deadline_ms);
  if (result != INQUIRY_ANSWERED)
    no_answer(host, result == INQUIRY_SILENT ? "timed out" : "tcplookup has failed");
  memcpy(&answer, m.payload, sizeof answer);
  return answer;
}

/* The first address; of both families IPv4, as tcpserver has it. */
static struct address resolve(struct options const *o)
{
  static struct inquiry tcplookup = INQUIRY_ZERO;
  struct address a = {.family = ADDRESS_NONE};
  unsigned int answers = o->family == ADDRESS_NONE ? 2 : 1;
  uint32_t worst = LOOKUP_NONE;
  int64_t deadline_ms = clock_ms() + (int64_t)INQUIRY_DNS_TIMEOUT_S * 1000;

  ask(&tcplookup, o);
  for (; answers > 0; answers--) {
    struct lookup_host_answer const answer = await_answer(&tcplookup, o->host, deadline_ms);
    if (answer.status == LOOKUP_FOUND && (a.family == ADDRESS_NONE || answer.family == ADDRESS_IPV4))
      a = answer.address[0];
    else if (answer.status > worst)
      worst = answer.status;
  }
  inquiry_end(&tcplookup);
  if (a.family != ADDRESS_NONE)
    return a;
  if (worst == LOOKUP_SETTINGS)
    strerr_dief(111, "unable to figure out IP address for ", o->host, ": the resolver's settings are wrong");
  if (worst == LOOKUP_FAILURE)
    no_answer(o->host, "no DNS server could tell");
  strerr_dief(111, "no IP address for ", o->host);
}

/* Family ADDRESS_NONE: every local address. */
static struct address find_address(struct options const *o)
{
  struct address a = {.family = ADDRESS_NONE};
  if (!*o->host || strcmp(o->host, "0") == 0)
    return a;
  if (!address_parse(&a, o->host))
    a = resolve(o);
  address_unmap(&a);
  if (o->family != ADDRESS_NONE && a.family != o->family)
    strerr_dief(111, o->family == ADDRESS_IPV4 ? "-4" : "-6", " was given, but ", o->host, " is not an IPv",
                o->family == ADDRESS_IPV4 ? "4" : "6", " address");
  return a;
}

static uint16_t find_port(char const *text)
{
  unsigned int number;
  struct servent const *service;
  if (decimal_parse(&number, text, 0, UINT16_MAX))
    return (uint16_t)number;
  service = text[strspn(text, "0123456789")] ? getservbyname(text, "tcp") : NULL;
  if (!service)
    strerr_dief(111, "unable to figure out port number for ", text);
  return ntohs((uint16_t)service->s_port);
}

/* An IPv6 link-local address is bound with its scope; any other socket is tied to the interface itself. */
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

static void set_int(int fd, int level, int name, int value)
{
  if (setsockopt(fd, level, name, &value, sizeof value) == -1)
    strerr_diefusys(111, "set socket option");
}

/* -1 with errno if there is no such family, or address of it, on this machine. */
static int bound(struct options const *o, struct address a, uint16_t port, bool both_families)
{
  struct sockaddr_storage ss;
  int fd = socket(a.family == ADDRESS_IPV4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd == -1)
    return -1;
  if (a.family == ADDRESS_IPV6)
    set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, !both_families);
  /* Connections of an earlier server, that are not quite gone, keep nobody from listening. */
  set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (o->interface)
    use_interface(fd, &a, o->interface);
  if (bind(fd, (struct sockaddr *)&ss, address_to_sockaddr(&ss, &a, port)) == 0)
    return fd;
  close(fd);
  return -1;
}

/* One socket for IPv6 and IPv4; where there is no IPv6, IPv4 alone. */
static int bound_anywhere(struct options const *o, uint16_t port)
{
  struct address const any4 = {.family = ADDRESS_IPV4}, any6 = {.family = ADDRESS_IPV6};
  int fd = -1;
  if (o->family != ADDRESS_IPV4)
    fd = bound(o, any6, port, o->family == ADDRESS_NONE);
  if (o->family == ADDRESS_IPV4 ||
      (fd == -1 && o->family == ADDRESS_NONE && (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT)))
    fd = bound(o, any4, port, false);
  return fd;
}

int socket_listening(struct options const *o)
{
  struct address a = find_address(o);
  uint16_t port = find_port(o->port);
  bool anywhere = a.family == ADDRESS_NONE;
  int fd = anywhere ? bound_anywhere(o, port) : bound(o, a, port, false);
  if (fd == -1)
    strerr_diefusys(111, "bind to ", anywhere ? "" : o->host, anywhere ? "" : " ", "port ", o->port);
  if (listen(fd, (int)o->backlog) == -1)
    strerr_diefusys(111, "listen");
  return fd;
}

uint16_t socket_port(int fd)
{
  struct sockaddr_storage ss;
  socklen_t len = sizeof ss;
  struct address a;
  uint16_t port = 0;
  if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
    strerr_diefusys(111, "get local address");
  address_from_sockaddr(&a, &port, (struct sockaddr *)&ss);
  return port;
}
