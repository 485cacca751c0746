/* service.c - see service.h. */
#include "service.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "connect.h"
#include "decimal.h"
#include "proxy.h"
#include "report.h"
#include "resolve.h"

enum { REPLY_SHOWN_MAX = 200 }; /* of what a TCPMUX server says, on standard error */

/* Everything about an attempt that is needed to report it. */
struct attempt {
  struct connect_plan plan;
  struct connect_result result;
  struct endpoints tried; /* as they were then: a later attempt may get more of them */
};

static struct attempt attempt_port(struct options const *o, struct resolution *host, uint16_t port)
{
  struct attempt a = {.plan = {.endpoints = &host->endpoints,
                               .more = &host->more,
                               .port = port,
                               .local = o->local,
                               .local_port = (uint16_t)o->local_port,
                               .first_s = o->first_s,
                               .second_s = o->second_s}};
  a.result = connect_any(&a.plan);
  a.tried = host->endpoints;
  return a;
}

static void die_unbound(struct options const *o, struct attempt const *a)
{
  char ip[ADDRESS_TEXT_SIZE], port[DECIMAL_SIZE];
  address_print(ip, &a->plan.local);
  decimal_print(port, a->plan.local_port);
  errno = a->result.reason;
  report_fatal_system(o->verbosity, "unable to bind to ", ip, ip[0] ? " " : "", "port ", port);
}

static void report_failures(struct options const *o, struct attempt const *a)
{
  char ip[ADDRESS_TEXT_SIZE], port[DECIMAL_SIZE];
  decimal_print(port, a->plan.port);
  for (size_t i = 0; i < a->tried.count; i++) {
    address_print(ip, &a->tried.address[i]);
    report_error(o->verbosity, "unable to connect to ", ip, " port ", port, ": ",
                 strerror(a->result.error[i]));
  }
}

/* The host is there, but nobody listens on that port of it. */
static bool was_refused(struct attempt const *a)
{
  for (size_t i = 0; i < a->tried.count; i++)
    if (a->result.error[i] == ECONNREFUSED)
      return true;
  return false;
}

static struct connection describe(struct options const *o, int fd)
{
  struct connection c = {.fd = fd};
  struct sockaddr_storage local, remote;
  socklen_t local_len = sizeof local, remote_len = sizeof remote;
  char ip[ADDRESS_TEXT_SIZE], port[DECIMAL_SIZE];
  bool no_delay = o->delay == DELAY_USUAL ? o->prog == NULL || o->tls : o->delay == DELAY_FORBIDDEN;
  int on = 1;

  if (getsockname(fd, (struct sockaddr *)&local, &local_len) == -1 ||
      getpeername(fd, (struct sockaddr *)&remote, &remote_len) == -1)
    report_fatal_system(o->verbosity, "unable to use the connection");
  address_from_sockaddr(&c.local, &c.local_port, (struct sockaddr *)&local);
  address_from_sockaddr(&c.remote, &c.remote_port, (struct sockaddr *)&remote);
  if (no_delay)
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* fails only if the peer has reset meanwhile */
  address_print(ip, &c.remote);
  decimal_print(port, c.remote_port);
  report_status(o->verbosity, "connected to ", ip, " port ", port);
  proxy_introduce(o, fd, &c.local, c.local_port, &c.remote, c.remote_port);
  return c;
}

static void die_refused(struct options const *o, struct connection const *c, char const *name,
                        char const *how, char *text)
{
  char ip[ADDRESS_TEXT_SIZE], port[DECIMAL_SIZE];
  address_print(ip, &c->remote);
  decimal_print(port, c->remote_port);
  if (strlen(text) > REPLY_SHOWN_MAX)
    memcpy(text + REPLY_SHOWN_MAX, "...", 4);
  report_fatal(o->verbosity, "unable to get service ", name, " from TCPMUX at ", ip, " port ", port, ": ",
               how, text);
}

/* Exits if the server doesn't hand over the connection. */
static void ask(struct options const *o, struct connection *c, char const *name)
{
  char text[MUX_REPLY_MAX + 1] = "";
  int64_t deadline_ms = clock_ms() + ((int64_t)o->first_s + o->second_s) * 1000;
  enum mux_result result = mux_is_help(name) ? mux_send_request(c->fd, name, deadline_ms)
                                             : mux_ask(c->fd, name, deadline_ms, text);
  switch (result) {
  case MUX_ACCEPTED: break;
  case MUX_REFUSED: die_refused(o, c, name, text[0] ? "" : "refused", text); break;
  case MUX_ENDED: die_refused(o, c, name, "connection closed before the reply", text); break;
  case MUX_MALFORMED: die_refused(o, c, name, "not a TCPMUX reply: ", text); break;
  case MUX_FAILED: die_refused(o, c, name, strerror(errno), text); break;
  }
  for (size_t i = 0; name[i]; i++)
    c->mux_service[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
  report_status(o->verbosity, "TCPMUX service ", c->mux_service, text[0] ? ": " : "", text);
}

static _Noreturn void die_portless(struct options const *o, char const *port)
{
  report_fatal(o->verbosity, "unable to figure out port number for ", port,
               port[strspn(port, "0123456789")] ? ": no such service" : ": ports are 1 to 65535");
  _exit(111);
}

/* `before`: the attempt at the service's own port, to be reported if this one is of no use either; or null. */
static struct connection reach_through_mux(struct options const *o, struct resolution *host, char const *name,
                                           struct attempt const *before)
{
  struct attempt a;
  struct connection c;
  uint16_t port;
  if (!resolve_port(&port, o->mux_port))
    die_portless(o, o->mux_port);
  a = attempt_port(o, host, port);
  if (a.result.status == CONNECT_UNBOUND)
    die_unbound(o, &a);
  if (a.result.status == CONNECT_FAILED) {
    if (before)
      report_failures(o, before);
    report_failures(o, &a);
    _exit(111);
  }
  c = describe(o, a.result.fd);
  ask(o, &c, name);
  return c;
}

/* What TCPMUX is to be asked for, or an empty string if it can't be. */
static void find_name(struct options const *o, char name[MUX_NAME_MAX + 1])
{
  char const *found = o->mux == MUX_NEVER ? NULL : resolve_service_name(o->port);
  name[0] = '\0';
  if (!found)
    return;
  if (!mux_is_name(found))
    strerr_die(100, PROG,
               ": usage: -x and -X take a service name of 1 to 63 printable characters without space");
  memcpy(name, found, strlen(found) + 1);
}

struct connection service_reach(struct options const *o, struct inquiry *h)
{
  char name[MUX_NAME_MAX + 1];
  struct resolution host;
  struct attempt a;
  uint16_t port;
  bool has_port = resolve_port(&port, o->port);

  find_name(o, name);
  if (o->mux == MUX_ONLY && !name[0])
    report_fatal(o->verbosity, "unable to figure out service name for port ", o->port);
  if (!has_port && !name[0])
    die_portless(o, o->port);
  resolve_host(&host, o, h);
  if (o->mux == MUX_ONLY || !has_port)
    return reach_through_mux(o, &host, name, NULL);

  a = attempt_port(o, &host, port);
  if (a.result.status == CONNECT_MADE)
    return describe(o, a.result.fd);
  if (a.result.status == CONNECT_UNBOUND)
    die_unbound(o, &a);
  if (name[0] && was_refused(&a))
    return reach_through_mux(o, &host, name, &a);
  report_failures(o, &a);
  _exit(111);
}
