/* events.c - see events.h. */
#include "events.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__) && !defined(UCSPI_PORTABLE)

#include <sys/epoll.h>

int events_init(struct events *e)
{
  e->epoll = epoll_create1(EPOLL_CLOEXEC);
  return e->epoll == -1 ? -1 : 0;
}

static int control(struct events *e, int operation, int fd, unsigned int interest, struct event who)
{
  struct epoll_event event = {
      .events = (interest & EVENTS_IN ? EPOLLIN : 0) | (interest & EVENTS_OUT ? EPOLLOUT : 0) |
                (interest & EVENTS_END ? EPOLLRDHUP : 0) | (interest & EVENTS_EDGE ? EPOLLET : 0),
      .data.u64 = (uint64_t)who.kind << 32 | who.number};
  return epoll_ctl(e->epoll, operation, fd, &event);
}

int events_watch(struct events *e, int fd, unsigned int interest, struct event who)
{
  return control(e, EPOLL_CTL_ADD, fd, interest, who);
}

int events_change(struct events *e, int fd, unsigned int interest, struct event who)
{
  return control(e, EPOLL_CTL_MOD, fd, interest, who);
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
  for (int i = 0; i < n; i++) {
    uint32_t found = ready[i].events;
    out[i] =
        (struct event){.kind = (uint32_t)(ready[i].data.u64 >> 32),
                       .number = (uint32_t)ready[i].data.u64,
                       .ready = (found & EPOLLIN ? EVENTS_IN : 0u) | (found & EPOLLOUT ? EVENTS_OUT : 0u) |
                                (found & EPOLLRDHUP ? EVENTS_END : 0u) |
                                (found & (EPOLLERR | EPOLLHUP) ? EVENTS_FAILED : 0u)};
  }
  return n;
}

void events_free(struct events *e)
{
  close(e->epoll);
}

#else

#include <poll.h>
#include <stdlib.h>

/* Where it is missing nobody is told beforehand: who reads finds the end. */
#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif

int events_init(struct events *e)
{
  memset(e, 0, sizeof *e);
  return 0;
}

static short poll_events(unsigned int interest)
{
  return (short)((interest & EVENTS_IN ? POLLIN : 0) | (interest & EVENTS_OUT ? POLLOUT : 0) |
                 (interest & EVENTS_END ? POLLRDHUP : 0));
}

static int grow(struct events *e)
{
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
  return 0;
}

static int grow_places(struct events *e, size_t fd)
{
  size_t bigger = e->places ? e->places : 64;
  uint32_t *place;
  while (bigger <= fd)
    bigger *= 2;
  place = reallocarray(e->place, bigger, sizeof *place);
  if (!place)
    return -1;
  memset(place + e->places, 0, (bigger - e->places) * sizeof *place);
  e->place = place;
  e->places = bigger;
  return 0;
}

int events_watch(struct events *e, int fd, unsigned int interest, struct event who)
{
  if (fd < 0 || ((size_t)fd < e->places && e->place[fd])) {
    errno = fd < 0 ? EBADF : EEXIST;
    return -1;
  }
  if ((e->count == e->capacity && grow(e) == -1) ||
      ((size_t)fd >= e->places && grow_places(e, (size_t)fd) == -1))
    return -1;
  e->poll[e->count] = (struct pollfd){.fd = fd, .events = poll_events(interest)};
  e->event[e->count] = who;
  e->place[fd] = (uint32_t)++e->count;
  return 0;
}

/* Its index from 1, or 0 with errno. */
static size_t place_of(struct events const *e, int fd)
{
  size_t place = fd >= 0 && (size_t)fd < e->places ? e->place[fd] : 0;
  if (place == 0)
    errno = ENOENT;
  return place;
}

int events_change(struct events *e, int fd, unsigned int interest, struct event who)
{
  size_t place = place_of(e, fd);
  if (place == 0)
    return -1;
  e->poll[place - 1].events = poll_events(interest);
  e->event[place - 1] = who;
  return 0;
}

int events_forget(struct events *e, int fd)
{
  size_t place = place_of(e, fd);
  if (place == 0)
    return -1;
  e->poll[place - 1] = e->poll[--e->count];
  e->event[place - 1] = e->event[e->count];
  e->place[e->poll[place - 1].fd] = (uint32_t)place;
  e->place[fd] = 0;
  return 0;
}

int events_wait(struct events *e, struct event out[EVENTS_BATCH], int timeout_ms)
{
  int ready = poll(e->poll, (nfds_t)e->count, timeout_ms), n = 0;
  if (ready == -1)
    return errno == EINTR ? 0 : -1;
  for (size_t i = 0; i < e->count && n < EVENTS_BATCH && n < ready; i++) {
    short found = e->poll[i].revents;
    if (!found)
      continue;
    out[n] = e->event[i];
    out[n++].ready = (found & POLLIN ? EVENTS_IN : 0u) | (found & POLLOUT ? EVENTS_OUT : 0u) |
                     (found & POLLRDHUP ? EVENTS_END : 0u) |
                     (found & (POLLERR | POLLHUP | POLLNVAL) ? EVENTS_FAILED : 0u);
  }
  return n;
}

void events_free(struct events *e)
{
  free(e->poll);
  free(e->event);
  free(e->place);
}

#endif
