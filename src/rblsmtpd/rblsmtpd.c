/* rblsmtpd.c - becomes the program that takes mail from the client on descriptors 0 and 1, or refuses the client's mail
 * itself, as $RBLSMTPD or DNS lists say. Started anew for each connection. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <skalibs/exec.h>
#include <skalibs/strerr.h>

#include "about.h"
#include "client.h"
#include "clock.h"
#include "decimal.h"
#include "dialogue.h"
#include "lists.h"
#include "options.h"
#include "steps.h"
#include "text.h"

char const *PROG = "rblsmtpd";

enum { STATUS_REFUSED = 0, STATUS_FAILED = 111 };

/* As long as ucspi-tcp waits for one list. SMTP clients wait for their greeting five minutes (RFC 5321 section
 * 4.5.3.2.1). */
enum { LISTS_TIME_MS = 60000 };

static char const temporary[] = "451", permanent[] = "553";

/* "rblsmtpd: IP pid N: WHAT DETAIL", the form of ucspi-tcp. */
static void log_line(struct client const *client, char const *what, char const *detail)
{
  char pid[DECIMAL_SIZE];
  decimal_print(pid, (uint64_t)getpid());
  strerr_warn(PROG, ": ", client->text.octet, " pid ", pid, ": ", what, " ", detail);
}

static int refuse(struct client const *client, char const *code, struct text const *text,
                  unsigned int timeout_s)
{
  log_line(client, code, text->octet);
  dialogue_run(code, text, timeout_s);
  return STATUS_REFUSED;
}

static int run(char const *const *prog)
{
  exec(prog);
  strerr_diefusys(STATUS_FAILED, "run ", prog[0]);
}

static void log_delay(struct client const *client, unsigned int delay_s)
{
  char seconds[DECIMAL_SIZE];
  decimal_print(seconds, delay_s);
  log_line(client, "greetdelay:", seconds);
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
static int obey(char const *given, struct options const *o, struct client const *client)
{
  struct text text = {.len = 0};
  bool is_permanent = given[0] == '-';
  if (given[0] == '\0')
    return run(o->prog);
  text_add_string(&text, given + is_permanent);
  return refuse(client, is_permanent ? permanent : temporary, &text, o->timeout_s);
}

static int consult(struct options const *o, struct client const *client)
{
  struct verdict v = lists_consult(o->steps, o->count, client, clock_ms() + LISTS_TIME_MS, log_delay);
  if (v.decision == DECISION_REFUSE) {
    struct text text = reason_of(v.step);
    if (!o->only_informs)
      return refuse(client, v.permanent ? permanent : temporary, &text, o->timeout_s);
    inform(client, &text);
  }
  return run(o->prog);
}

int main(int argc, char const *const *argv)
{
  char const *given = getenv("RBLSMTPD");
  static struct options o; /* as long as the process */
  struct client client;

  if (about_answered(argc, argv, PROG, options_help))
    return 0;
  o = options_from(argc, argv);
  client_from_text(&client, getenv("TCPREMOTEIP"));
  return given ? obey(given, &o, &client) : consult(&o, &client);
}
