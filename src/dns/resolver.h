/* resolver.h - questions to DNS servers, many at once, over c-ares: this is the only room that knows its channels. Names
 * are asked for as they are; who wants a search list applies it first. */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include <ares.h>
#include <stddef.h>
#include <stdint.h>

#include "events.h"
#include "fdtable.h"
#include "nameservers.h"
#include "settings.h"
#include "timers.h"

/* Types of records, RFC 1035 and RFC 3596. */
enum resolver_type { RESOLVER_A = 1, RESOLVER_PTR = 12, RESOLVER_TXT = 16, RESOLVER_AAAA = 28 };

/* What is kept of TXT records, octets. */
enum { RESOLVER_TEXT_MAX = 512 };

enum resolver_outcome {
  RESOLVER_FOUND,
  RESOLVER_NONE,  /* NXDOMAIN, or no such record */
  RESOLVER_FAILED /* no server could say: time is up, SERVFAIL, REFUSED, nonsense */
};

struct resolver_reply {
  enum resolver_outcome outcome;
  char const *problem;        /* if FAILED: why, in a few words that stay */
  uint32_t ttl_s;             /* how long this may be kept */
  struct hostent const *data; /* if FOUND: h_aliases of a PTR reply, h_addr_list of A and AAAA, null of TXT */
  /* If FOUND, of a TXT reply: the strings of all its records, one after the other, any octets. Not terminated. */
  char const *text;
  size_t text_len;
};

/* data and text are gone when this returns. It may ask further questions. */
typedef void resolver_done(void *context, struct resolver_reply const *reply);

struct resolver_query;
struct channel;

/* c-ares sends from one port as long as a channel has something to wait for. Who wants to forge an answer must guess
 * the port, too, so each question goes to one of several channels, and a channel is left for a new one, with another
 * port, after a number of questions. One that is left stays until its last question is answered, which may take half a
 * minute, and c-ares takes 70 KiB for each: with as many as RESOLVER_CHANNELS_MAX no further one is left. */
enum { RESOLVER_CHANNELS = 4, RESOLVER_CHANNEL_QUESTIONS = 64, RESOLVER_CHANNELS_MAX = 64 };

struct resolver {
  struct events *events;
  uint32_t kind; /* of its events: pass them to resolver_ready() */
  struct nameservers servers;
  struct settings_options options;
  struct channel *active[RESOLVER_CHANNELS]; /* null: none yet */
  size_t channels;                           /* these and those that were left */
  uint64_t random;                           /* chooses among them, a few bits for each question */
  unsigned int choices;                      /* how many that is still good for */
  struct channel *changed;                   /* to be looked at by resolver_settle() */
  struct fdtable sockets;
  struct timers timers;
};

/* 0, or -1 with errno ENOMEM. */
int resolver_init(struct resolver *r, struct events *events, uint32_t kind, struct settings const *settings);

/* From now on its servers are asked, as its options say. */
void resolver_change(struct resolver *r, struct settings const *settings);

/* done will be called, never from within this. Null if it can't be asked: done won't be called. */
struct resolver_query *resolver_ask(struct resolver *r, char const *name, enum resolver_type type,
                                    resolver_done *done, void *context);

/* done won't be called any more. */
void resolver_abandon(struct resolver_query *q);

/* A socket has something to say; time has passed. */
void resolver_ready(struct resolver *r, struct event const *e);
void resolver_expire(struct resolver *r, int64_t now_ms);

/* To be called before each wait: ends channels that have nothing left to do, and sets timers. */
void resolver_settle(struct resolver *r, int64_t now_ms);

#endif
