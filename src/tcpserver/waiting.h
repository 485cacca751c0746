/* waiting.h - connections that wait, whatever stage has them wait: for an answer, or with one for a place under -c. A
 * table of small records, and lists through it in order of arrival. Nothing here knows what is waited for. */
#ifndef TCPSERVER_WAITING_H
#define TCPSERVER_WAITING_H

#include <stdint.h>

#include "connection.h"
#include "events.h"

/* A record is in exactly one of these. */
enum waiting_list {
  WAITING_FREE,
  WAITING_PROXY,           /* its PROXY header is not all there yet */
  WAITING_NAMES_UNSENT,    /* the question for names is not sent yet */
  WAITING_NAMES_ASKED,     /* it is sent */
  WAITING_NAMES_CANCELLED, /* it is, and is not wanted any more, which is not sent yet: there is no connection */
  WAITING_TLS_UNSENT,      /* it is not handed over yet */
  WAITING_TLS_ASKED,       /* it is: the handshake goes on */
  WAITING_DUE,             /* the answer is there, or will never come: nobody has looked at it yet */
  WAITING_READY,           /* admitted, but all places under -c are taken */
  WAITING_LISTS
};

struct waiting {
  struct connection connection; /* with all that it owns */
  int64_t since_ms;             /* when the question was made */
  bool watched;                 /* its descriptor (connection_for_program()), at least for failure */
  uint32_t worker;              /* that has it, while it is in WAITING_TLS_ASKED */
  uint32_t id;                  /* of the question: changes whenever the record is used anew */
  uint32_t next, previous;
  enum waiting_list list;
};

#define WAITING_NONE UINT32_MAX

/* An id is an index and, above it, a generation, so that what comes too late for one connection is not taken for
 * the next one in its record. */
#define WAITING_INDEX_BITS 20
#define WAITING_MAX        1000000

struct waiting_table {
  uint32_t limit; /* so many may wait: for those who let connections in. 0: nobody ever waits */
  struct waiting *record;
  uint32_t capacity;
  uint32_t used; /* records from here on were never taken */
  struct {
    uint32_t first, last, count;
  } list[WAITING_LISTS];
};

void waiting_init(struct waiting_table *t);

/* A record for the connection, in that list; others may move. What the connection owns is the record's from then on.
 * Null with errno ENOMEM. */
struct waiting *waiting_add(struct waiting_table *t, struct connection const *c, enum waiting_list list,
                            int64_t now_ms);

/* The record of that id if there is one that is not free. Any number may be asked for. */
struct waiting *waiting_find(struct waiting_table *t, uint32_t id);

/* The oldest of a list, or null; and the next one in the same list as w, or null. */
struct waiting *waiting_first(struct waiting_table *t, enum waiting_list list);
struct waiting *waiting_next(struct waiting_table *t, struct waiting const *w);
uint32_t waiting_count(struct waiting_table const *t, enum waiting_list list);

/* Has its descriptor watched for that, and in any case for failure (EVENT_WAITING, with its id), or no longer. Watching one
 * that is watched already does nothing. 0, or -1 with errno. */
int waiting_watch(struct waiting *w, struct events *e, unsigned int interest);
void waiting_unwatch(struct waiting *w, struct events *e);

/* All that are not free. */
uint32_t waiting_total(struct waiting_table const *t);

/* Puts the record at the end of a list; WAITING_FREE: its id is no longer found, and nothing is freed. */
void waiting_move(struct waiting_table *t, struct waiting *w, enum waiting_list list);

#endif
