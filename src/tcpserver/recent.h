/* recent.h - the names of the last second: a peer that connects again at once is not asked for again, which would
 * cost about as much as the rest of its admission. tcplookup keeps names for as long as DNS allows; this only saves
 * the way to it. */
#ifndef TCPSERVER_RECENT_H
#define TCPSERVER_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "lookup.h"

/* DNS counts in seconds, and what is known may be that old when the answer comes. */
#define RECENT_MS 1000

/* More peers than that in a second just aren't all remembered. */
#define RECENT_SLOTS 256

/* The strings are "" where nothing is known. */
struct recent_names {
  uint32_t known; /* enum lookup_fact without INFO */
  char const *remote_host, *local_host;
};

struct recent {
  struct recent_slot {
    struct address remote, local;
    int64_t until_ms;
    struct recent_names names;
    char *text; /* theirs; owned */
  } slot[RECENT_SLOTS];
};

/* Remembers the answer about a connection between these, in place of what was in its slot. Without memory it
 * forgets both. */
void recent_keep(struct recent *r, struct address const *remote, struct address const *local,
                 struct lookup_peer_answer const *answer, int64_t now_ms);

/* What is remembered, or null; good until the next recent_keep(). */
struct recent_names const *recent_find(struct recent const *r, struct address const *remote,
                                       struct address const *local, int64_t now_ms);

#endif
