/* names.h - host names of addresses: PTR, and if wanted confirmed by A or AAAA. What was found is kept as long as DNS
 * allows; who asks for the same address at the same time waits for the same query. */
#ifndef TCPLOOKUP_NAMES_H
#define TCPLOOKUP_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "keyed.h"
#include "resolver.h"
#include "timers.h"

enum name_result {
  NAME_PENDING,     /* not known yet: the waiter will be called */
  NAME_NONE,        /* there is none, or it could not be found out */
  NAME_FOUND,       /* if confirmation was wanted: confirmed */
  NAME_UNCONFIRMED, /* the name has not this address, or that could not be found out */
};

struct name;
struct name_waiter;
/* host: valid until this returns; null if NONE. It must not ask for names. */
typedef void name_done(struct name_waiter *w, enum name_result result, char const *host);

/* A field of the record that waits; it must stay where it is until it is called, or names_leave(). */
struct name_waiter {
  struct name *name; /* null: it doesn't wait */
  struct name_waiter *next, *previous;
  name_done *done;
};

/* Names that nobody waits for are kept up to this number, and up to so many octets: their records and texts. */
enum { NAMES_KEPT_MAX = 10000, NAMES_OCTETS_MAX = 2 << 20 };

struct names {
  struct resolver *resolver;
  struct keyed by_address;
  struct timers timers;         /* of the pending ones */
  struct name *newest, *oldest; /* of the settled ones, by their last use */
  size_t kept, octets;          /* of the settled ones */
  size_t pending, pending_max;
};

/* At most pending_max names are asked for at a time; others are NAME_NONE meanwhile. Those that nobody waits for any
 * more are given up while there are more than half as many. */
void names_init(struct names *n, struct resolver *resolver, size_t pending_max);

/* *host: valid until the next call for anything but NAME_PENDING, null if NONE. */
enum name_result names_ask(struct names *n, struct address const *a, bool confirm, struct name_waiter *w,
                           char const **host, int64_t now_ms);
void names_leave(struct name_waiter *w);

void names_expire(struct names *n, int64_t now_ms);

/* Forgets what is settled. */
void names_forget(struct names *n);

#endif
