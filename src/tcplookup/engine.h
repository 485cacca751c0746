/* engine.h - all that finds something out, and the loop's turn that keeps it going: what a helper and a program by hand
 * have in common. */
#ifndef TCPLOOKUP_ENGINE_H
#define TCPLOOKUP_ENGINE_H

#include "events.h"
#include "hosts.h"
#include "info.h"
#include "names.h"
#include "question.h"
#include "resolver.h"
#include "settings.h"

struct engine {
  struct events events;
  struct settings settings;
  struct resolver resolver;
  struct names names;
  struct infos infos;
  struct hosts hosts;
  struct questions questions;
  int64_t now_ms; /* of this turn */
};

/* What the events of `events` are about. */
enum engine_event { ENGINE_DNS, ENGINE_INFO, ENGINE_CALLER };

/* For at most `waiting` questions at a time. 0, or -1 with errno. */
int engine_init(struct engine *e, size_t waiting);

/* Warns of what is wrong with the settings: once, because questions that meet it say no more than LOOKUP_SETTINGS.
 * It is done again by itself when they change. */
void engine_tell_problems(struct engine const *e);

/* Waits until something has happened and deals with it. Returns what the descriptor that the caller watches as
 * ENGINE_CALLER is ready for, 0 for nothing (enum events_interest); -1 with errno. */
int engine_turn(struct engine *e);

#endif
