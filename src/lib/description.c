/* description.c - see description.h. */
#include "description.h"

#include <net/if.h>

#include "decimal.h"

void description_learn(struct description *d, struct lookup_peer_answer const *facts)
{
  if (facts->known & LOOKUP_REMOTE_HOST)
    d->remote_host = facts->remote_host;
  if (facts->known & LOOKUP_PARANOID)
    d->unconfirmed = facts->remote_host;
  if (facts->known & LOOKUP_LOCAL_HOST)
    d->local_host = facts->local_host;
  if (facts->known & LOOKUP_INFO)
    d->remote_info = facts->info;
}

/* One variable under both its names; none for null. */
static int add(struct description const *d, struct environment *e, char const *name, char const *twin,
               char const *value)
{
  if (!value)
    return 0;
  return environment_add(e, name, value) == -1 || (d->twins && environment_add(e, twin, value) == -1) ? -1
                                                                                                      : 0;
}
#define ADD(name, value) add(d, e, "TCP" name, "TCP6" name, value)

static int add_address(struct description const *d, struct environment *e, char const *name, char const *twin,
                       struct address const *a)
{
  char text[ADDRESS_TEXT_SIZE];
  address_print(text, a);
  if (environment_add(e, name, text) == -1)
    return -1;
  if (!d->twins)
    return 0;
  address_print_mapped(text, a);
  return environment_add(e, twin, text);
}

static int add_port(struct description const *d, struct environment *e, char const *name, char const *twin,
                    uint16_t port)
{
  char text[DECIMAL_SIZE];
  decimal_print(text, port);
  return add(d, e, name, twin, text);
}

static int add_interface(struct description const *d, struct environment *e)
{
  char name[IF_NAMESIZE];
  if (d->remote.scope == 0 || !if_indextoname(d->remote.scope, name))
    return 0;
  return ADD("INTERFACE", name);
}

static int add_proxy(struct description const *d, struct environment *e)
{
  if (d->proxy.family == ADDRESS_NONE)
    return 0;
  return add_address(d, e, "TCPPROXYIP", "TCP6PROXYIP", &d->proxy) == -1
             ? -1
             : add_port(d, e, "TCPPROXYPORT", "TCP6PROXYPORT", d->proxy_port);
}

int description_add(struct description const *d, struct environment *e)
{
  return environment_add(e, "PROTO", d->tcp6 ? "TCP6" : "TCP") == -1 ||
                 add_address(d, e, "TCPLOCALIP", "TCP6LOCALIP", &d->local) == -1 ||
                 add_port(d, e, "TCPLOCALPORT", "TCP6LOCALPORT", d->local_port) == -1 ||
                 ADD("LOCALHOST", d->local_host) == -1 || ADD("REMOTEHOST", d->remote_host) == -1 ||
                 ADD("REMOTEINFO", d->remote_info) == -1 || ADD("PARANOID", d->unconfirmed) == -1 ||
                 add_address(d, e, "TCPREMOTEIP", "TCP6REMOTEIP", &d->remote) == -1 ||
                 add_port(d, e, "TCPREMOTEPORT", "TCP6REMOTEPORT", d->remote_port) == -1 ||
                 add_interface(d, e) == -1 || add_proxy(d, e) == -1
             ? -1
             : 0;
}
