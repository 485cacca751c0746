/* rblsmtpd.c - becomes the program that takes mail from the client on descriptors 0 and 1, or refuses the client's mail
 * itself, as $RBLSMTPD or DNS lists say. Started anew for each connection. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "about.h"
#include "client.h"
#include "clock.h"
#include "decimal.h"
#include "dialogue.h"
#include "execute.h"
#include "hostname.h"
#include "lists.h"
#include "messages.h"
#include "options.h"
#include "steps.h"
#include "text.h"

char const *PROG = "rblsmtpd";

enum { STATUS_REFUSED = 0, STATUS_FAILED = 111 };

/* As long as ucspi-tcp waits for one list. SMTP clients wait for their greeting five minutes (RFC 5321 section
 * 4.5.3.2.1). */
enum { LISTS_TIME_MS = 60000 };

struct session {
  struct options options;
  struct client client;
  struct messages messages;
};

static char const temporary[] = "451", permanent[] = "553";

/* "rblsmtpd: IP pid N: WHAT DETAIL", the form of ucspi-tcp. */
static void log_line(struct client const *client, char const *what, char const *detail)
{
  char pid[DECIMAL_SIZE];
  decimal_print(pid, (uint64_t)getpid());
  strerr_warn(PROG, ": ", client->text.octet, " pid ", pid, ": ", what, " ", detail);
}

static int refuse(struct session const *s, char const *code, struct text const *text)
{
  log_line(&s->client, code, text->octet);
  dialogue_run(code, text, s->options.timeout_s);
  return STATUS_REFUSED;
}

static int run(struct session const *s)
{
  char const *const *prog = s->options.prog;
  messages_for_program(&s->messages);
  errno = execute(prog[0], prog, getenv("PATH"), (char const *const *)environ);
  messages_for_us(&s->messages);
  strerr_diefusys(STATUS_FAILED, "run ", prog[0]);
}

static void log_delay(struct client const *client, unsigned int delay_s)
{
  char seconds[DECIMAL_SIZE];
  decimal_print(seconds, delay_s);
  log_line(client, "greetdelay:", seconds);
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
      log_line(&s->client, "lookup error:", line);
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
  log_line(client, prefix, text->octet);
  if (setenv("RBLSMTPD", value, 1) == -1)
    strerr_diefusys(STATUS_FAILED, "set $RBLSMTPD");
}

/* $RBLSMTPD decides alone: empty, and the client is welcome; else it says what to refuse with, and for how long. */
static int obey(struct session const *s, char const *given)
{
  struct text text = {.len = 0};
  bool is_permanent = given[0] == '-';
  if (given[0] == '\0')
    return run(s);
  text_add_string(&text, given + is_permanent);
  return refuse(s, is_permanent ? permanent : temporary, &text);
}

static int consult(struct session const *s)
{
  struct options const *o = &s->options;
  struct verdict v = lists_consult(o->steps, o->count, &s->client, clock_ms() + LISTS_TIME_MS, log_delay);
  log_failures(s, v.step);
  if (v.decision == DECISION_REFUSE) {
    struct text text = reason_of(v.step);
    if (!o->only_informs)
      return refuse(s, v.permanent ? permanent : temporary, &text);
    inform(&s->client, &text);
  }
  return run(s);
}

int main(int argc, char const *const *argv)
{
  char const *given = getenv("RBLSMTPD");
  static struct session s; /* as long as the process */

  if (about_answered(argc, argv, PROG, options_help))
    return 0;
  if (messages_divert(&s.messages) == -1)
    return STATUS_FAILED;
  s.options = options_from(argc, argv);
  client_from_text(&s.client, getenv("TCPREMOTEIP"));
  return given ? obey(&s, given) : consult(&s);
}
