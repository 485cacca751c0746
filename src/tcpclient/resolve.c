/* resolve.c - see resolve.h. What looks like an address must be one: 127.1, 0x7f.1, 010.1.1.1 or 300.1.1.1 are
 * neither addresses nor names to look up. */
#include "resolve.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "decimal.h"
#include "report.h"

enum { HOST_TEXT_MAX = 253 }; /* RFC 1035, as text without the final dot */

static char const *family_name(enum address_family family)
{
  switch (family) {
  case ADDRESS_IPV4: return "IPv4";
  case ADDRESS_IPV6: return "IPv6";
  case ADDRESS_NONE: break;
  }
  return "IP";
}

/* The family that is left, ADDRESS_NONE for both. A local address of one family excludes the other. */
static enum address_family wanted_family(struct options const *o)
{
  return o->family == ADDRESS_NONE ? o->local.family : o->family;
}

/* Link-local addresses that name no interface get the one of -I. */
static void add(struct resolution *r, struct address a)
{
  struct endpoints *e = &r->endpoints;
  enum address_family family = wanted_family(r->options);
  if (e->count == ENDPOINTS_MAX || (family != ADDRESS_NONE && a.family != family))
    return;
  if (address_is_link_local(&a) && a.scope == 0)
    a.scope = r->scope;
  for (size_t i = 0; i < e->count; i++)
    if (address_equal(&e->address[i], &a))
      return;
  e->address[e->count++] = a;
}

static bool parse_literal(struct address *a, char const *text)
{
  char inner[ADDRESS_TEXT_SIZE + IF_NAMESIZE];
  size_t len = strlen(text);
  if (len >= 2 && text[0] == '[' && text[len - 1] == ']' && len - 2 < sizeof inner) {
    memcpy(inner, text + 1, len - 2);
    inner[len - 2] = '\0';
    text = inner;
  }
  if (!address_parse(a, text))
    return false;
  address_unmap(a);
  return true;
}

/* No top-level domain is a number (RFC 1123 section 2.1), so a name whose last label is one is a mistyped
 * address. */
static bool can_be_name(char const *text)
{
  size_t len = strlen(text);
  char const *label;
  if (len > 1 && text[len - 1] == '.')
    len--;
  if (len == 0 || len > HOST_TEXT_MAX || strpbrk(text, "[]:%/"))
    return false;
  for (size_t i = 0; i < len; i++)
    if (text[i] < 33 || text[i] > 126)
      return false;
  label = text + len;
  while (label > text && label[-1] != '.')
    label--;
  return !(label[0] == '0' && (label[1] == 'x' || label[1] == 'X')) &&
         strspn(label, "0123456789") < (size_t)(text + len - label);
}

/* Nothing more will come. */
static void stop_waiting(struct resolution *r)
{
  r->waits4 = r->waits6 = false;
  r->more.fd = -1;
}

static void ask(struct resolution *r, char const *name)
{
  struct lookup_host question;
  enum address_family family = wanted_family(r->options);

  memset(&question, 0, sizeof question); /* the end of the field travels, too */
  question.family = family;
  memcpy(question.name, name, strlen(name));
  if (!inquiry_ask(r->helper, LOOKUP_HOST, &question))
    return;
  r->waits4 = family != ADDRESS_IPV6;
  r->waits6 = family != ADDRESS_IPV4;
  r->more.fd = r->helper->process.fd;
}

/* A second answer about one family, or one that nobody asked about, changes nothing. */
static void take(struct resolution *r, struct lookup_host_answer const *answer)
{
  bool *waits = answer->family == ADDRESS_IPV4 ? &r->waits4 : &r->waits6;
  if (!*waits)
    return;
  *waits = false;
  r->status[answer->family == ADDRESS_IPV6] = (enum lookup_status)answer->status;
  for (uint32_t i = 0; i < answer->count; i++)
    add(r, answer->address[i]);
  if (!r->waits4 && !r->waits6)
    stop_waiting(r);
}

/* False if nothing came until then. */
static bool receive(struct resolution *r, int64_t deadline_ms)
{
  struct message m;
  switch (inquiry_receive(r->helper, LOOKUP_HOST_ANSWER, &m, deadline_ms)) {
  case INQUIRY_ANSWERED: take(r, (struct lookup_host_answer const *)m.payload); return true;
  case INQUIRY_FAILED: stop_waiting(r); return true;
  case INQUIRY_SILENT: break;
  }
  return false;
}

