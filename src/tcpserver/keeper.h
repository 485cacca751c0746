/* keeper.h - the care for a helper that is started with the rights that tcpserver has before it drops them, and then keeps
 * something going that has fewer: tcptls(1) and tcpsql(8). It is watched, never believed, and replaced when it fails, as far as
 * what tcpserver may do then allows that. What it is for is its stage's business. */
#ifndef TCPSERVER_KEEPER_H
#define TCPSERVER_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "events.h"
#include "helper.h"
#include "message.h"
#include "report.h"
#include "revival.h"
#include "sources.h"
#include "timers.h"

/* How many timers it sets. */
#define KEEPER_TIMERS 2

/* What one has that others do not have. */
struct keeper_kind {
  char const *program;
  char const *if_absent;        /* what else to say if there is no such program */
  char const *purpose, *upkeep; /* what tcpserver is unable to do without it: at the start, and later */
  /* What may be wrong with it. */
  char const *has_ended;
  char const *makes_no_sense;
  char const *never_ready;     /* after start_ms, at the start of tcpserver */
  char const *not_ready_again; /* after restart_ms, when it was started again */
  char const *is_overdue;      /* when it was ready */
  char const *last_words;      /* why tcpserver ends if no new one gets ready */
  enum event_kind event;
  int64_t start_ms, restart_ms;
  struct message_kind const *begin, *reload; /* to it: struct ids; without a payload */
  struct message_kind const *from;           /* table of what it may send */
  size_t from_kinds;
  /* Starts its program, whose path `path` becomes. 0, or -1 with errno. */
  int (*run)(void *owner, struct helper *new, char path[HELPER_PATH_SIZE]);
  /* Takes what it has sent, with the descriptors. False if none of ours would have sent that. */
  bool (*heed)(void *owner, struct message const *m);
};

struct keeper {
  struct keeper_kind const *kind;
  void *owner;
  struct report *report;
  struct events *events;
  struct timers *timers;
  int fd;               /* our end of its socket, -1: there is none */
  char const *trouble;  /* what is wrong with it, till keeper_give_up() */
  bool told;            /* the log knows of this outage; it ends when the owner clears this */
  bool is_ready;        /* as the owner has heard from it */
  bool hopeless;        /* the last one never got ready, or could not even be run */
  struct timer overdue; /* something should have been heard by then; the owner cancels it or moves it on */
  struct revival revival;
};

/* Starts it. The fields up to `timers` are set, the others zero; events may be made later. Exits 111 if it can't be run. */
void keeper_start(struct keeper *k);

/* Once privileges are dropped: tells it what to be, and takes what it sends until *enough. Exits as it does, 100 or 111, if it
 * does not get ready. */
void keeper_begin(struct keeper *k, bool const *enough);

/* Has it read its files again. It tells the log itself what becomes of that. */
void keeper_reload(struct keeper *k);

/* Ends it, which would end by itself if it is in order. */
void keeper_stop(struct keeper *k);

/* Something is wrong with it: it is no longer heard. */
void keeper_break_off(struct keeper *k, char const *why);

/* Its socket is readable; a timer has expired (false: none of these); a child was waited for that is no program's. */
void keeper_event(struct keeper *k);
bool keeper_time(struct keeper *k, struct timer const *timer);
void keeper_reaped(struct keeper *k, pid_t pid);

/* At the end of a round, if there is trouble: tells the log, and has a new one started. */
void keeper_give_up(struct keeper *k);

/* There is no hope, and the owner can't do without: exits 111. */
_Noreturn void keeper_despair(struct keeper const *k);

#endif
