/* names.c - see names.h. A record is pending (in `timers`) or settled (in the list from newest to oldest), and always
 * in the table; the names themselves have memory of their own, no more than they need. */
#include "names.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "hostname.h"
#include "lookup.h"
#include "reply.h"

#define IPV4_ZONE "in-addr.arpa"
#define IPV6_ZONE "ip6.arpa"

/* Long enough for either. */
enum { PTR_NAME_SIZE = ADDRESS_LABELS_SIZE + sizeof IPV4_ZONE };

struct name {
  struct address address;
  struct names *names;
  struct name_waiter *waiters;
  struct resolver_query *query;
  char *host;         /* null until there is one */
  struct timer timer; /* pending: when DNS has had its time; settled: only its deadline_ms, the end of life */
  struct name *newer, *older; /* settled */
  uint32_t ttl_s;             /* the least so far */
  enum name_result result;
  bool confirm;
};

static void make_key(uint8_t key[HASHTABLE_KEY_SIZE], struct address const *a, bool confirm)
{
  memset(key, 0, HASHTABLE_KEY_SIZE);
  key[0] = (uint8_t)a->family;
  key[1] = confirm;
  memcpy(key + 4, a->octet, sizeof a->octet);
}

static void print_ptr_name(char out[PTR_NAME_SIZE], struct address const *a)
{
  size_t len = address_print_labels(out, a);
  snprintf(out + len, PTR_NAME_SIZE - len, "%s", a->family == ADDRESS_IPV4 ? IPV4_ZONE : IPV6_ZONE);
}

static size_t octets_of(struct name const *name)
{
  return sizeof *name + (name->host ? strlen(name->host) + 1 : 0);
}

static void unlink_settled(struct names *n, struct name *name)
{
  *(name->newer ? &name->newer->older : &n->newest) = name->older;
  *(name->older ? &name->older->newer : &n->oldest) = name->newer;
  n->kept--;
  n->octets -= octets_of(name);
}

static void link_newest(struct names *n, struct name *name)
{
  name->newer = NULL;
  name->older = n->newest;
  *(n->newest ? &n->newest->newer : &n->oldest) = name;
  n->newest = name;
  n->kept++;
  n->octets += octets_of(name);
}

static void remove_name(struct names *n, struct name *name)
{
  uint8_t key[HASHTABLE_KEY_SIZE];
  make_key(key, &name->address, name->confirm);
  keyed_remove(&n->by_address, key);
  free(name->host);
  free(name);
}

static void drop_settled(struct names *n, struct name *name)
{
  unlink_settled(n, name);
  remove_name(n, name);
}

static void lower_ttl(struct name *name, uint32_t ttl_s)
{
  if (ttl_s < name->ttl_s)
    name->ttl_s = ttl_s;
}

static void take_out(struct name_waiter *w)
{
  *(w->previous ? &w->previous->next : &w->name->waiters) = w->next;
  if (w->next)
    w->next->previous = w->previous;
  w->name = NULL;
}

/* From pending to settled. */
static void settle(struct name *name, enum name_result result)
{
  struct names *n = name->names;

  timers_cancel(&n->timers, &name->timer);
  n->pending--;
  name->result = result;
  name->query = NULL;
  name->timer.deadline_ms = clock_ms() + (int64_t)name->ttl_s * 1000;
  while (name->waiters) {
    struct name_waiter *w = name->waiters;
    take_out(w);
    w->done(w, result, name->host);
  }
  link_newest(n, name);
  while (n->kept > NAMES_KEPT_MAX || n->octets > NAMES_OCTETS_MAX)
    drop_settled(n, n->oldest);
}

static bool has_address(struct hostent const *data, struct address const *a)
{
  size_t size = a->family == ADDRESS_IPV4 ? 4 : 16;
  if ((size_t)data->h_length != size)
    return false;
  for (char **p = data->h_addr_list; *p; p++)
    if (memcmp(*p, a->octet, size) == 0)
      return true;
  return false;
}

static void addresses_came(void *context, struct resolver_reply const *reply)
{
  struct name *name = context;
  bool confirmed = reply->outcome == RESOLVER_FOUND && has_address(reply->data, &name->address);
  lower_ttl(name, reply->ttl_s);
  settle(name, confirmed ? NAME_FOUND : NAME_UNCONFIRMED);
}

