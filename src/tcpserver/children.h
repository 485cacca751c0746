/* children.h - the programs that are running: for whom, since when, and how their end is learned. */
#ifndef TCPSERVER_CHILDREN_H
#define TCPSERVER_CHILDREN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"
#include "traffic.h"

struct watched; /* idle.h */

struct child {
  pid_t pid;      /* 0: the place is free */
  int pidfd;      /* the reaper's, or -1 */
  int connection; /* kept open to read its counters (-V, -T), or -1 */
  uint32_t next;  /* in the list of free places */
  int64_t started_ms;
  struct address remote;
  uint16_t remote_port;
  bool young;              /* the reaper's: it ends soon, perhaps */
  bool idle;               /* once its connection is closed here: -T had shut it down */
  struct watched *watched; /* by -T, or null */
  struct traffic traffic;  /* once its connection is closed here, with -V */
};

#define CHILDREN_NONE UINT32_MAX

struct children {
  struct child *child;
  uint32_t capacity;
  uint32_t used;          /* places from here on were never taken */
  uint32_t free;          /* the first one given back, or CHILDREN_NONE */
  uint32_t count;         /* running */
  uint32_t without_pidfd; /* the reaper's count of those it must ask */
};
#define CHILDREN_ZERO                                                                                        \
  {                                                                                                          \
    .free = CHILDREN_NONE                                                                                    \
  }

/* A free place, its pid 0 and its pidfd -1 until children_add(); or null with errno ENOMEM. */
struct child *children_place(struct children *t);

/* The place is taken now: its pid is set. */
void children_add(struct children *t, struct child *child);

/* The place is free; its connection and its pidfd have been closed. */
void children_remove(struct children *t, struct child *child);
uint32_t children_index(struct children const *t, struct child const *child);

#endif
