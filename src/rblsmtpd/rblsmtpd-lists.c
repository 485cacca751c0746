/* rblsmtpd-lists.c - goes on for rblsmtpd, with its command line, where DNS lists are to be asked about the client or it
 * is to wait: refuses its mail, or becomes the program that takes it. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "about.h"
#include "clock.h"
#include "complain.h"
#include "decimal.h"
#include "hostname.h"
#include "lists.h"
#include "prog.h"
#include "session.h"
#include "steps.h"

/* As long as ucspi-tcp waits for one list. SMTP clients wait for their greeting five minutes (RFC 5321 section
 * 4.5.3.2.1). */
enum { LISTS_TIME_MS = 60000 };

static void log_delay(struct client const *client, unsigned int delay_s)
{
  char seconds[DECIMAL_SIZE];
  decimal_print(seconds, delay_s);
  session_log(client, "greetdelay:", seconds);
}

/* The lists that failed before it was decided: those after the deciding one might as well not have been asked. */
static void log_failures(struct session const *s, struct step const *deciding)
{
  struct options const *o = &s->options;
  char line[HOSTNAME_SIZE + sizeof ": " + TEXT_MAX];
  struct step const *end = deciding ? deciding + 1 : o->steps + o->count;
  for (struct step const *step = o->steps; step < end; step++)
    if (step->state == STEP_FAILED && step->text.len > 0) {
      snprintf(line, sizeof line, "%.*s: %s", (int)step->base_len, step->base, step->text.octet);
      session_log(&s->client, "lookup error:", line);
    }
}

/* What the list that decided says, or what is said if it could not be asked. */
static struct text reason_of(struct step const *s)
{
  struct text text = {.len = 0};
  if (s->state == STEP_LISTED)
    return s->text;
  text_add_string(&text, "temporary RBL lookup error");
  return text;
}

/* -i: the program may make of it what it likes. */
static void inform(struct client const *client, struct text const *text)
{
  static char const prefix[] = "[RBL info]";
  char value[sizeof prefix + sizeof " " + TEXT_MAX];
  snprintf(value, sizeof value, "%s %s", prefix, text->octet);
  session_log(client, prefix, text->octet);
  if (setenv("RBLSMTPD", value, 1) == -1)
    die_unable(PROG, "set $RBLSMTPD", "", errno);
}

int main(int argc, char const *const *argv)
{
  static struct session s; /* as long as the process */
  struct options const *o = &s.options;
  struct verdict v;

  if (about_answered(argc, argv, "rblsmtpd-lists", options_help))
    return 0;
  session_begin(&s, argc, argv);
  options_warn(o);
  v = lists_consult(o->steps, o->count, &s.client, clock_ms() + LISTS_TIME_MS, log_delay);
  log_failures(&s, v.step);
  if (v.decision == DECISION_REFUSE) {
    struct text text = reason_of(v.step);
    if (!o->only_informs)
      session_refuse(&s, v.permanent, &text);
    inform(&s.client, &text);
  }
  session_run(&s, o->prog[0], o->prog);
}
