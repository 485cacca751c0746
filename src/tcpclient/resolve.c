/* resolve.c - see resolve.h. What looks like an address must be one: the C library would also take 127.1,
 * 0x7f.1 or 010.1.1.1, and would ask DNS for 300.1.1.1. */
#include "resolve.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

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

static void add(struct endpoints *e, struct options const *o, struct address const *a)
{
  enum address_family family = wanted_family(o);
  if (e->count == ENDPOINTS_MAX || (family != ADDRESS_NONE && a->family != family))
    return;
  for (size_t i = 0; i < e->count; i++)
    if (address_equal(&e->address[i], a))
      return;
  e->address[e->count++] = *a;
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
  if (len == 0 || len > HOST_TEXT_MAX || strpbrk(text, "[]:%/ "))
    return false;
  label = text + len;
  while (label > text && label[-1] != '.')
    label--;
  return !(label[0] == '0' && (label[1] == 'x' || label[1] == 'X')) &&
         strspn(label, "0123456789") < (size_t)(text + len - label);
}

static void look_up(struct endpoints *e, struct options const *o)
{
  struct addrinfo const hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  struct addrinfo *list = NULL;
  int error = getaddrinfo(o->host, NULL, &hints, &list);

  if (error == EAI_SYSTEM)
    report_fatal_system(o->verbosity, "unable to figure out IP address for ", o->host);
  if (error != 0 && error != EAI_NONAME && error != EAI_NODATA)
    report_fatal(o->verbosity, "unable to figure out IP address for ", o->host, ": ", gai_strerror(error));
  for (struct addrinfo const *i = error ? NULL : list; i; i = i->ai_next) {
    struct address a;
    uint16_t port;
    if (address_from_sockaddr(&a, &port, i->ai_addr))
      add(e, o, &a);
  }
  if (!error)
    freeaddrinfo(list);
}

/* Gives link-local addresses that name no interface the one of -I. */
static void apply_interface(struct endpoints *e, struct options const *o)
{
  unsigned int scope = if_nametoindex(o->interface);
  if (scope == 0)
    report_fatal_system(o->verbosity, "unable to find interface ", o->interface);
  for (size_t i = 0; i < e->count; i++)
    if (address_is_link_local(&e->address[i]) && e->address[i].scope == 0)
      e->address[i].scope = scope;
}

struct endpoints resolve_host(struct options const *o)
{
  struct endpoints e = {.count = 0};
  char const *host = o->host;
  struct address a;

  if (host[0] == '\0' || strcmp(host, "0") == 0)
    host = wanted_family(o) == ADDRESS_IPV6 ? "::1" : "127.0.0.1";
  if (parse_literal(&a, host))
    add(&e, o, &a);
  else if (can_be_name(host))
    look_up(&e, o);
  if (e.count == 0)
    report_fatal(o->verbosity, "no ", family_name(wanted_family(o)), " address for ", o->host);
  if (o->interface)
    apply_interface(&e, o);
  endpoints_interleave(&e);
  return e;
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
