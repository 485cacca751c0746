/* launch.c - see launch.h. */
#include "launch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "clock.h"
#include "decimal.h"
#include "description.h"

/* More than there are in the lists of names below. */
#define NAMES_MAX 64

/* Meant for this process alone, besides what it sets itself. */
static char const *const private_names[] = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET",
                                            NULL};

/* To read its counters, at the end or before. */
static bool keeps_connections(struct launch const *l)
{
  return l->report->verbosity >= VERBOSITY_DETAIL || l->idle->limit_ms > 0;
}

/* Each program takes a pidfd, and perhaps the connection besides. */
static rlim_t descriptors_of_programs(struct launch const *l)
{
  rlim_t each = keeps_connections(l) ? 2 : 1;
  return each * l->limits->concurrency + 2 * REAPER_SPARE_DESCRIPTORS;
}

/* A connection that speaks TLS is in other hands, and prog's end of the pair is here; with -V it is here, too. */
static rlim_t descriptors_of_waiting(struct launch const *l)
{
  return l->options->tls && l->report->verbosity >= VERBOSITY_DETAIL ? 2 : 1;
}

unsigned int launch_room_to_wait(struct launch const *l)
{
  rlim_t programs = descriptors_of_programs(l), room;
  struct rlimit now;
  if (getrlimit(RLIMIT_NOFILE, &now) == -1 || now.rlim_cur == RLIM_INFINITY)
    return l->waiting;
  /* Programs go without a pidfd if need be: they don't get everything. */
  room = now.rlim_cur / 4;
  if (now.rlim_cur > programs && now.rlim_cur - programs > room)
    room = now.rlim_cur - programs;
  room /= descriptors_of_waiting(l);
  if (room < 1)
    room = 1;
  return room < l->waiting ? (unsigned int)room : l->waiting;
}

/* With thousands of children, or of connections that wait, the usual limit of 1024 open files would be too low. */
void launch_raise_nofile(struct launch *l)
{
  rlim_t wanted = descriptors_of_programs(l) + l->waiting * descriptors_of_waiting(l);
  struct rlimit now, raised;
  if (getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur < wanted && now.rlim_cur < now.rlim_max) {
    raised = now;
    raised.rlim_cur = wanted < now.rlim_max ? wanted : now.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0 && !l->nofile_raised) {
      l->nofile = now;
      l->nofile_raised = true;
    }
  }
}

/* All lists in one, null-terminated. */
static void names_to_strip(char const *out[NAMES_MAX])
{
  char const *const *const list[] = {environment_ucspi_names, tls_environment_names, private_names};
  size_t n = 0;
  for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
    for (char const *const *name = list[i]; *name && n < NAMES_MAX - 1; name++)
      out[n++] = *name;
  out[n] = NULL;
}

void launch_load_environment(struct launch *l, char const *const *inherited)
{
  char const *strip[NAMES_MAX];
  names_to_strip(strip);
  if (environment_load(&l->base, inherited, strip) == -1)
    strerr_diefusys(111, "prepare");
}

void launch_init(struct launch *l)
{
  if (spawner_init(&l->spawner) == -1)
    strerr_diefusys(111, "prepare");
  launch_raise_nofile(l);
  l->path = environment_get(&l->base, "PATH");
  l->own_environment = environ;
}

void launch_restore_environment(struct launch const *l)
{
  environ = l->own_environment;
}

static int apply_edits(struct environment *e, struct rules_verdict const *verdict)
{
  struct rules_edit edit;
  size_t position = 0;
  while (rules_edit_next(verdict, &position, &edit)) {
    switch (edit.action) {
    case RULES_SET:
      if (environment_set(e, edit.variable) == -1)
        return -1;
      break;
    case RULES_UNSET: environment_unset(e, edit.variable); break;
    }
  }
  return 0;
}

static int make_environment(struct launch *l, struct connection const *c)
{
  char count[DECIMAL_SIZE];
  struct description d = {.local = c->arrival.local,
                          .remote = c->remote,
                          .local_port = c->arrival.local_port,
                          .remote_port = c->remote_port,
                          .local_host = l->options->local_host ? l->options->local_host : c->local_host,
                          .remote_host = c->host,
                          .remote_info = c->info,
                          .unconfirmed = c->unconfirmed,
                          .tcp6 = l->options->ipv6_environment || c->remote.family == ADDRESS_IPV6,
                          .twins = !l->options->ipv4_only};
  if (c->proxied) {
    d.proxy = c->proxied->address;
    d.proxy_port = c->proxied->port;
  }
  decimal_print(count, c->from_address);
  if (environment_load(&l->current, l->base.entry, NULL) == -1 || description_add(&d, &l->current) == -1 ||
      environment_add(&l->current, "TCPCONNNUM", count) == -1)
    return -1;
  if (c->proxied && proxyheader_environment(&c->proxied->header, &l->current) == -1)
    return -1;
  if (c->tls && tls_environment_add(c->tls, l->options->tls_provider ? PROG : NULL, &l->current) == -1)
    return -1;
  return c->verdict ? apply_edits(&l->current, c->verdict) : 0;
}

static enum outcome no_process(struct launch *l, struct connection *c)
{
  report_shortage(l->report, c, "fork");
  return DENY;
}

/* From here on the program runs, whatever else may fail. */
static void remember(struct launch *l, struct child *child, struct connection *c, struct spawned const *new)
{
  bool keep = keeps_connections(l);
  child->pid = new->pid;
  child->connection = keep ? c->fd : -1;
  if (keep)
    c->fd = -1;
  child->idle = false;
  child->traffic = (struct traffic){0, 0};
  child->remote = c->remote;
  child->remote_port = c->remote_port;
  child->watched = idle_watch(l->idle, child->connection, child->started_ms);
  children_add(l->children, child);
  reaper_started(l->reaper, child);
}

/* Prog is a program, or a function of ours. */
static int begin(struct launch *l, struct spawn const *what, struct spawned *new)
{
  if (!l->service)
    return spawn_run(&l->spawner, what, new);
  /* It hardly ever changes, and else each child would have a page to copy for it. */
  if (environ != (char **)(void const *)what->envp)
    environ = (char **)(void const *)what->envp;
  if (spawn_call(what, l->service, new) == -1)
    return -1;
  if (what->prepare)
    report_entrusted(l->report);
  return 0;
}

enum outcome launch_stage(void *launch, struct connection *c)
{
  struct launch *l = launch;
  bool tell = l->report->verbosity >= VERBOSITY_STATUS;
  struct child *child = children_place(l->children);
  struct spawned new;
  struct spawn what = {.argv = l->options->prog,
                       .path = l->path,
                       .connection = connection_for_program(c),
                       .crowded = l->reaper->many,
                       .nofile = l->nofile_raised ? &l->nofile : NULL,
                       .prepare = tell ? report_write_start : NULL,
                       .context = l->report};

  if (!child || idle_prepare(l->idle) == -1 || !connection_find_arrival(c, l->listener) ||
      make_environment(l, c) == -1)
    return no_process(l, c);
  if (c->program == -1)
    connection_set_options(c, l->options);
  what.envp = l->current.entry;
  child->started_ms = clock_ms();
  if (tell)
    report_compose_start(l->report, c, l->children->count + 1, l->limits->concurrency);
  if (begin(l, &what, &new) == -1) {
    if (tell)
      report_not_started(l->report);
    return no_process(l, c);
  }
  if (tell)
    report_started(l->report, new.pid);
  if (new.exec_errno != 0)
    report_dropped(l->report, "run ", l->options->prog[0], strerror(new.exec_errno));
  remember(l, child, c, &new);
  return PASS;
}