static void receive_late(struct connect_source *s, struct endpoints *e)
{
  struct resolution *r = s->context;
  (void)e; /* is r->endpoints */
  while (s->fd != -1 && receive(r, 0))
    ;
}

/* Waits for what is needed to begin: any IPv6 address, or IPv4 ones and, for a moment, what there is beside them. */
static void wait_for_addresses(struct resolution *r)
{
  int64_t limit_ms = clock_ms() + (int64_t)INQUIRY_DNS_TIMEOUT_S * 1000;
  while (r->more.fd != -1 && r->endpoints.count == 0)
    if (!receive(r, limit_ms)) {
      strcpy(r->helper->problem, "tcplookup does not answer");
      stop_waiting(r);
    }
  limit_ms = clock_ms() + RESOLUTION_DELAY_MS;
  while (r->waits6 && receive(r, limit_ms))
    ;
}

static _Noreturn void die_unresolved(struct resolution const *r)
{
  struct options const *o = r->options;
  char const *reason = r->helper->problem;
  if (r->status[0] == LOOKUP_SETTINGS || r->status[1] == LOOKUP_SETTINGS)
    reason = "the resolver's settings are wrong";
  else if (r->status[0] == LOOKUP_FAILURE || r->status[1] == LOOKUP_FAILURE)
    reason = "no name server could answer";
  if (reason[0])
    report_fatal(o->verbosity, "temporarily unable to figure out IP address for ", o->host, ": ", reason);
  report_fatal(o->verbosity, "no ", family_name(wanted_family(o)), " address for ", o->host);
  _exit(111);
}

/* RFC 6724 would put most IPv6 addresses first; where there is no way to them, connecting fails at once. */
static void put_ipv6_first(struct endpoints *e)
{
  struct endpoints in = *e;
  size_t out = 0;
  for (size_t i = 0; i < in.count; i++)
    if (in.address[i].family == ADDRESS_IPV6)
      e->address[out++] = in.address[i];
  for (size_t i = 0; i < in.count; i++)
    if (in.address[i].family != ADDRESS_IPV6)
      e->address[out++] = in.address[i];
}

bool resolve_is_name(char const *host)
{
  struct address a;
  return host[0] != '\0' && strcmp(host, "0") != 0 && !parse_literal(&a, host);
}

void resolve_host(struct resolution *r, struct options const *o, struct inquiry *h)
{
  char const *host = o->host;
  struct address a;

  *r = (struct resolution){.options = o,
                           .helper = h,
                           .more = {.fd = -1, .receive = receive_late, .context = r},
                           .status = {LOOKUP_NONE, LOOKUP_NONE}};
  if (o->interface && (r->scope = if_nametoindex(o->interface)) == 0)
    report_fatal_system(o->verbosity, "unable to find interface ", o->interface);
  if (host[0] == '\0' || strcmp(host, "0") == 0)
    host = wanted_family(o) == ADDRESS_IPV6 ? "::1" : "127.0.0.1";
  if (parse_literal(&a, host))
    add(r, a);
  else if (can_be_name(host)) {
    ask(r, host);
    wait_for_addresses(r);
  }
  if (r->endpoints.count == 0)
    die_unresolved(r);
  put_ipv6_first(&r->endpoints);
  endpoints_interleave(&r->endpoints, 0);
}

static bool is_number(char const *text)
{
  return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

bool resolve_port(uint16_t *port, char const *text)
{
  struct servent const *entry;
  unsigned int number;
  if (is_number(text)) {
    if (!decimal_parse(&number, text, 1, 65535))
      return false;
    *port = (uint16_t)number;
    return true;
  }
  entry = getservbyname(text, "tcp");
  if (!entry)
    return false;
  *port = ntohs((uint16_t)entry->s_port);
  return *port != 0;
}

char const *resolve_service_name(char const *port)
{
  struct servent const *entry;
  uint16_t number;
  if (!is_number(port))
    return port;
  if (!resolve_port(&number, port))
    return NULL;
  entry = getservbyport(htons(number), "tcp");
  return entry ? entry->s_name : NULL;
}
