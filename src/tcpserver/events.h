/* events.h - which of many descriptors has something to say: epoll, or poll where there is none. */
#ifndef TCPSERVER_EVENTS_H
#define TCPSERVER_EVENTS_H

#include <stddef.h>
#include <stdint.h>

/* What a descriptor is watched for; the number says which of its kind. */
enum event_kind { EVENT_LISTENER, EVENT_SIGNAL, EVENT_CHILD };
struct event {
  enum event_kind kind;
  uint32_t number;
};

#if defined(__linux__) && !defined(UCSPI_PORTABLE)
struct events {
  int epoll;
};
#else
struct pollfd;
struct events {
  struct pollfd *poll;
  struct event *event;
  size_t count, capacity;
};
#endif

#define EVENTS_BATCH 64

/* All return 0, or -1 with errno. */
int events_init(struct events *e);

/* Reports `what` whenever fd is readable, until events_forget() or until fd is closed... which must not
 * happen before events_forget(). */
int events_watch(struct events *e, int fd, struct event what);
int events_forget(struct events *e, int fd);

/* Waits at most timeout_ms (-1: for ever) and fills in what was reported. The number of events; 0 after the
 * time or a signal; -1 with errno. */
int events_wait(struct events *e, struct event out[EVENTS_BATCH], int timeout_ms);

#endif
