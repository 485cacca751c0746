/* info.h - ident: who owns the other end of a connection, asked of the machine it comes from (RFC 1413). Never waits; many
 * at once. What the reply means is lib/ident's business. */
#ifndef TCPLOOKUP_INFO_H
#define TCPLOOKUP_INFO_H

#include <stdint.h>

#include "address.h"
#include "events.h"
#include "fdtable.h"
#include "ident.h"
#include "timers.h"

struct info_request {
  struct address local, remote; /* local: where to ask from, as RFC 1413 wants; ADDRESS_NONE: anywhere */
  uint16_t local_port, remote_port;
  uint32_t timeout_s;
};

/* info: as ident_parse() makes it, valid until this returns; null if there is none. It must not ask. */
typedef void info_done(void *context, char const *info);

struct infos {
  struct events *events;
  uint32_t kind; /* of its events: pass them to infos_ready() */
  struct fdtable sockets;
  struct timers timers;
};

void infos_init(struct infos *i, struct events *events, uint32_t kind);

/* done will be called, never from within this. Null if nothing can be asked (no route, no descriptor left, a local
 * address that isn't this machine's …): done won't be called. */
struct info *infos_ask(struct infos *i, struct info_request const *request, info_done *done, void *context,
                       int64_t now_ms);

/* Closes the connection; done won't be called. */
void infos_cancel(struct infos *i, struct info *info);

void infos_ready(struct infos *i, struct event const *e);
void infos_expire(struct infos *i, int64_t now_ms);

#endif
