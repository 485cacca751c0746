/* hosts.h - addresses of a host argument, as a user wrote it: rewriting rules, then for each name they make, in order,
 * localhost, the hosts file and DNS; the first name that has an address is it. */
#ifndef TCPLOOKUP_HOSTS_H
#define TCPLOOKUP_HOSTS_H

#include "address.h"
#include "lookup.h"
#include "resolver.h"
#include "settings.h"
#include "timers.h"

#define HOSTS_FILE "/etc/hosts"

struct hosts {
  struct settings *settings;
  struct resolver *resolver;
  struct timers timers;
};

void hosts_init(struct hosts *h, struct settings *settings, struct resolver *resolver);

/* Called once for each family that was asked for, the last time with `last`; the search is gone then. The answer
 * is valid until this returns. It must not ask. */
typedef void hosts_done(void *context, struct lookup_host_answer const *answer, bool last);

struct host_search;

/* family ADDRESS_NONE: both. done will be called, never from within this. Null if there is no memory for it: done
 * won't be called. */
struct host_search *hosts_ask(struct hosts *h, char const *name, enum address_family family, hosts_done *done,
                              void *context, int64_t now_ms);
void hosts_cancel(struct host_search *s);

void hosts_expire(struct hosts *h, int64_t now_ms);

#endif
