/* launch.h - the last stage: the environment that tells prog whom it serves, and the new process. */
#ifndef TCPSERVER_LAUNCH_H
#define TCPSERVER_LAUNCH_H

#include <stdbool.h>
#include <sys/resource.h>

#include "admission.h"
#include "children.h"
#include "environment.h"
#include "idle.h"
#include "limits.h"
#include "listener.h"
#include "object.h"
#include "options.h"
#include "reaper.h"
#include "report.h"
#include "spawn.h"

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): a part of it begins with a page. */
struct launch {
  struct options const *options;
  struct listener const *listener;
  struct limits const *limits;
  struct report *report;
  struct children *children;
  struct reaper *reaper;
  struct idle *idle;
  struct spawner spawner;
  char const *path;        /* where prog is looked for */
  object_service *service; /* what is called in its place, or null */
  char **own_environment;  /* environ, as it is for tcpserver itself */
  struct rlimit nofile;    /* prog's limit, if ours was raised */
  bool nofile_raised;
  unsigned int waiting;    /* connections besides that may wait, each with its descriptors */
  struct environment base; /* the inherited environment, cleaned once */
  /* Of the connection in hand. A child of fork() has a copy of it: what changes is on as few pages as can be. */
  _Alignas(4096) struct environment current;
};

/* What programs and helpers inherit: l->base, which the rest of this needs. Exits 111 without memory. */
void launch_load_environment(struct launch *l, char const *const *inherited);

/* Also raises the limit on open files, which prog gets back unchanged: there is a descriptor for each child.
 * Exits 111 without memory. */
void launch_init(struct launch *l);
/* Raises the limit on open files as far as that many programs need it: again when there may be more of them. */
void launch_raise_nofile(struct launch *l);

/* For what looks at tcpserver's own environment: where a function was called, environ is that of the last connection. */
void launch_restore_environment(struct launch const *l);

/* How many may wait, of those that l->waiting is meant for, with what the limit is now: at least 1. */
unsigned int launch_room_to_wait(struct launch const *l);
enum outcome launch_stage(void *launch, struct connection *c);

#endif
