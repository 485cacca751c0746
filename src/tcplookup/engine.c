/* engine.c - see engine.h. */
#include "engine.h"

#include <skalibs/strerr.h>

#include "clock.h"

void engine_tell_problems(struct engine const *e)
{
  struct settings const *s = &e->settings;
  if (s->servers_problem[0] != '\0')
    strerr_warn(PROG, ": warning: ", s->servers_problem);
  if (s->rewrite_problem[0] != '\0')
    strerr_warn(PROG, ": warning: ", s->rewrite_problem);
}

int engine_init(struct engine *e, size_t waiting)
{
  settings_init(&e->settings);
  e->now_ms = clock_ms();
  if (events_init(&e->events) == -1 ||
      resolver_init(&e->resolver, &e->events, ENGINE_DNS, &e->settings) == -1)
    return -1;
  /* A question has two names at most. Those of cancelled ones may go on, hence the double. */
  names_init(&e->names, &e->resolver, waiting * 4);
  infos_init(&e->infos, &e->events, ENGINE_INFO);
  hosts_init(&e->hosts, &e->settings, &e->resolver);
  questions_init(&e->questions, waiting);
  e->questions.settings = &e->settings;
  e->questions.names = &e->names;
  e->questions.infos = &e->infos;
  e->questions.hosts = &e->hosts;
  return 0;
}

static void refresh_settings(struct engine *e)
{
  if (!settings_refresh(&e->settings, e->now_ms))
    return;
  engine_tell_problems(e);
  resolver_change(&e->resolver, &e->settings);
  names_forget(&e->names);
}

static int wait_ms(struct engine const *e)
{
  struct timers const *const all[] = {&e->resolver.timers, &e->names.timers, &e->infos.timers,
                                      &e->hosts.timers};
  int least = -1;
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    int64_t deadline_ms;
    if (timers_next(all[i], &deadline_ms)) {
      int wait = clock_wait_ms(deadline_ms);
      least = least == -1 || wait < least ? wait : least;
    }
  }
  return least;
}

static void expire(struct engine *e)
{
  resolver_expire(&e->resolver, e->now_ms);
  names_expire(&e->names, e->now_ms);
  infos_expire(&e->infos, e->now_ms);
  hosts_expire(&e->hosts, e->now_ms);
}

int engine_turn(struct engine *e)
{
  struct event ready[EVENTS_BATCH];
  int count, caller = 0;

  resolver_settle(&e->resolver, e->now_ms);
  count = events_wait(&e->events, ready, wait_ms(e));
  if (count == -1)
    return -1;
  e->now_ms = clock_ms();
  refresh_settings(e);
  for (int i = 0; i < count; i++)
    switch ((enum engine_event)ready[i].kind) {
    case ENGINE_DNS: resolver_ready(&e->resolver, &ready[i]); break;
    case ENGINE_INFO: infos_ready(&e->infos, &ready[i]); break;
    case ENGINE_CALLER: caller |= (int)ready[i].ready; break;
    }
  expire(e);
  return caller;
}
