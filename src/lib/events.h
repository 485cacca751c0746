/* events.h - which of many descriptors has something to say: epoll, or poll where there is none. */
#ifndef UCSPI_EVENTS_H
#define UCSPI_EVENTS_H

#include <stddef.h>
#include <stdint.h>

/* What a descriptor is watched for. Nothing at all is allowed: FAILED is always reported. */
enum events_interest {
  EVENTS_IN = 1,  /* there is something to read, or the end of it */
  EVENTS_OUT = 2, /* there is room to write */
  EVENTS_FAILED =
      4,           /* an error, or both directions are closed: a reset, or the other end of a pair is gone */
  EVENTS_END = 8,  /* the other end will send nothing more, though there may be something to read still */
  EVENTS_EDGE = 16 /* report what is ready once, when it becomes so, not as long as it is. Only for
                        events_watch() and events_change(), and only with EVENTS_HAVE_EDGES */
};

/* Who is meant, in the caller's own terms: a kind of descriptor, and which of that kind. */
struct event {
  uint32_t kind;
  uint32_t number;
  unsigned int ready; /* enum events_interest; filled in by events_wait() */
};

/* Without epoll EVENTS_EDGE is ignored: watch only for what you wait for. */
#if defined(__linux__) && !defined(UCSPI_PORTABLE)
#define EVENTS_HAVE_EDGES 1
struct events {
  int epoll;
};
#else
#define EVENTS_HAVE_EDGES 0
struct pollfd;
struct events {
  struct pollfd *poll;
  struct event *event;
  size_t count, capacity;
  uint32_t *place; /* of a descriptor in the two, from 1 */
  size_t places;
};
#endif

#define EVENTS_BATCH 64

/* All return 0, or -1 with errno. */
int events_init(struct events *e);

/* Reports who.kind and who.number whenever fd is ready for one of `interest`, as long as it is, until
 * events_forget()... which must be called before fd is closed, unless this is its last descriptor and epoll is
 * known to be in use. */
int events_watch(struct events *e, int fd, unsigned int interest, struct event who);
int events_change(struct events *e, int fd, unsigned int interest, struct event who);
int events_forget(struct events *e, int fd);

/* Waits at most timeout_ms (-1: for ever) and fills in what was reported. The number of events; 0 after the
 * time or a signal; -1 with errno. */
int events_wait(struct events *e, struct event out[EVENTS_BATCH], int timeout_ms);

void events_free(struct events *e);

#endif
