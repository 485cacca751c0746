/* info.c - see info.h. While it connects, a question is this record and a socket; the reply gets memory, and never more
 * than the longest legal one, once there is somebody who could send it. */
#include "info.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct info {
  struct timer timer;
  info_done *done;
  void *context;
  char *reply; /* null while connecting */
  size_t len;
  int fd;
  uint16_t local_port, remote_port;
};

void infos_init(struct infos *i, struct events *events, uint32_t kind)
{
  struct infos const none = {.events = events, .kind = kind};
  *i = none;
}

static bool bind_local(int fd, struct address const *local)
{
  struct sockaddr_storage from;
  socklen_t len = address_to_sockaddr(&from, local, 0);
#ifdef IP_BIND_ADDRESS_NO_PORT
  /* The port is chosen with the connection then, so that one port can serve for many peers. */
  int const on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
#endif
  return len == 0 || bind(fd, (struct sockaddr *)&from, len) == 0;
}

/* A socket that connects, or -1. */
static int start_connecting(struct info_request const *request)
{
  struct sockaddr_storage to;
  socklen_t len = address_to_sockaddr(&to, &request->remote, IDENT_PORT);
  int fd = len ? socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
  if (fd == -1)
    return -1;
  if (bind_local(fd, &request->local) &&
      (connect(fd, (struct sockaddr *)&to, len) == 0 || errno == EINPROGRESS || errno == EINTR))
    return fd;
  close(fd);
  return -1;
}

static int enlist(struct infos *i, struct info *info, int64_t deadline_ms)
{
  struct event const who = {.kind = i->kind, .number = (uint32_t)info->fd};
  if (fdtable_set(&i->sockets, info->fd, info) == -1)
    return -1;
  if (timers_set(&i->timers, &info->timer, deadline_ms) == 0) {
    if (events_watch(i->events, info->fd, EVENTS_OUT, who) == 0)
      return 0;
    timers_cancel(&i->timers, &info->timer);
  }
  fdtable_set(&i->sockets, info->fd, NULL);
  return -1;
}

struct info *infos_ask(struct infos *i, struct info_request const *request, info_done *done, void *context,
                       int64_t now_ms)
{
  struct info *info = calloc(1, sizeof *info);
  if (!info)
    return NULL;
  info->done = done;
  info->context = context;
  info->local_port = request->local_port;
  info->remote_port = request->remote_port;
  info->fd = start_connecting(request);
  if (info->fd != -1) {
    if (enlist(i, info, now_ms + (int64_t)request->timeout_s * 1000) == 0)
      return info;
    close(info->fd);
  }
  free(info);
  return NULL;
}

void infos_cancel(struct infos *i, struct info *info)
{
  events_forget(i->events, info->fd);
  fdtable_set(&i->sockets, info->fd, NULL);
  timers_cancel(&i->timers, &info->timer);
  close(info->fd);
  free(info->reply);
  free(info);
}

static void finish(struct infos *i, struct info *info, char const *text)
{
  info_done *done = info->done;
  void *context = info->context;
  infos_cancel(i, info);
  done(context, text);
}

/* The connection is there, or not. */
static void send_request(struct infos *i, struct info *info)
{
  struct event const who = {.kind = i->kind, .number = (uint32_t)info->fd};
  char request[IDENT_REQUEST_SIZE];
  size_t len = ident_request(request, info->remote_port, info->local_port);
  /* A dozen octets always fit into an empty socket; with fewer sent, the other side would only wait. */
  if (send(info->fd, request, len, MSG_NOSIGNAL) == (ssize_t)len) {
    info->reply = malloc(IDENT_REPLY_MAX);
    if (info->reply && events_change(i->events, info->fd, EVENTS_IN, who) == 0)
      return;
  }
  finish(i, info, NULL);
}

static void read_reply(struct infos *i, struct info *info)
{
  char user[IDENT_SIZE];
  ssize_t r = recv(info->fd, info->reply + info->len, IDENT_REPLY_MAX - info->len, 0);
  if (r == -1 && (errno == EAGAIN || errno == EINTR))
    return;
  if (r == -1) {
    finish(i, info, NULL);
    return;
  }
  info->len += (size_t)r;
  switch (ident_parse(user, info->reply, info->len, r == 0, info->remote_port, info->local_port)) {
  case IDENT_USER: finish(i, info, user); break;
  case IDENT_NOBODY: finish(i, info, NULL); break;
  case IDENT_INCOMPLETE:
    if (r == 0 || info->len == IDENT_REPLY_MAX)
      finish(i, info, NULL);
    break;
  }
}

void infos_ready(struct infos *i, struct event const *e)
{
  struct info *info = fdtable_get(&i->sockets, e->number);
  if (!info)
    return;
  if (info->reply)
    read_reply(i, info);
  else
    send_request(i, info);
}

void infos_expire(struct infos *i, int64_t now_ms)
{
  for (struct timer *t; (t = timers_expired(&i->timers, now_ms));)
    finish(i, (struct info *)(void *)((char *)t - offsetof(struct info, timer)), NULL);
}