/* The first name that can be one. */
static char *choose_host(struct hostent const *data)
{
  char host[HOSTNAME_SIZE];
  for (char **p = data->h_aliases; p && *p; p++)
    if (hostname_clean(host, *p))
      return strdup(host);
  return NULL;
}

static void pointer_came(void *context, struct resolver_reply const *reply)
{
  struct name *name = context;
  name->query = NULL;
  name->ttl_s = reply->ttl_s;
  if (reply->outcome == RESOLVER_FOUND)
    name->host = choose_host(reply->data);
  if (!name->host) {
    settle(name, NAME_NONE);
    return;
  }
  if (!name->confirm) {
    settle(name, NAME_FOUND);
    return;
  }
  name->query =
      resolver_ask(name->names->resolver, name->host,
                   name->address.family == ADDRESS_IPV4 ? RESOLVER_A : RESOLVER_AAAA, addresses_came, name);
  if (!name->query) {
    lower_ttl(name, REPLY_FAILURE_TTL_S);
    settle(name, NAME_UNCONFIRMED);
  }
}

/* A pending record for the address; null if there can't be one now. */
static struct name *start(struct names *n, struct address const *a, bool confirm, uint8_t const *key,
                          int64_t now_ms)
{
  char ptr_name[PTR_NAME_SIZE];
  struct name *name = n->pending < n->pending_max ? calloc(1, sizeof *name) : NULL;
  if (!name)
    return NULL;
  name->address = *a;
  name->names = n;
  name->confirm = confirm;
  if (keyed_add(&n->by_address, key, name) == -1) {
    free(name);
    return NULL;
  }
  print_ptr_name(ptr_name, a);
  if (timers_set(&n->timers, &name->timer, now_ms + LOOKUP_DNS_TIMEOUT_S * 1000) == 0) {
    name->query = resolver_ask(n->resolver, ptr_name, RESOLVER_PTR, pointer_came, name);
    if (name->query) {
      n->pending++;
      return name;
    }
    timers_cancel(&n->timers, &name->timer);
  }
  remove_name(n, name);
  return NULL;
}

static enum name_result wait_for(struct name *name, struct name_waiter *w)
{
  w->name = name;
  w->previous = NULL;
  w->next = name->waiters;
  if (w->next)
    w->next->previous = w;
  name->waiters = w;
  return NAME_PENDING;
}

enum name_result names_ask(struct names *n, struct address const *a, bool confirm, struct name_waiter *w,
                           char const **host, int64_t now_ms)
{
  uint8_t key[HASHTABLE_KEY_SIZE];
  struct name *name;

  *host = NULL;
  make_key(key, a, confirm);
  name = keyed_get(&n->by_address, key);
  if (name && name->result == NAME_PENDING)
    return wait_for(name, w);
  if (name && name->timer.deadline_ms > now_ms) {
    unlink_settled(n, name);
    link_newest(n, name);
    *host = name->host;
    return name->result;
  }
  if (name)
    drop_settled(n, name);
  name = start(n, a, confirm, key, now_ms);
  return name ? wait_for(name, w) : NAME_NONE;
}

/* A name that nobody waits for any more is still of use to the next who asks, but who connects and goes away, and has
 * a silent DNS server, must not use up the pending ones. */
static void give_up(struct name *name)
{
  struct names *n = name->names;
  resolver_abandon(name->query);
  timers_cancel(&n->timers, &name->timer);
  n->pending--;
  remove_name(n, name);
}

void names_leave(struct name_waiter *w)
{
  struct name *name = w->name;
  if (!name)
    return;
  take_out(w);
  if (!name->waiters && name->names->pending > name->names->pending_max / 2)
    give_up(name);
}

void names_expire(struct names *n, int64_t now_ms)
{
  for (struct timer *t; (t = timers_expired(&n->timers, now_ms));) {
    struct name *name = (struct name *)(void *)((char *)t - offsetof(struct name, timer));
    resolver_abandon(name->query);
    name->ttl_s = REPLY_FAILURE_TTL_S;
    settle(name, name->host ? NAME_UNCONFIRMED : NAME_NONE);
  }
}

void names_forget(struct names *n)
{
  while (n->oldest)
    drop_settled(n, n->oldest);
}

void names_init(struct names *n, struct resolver *resolver, size_t pending_max)
{
  memset(n, 0, sizeof *n);
  n->resolver = resolver;
  n->pending_max = pending_max;
  keyed_init(&n->by_address);
}
