/* service.h - one service, its defaults included: which value each attribute has in the end, and what kind of a service
 * that makes it. */
#ifndef IMPORT_SERVICE_H
#define IMPORT_SERVICE_H

#include "config.h"

enum service_kind {
  SERVICE_PLAIN,  /* a port of its own */
  SERVICE_MUXED,  /* asked for by name on the port of TCPMUX */
  SERVICE_MUX,    /* that port */
  SERVICE_WAITING /* a port of its own, and the program accepts */
};

struct service {
  struct entry const *entry;
  char const *id;
  enum service_kind kind;
  bool internal;                        /* xinetd does it itself */
  bool own_reply;                       /* muxed: the program says + */
  bool off;                             /* it exists, but does not run */
  bool withheld;                        /* it may not run: whom it keeps out could not be carried over */
  bool broken;                          /* it can't be made; the remarks say why */
  bool foreign;                         /* ... because it is not of TCP */
  struct setting const *at[ATTRIBUTES]; /* null: not set; else a value, perhaps of the defaults */
  struct setting own[ATTRIBUTES];
  struct remarks remarks;
};

/* The values of all entries `defaults` together. */
void service_defaults(struct service *d, struct config const *c);

/* d outlives s, as does the configuration. */
void service_build(struct service *s, struct entry const *e, struct service const *d);
void service_free(struct service *s);

/* True if the attribute has this among its values. */
bool service_has(struct service const *s, enum attribute attribute, char const *value);
/* The only value, or null. */
char const *service_value(struct service const *s, enum attribute attribute);

/* True if it is one of TCP. */
bool service_is_tcp(struct service const *s);

#endif
