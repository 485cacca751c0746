/* events.c - see events.h. */
#include "events.h"

#include <errno.h>
#include <string.h>

#if defined(__linux__) && !defined(UCSPI_PORTABLE)

#include <sys/epoll.h>

int events_init(struct events *e)
{
  e->epoll = epoll_create1(EPOLL_CLOEXEC);
  return e->epoll == -1 ? -1 : 0;
}

int events_watch(struct events *e, int fd, struct event what)
{
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)what.kind << 32 | what.number};
  return epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &event);
}

int events_forget(struct events *e, int fd)
{
  struct epoll_event unused;
  return epoll_ctl(e->epoll, EPOLL_CTL_DEL, fd, &unused);
}

int events_wait(struct events *e, struct event out[EVENTS_BATCH], int timeout_ms)
{
  struct epoll_event ready[EVENTS_BATCH];
  int n = epoll_wait(e->epoll, ready, EVENTS_BATCH, timeout_ms);
  if (n == -1)
    return errno == EINTR ? 0 : -1;
  for (int i = 0; i < n; i++)
    out[i] = (struct event){.kind = (enum event_kind)(ready[i].data.u64 >> 32),
                            .number = (uint32_t)ready[i].data.u64};
  return n;
}

#else

#include <poll.h>
#include <stdlib.h>

int events_init(struct events *e)
{
  memset(e, 0, sizeof *e);
  return 0;
}

int events_watch(struct events *e, int fd, struct event what)
{
  if (e->count == e->capacity) {
    size_t bigger = e->capacity ? e->capacity * 2 : 16;
    struct pollfd *poll = reallocarray(e->poll, bigger, sizeof *poll);
    struct event *event;
    if (!poll)
      return -1;
    e->poll = poll;
    event = reallocarray(e->event, bigger, sizeof *event);
    if (!event)
      return -1;
    e->event = event;
    e->capacity = bigger;
  }
  e->poll[e->count] = (struct pollfd){.fd = fd, .events = POLLIN};
  e->event[e->count++] = what;
  return 0;
}

int events_forget(struct events *e, int fd)
{
  for (size_t i = 0; i < e->count; i++) {
    if (e->poll[i].fd == fd) {
      e->poll[i] = e->poll[--e->count];
      e->event[i] = e->event[e->count];
      return 0;
    }
  }
  errno = ENOENT;
  return -1;
}

int events_wait(struct events *e, struct event out[EVENTS_BATCH], int timeout_ms)
{
  int ready = poll(e->poll, (nfds_t)e->count, timeout_ms), n = 0;
  if (ready == -1)
    return errno == EINTR ? 0 : -1;
  for (size_t i = 0; i < e->count && n < EVENTS_BATCH && n < ready; i++)
    if (e->poll[i].revents)
      out[n++] = e->event[i];
  return n;
}

#endif
