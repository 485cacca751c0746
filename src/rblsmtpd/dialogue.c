/* dialogue.c - see dialogue.h. Replies are gathered as long as there is something read to answer, which takes no more
 * memory than is here, and the octets are those of ucspi-tcp. */
#include "dialogue.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "transfer.h"

enum { FROM = 0, TO = 1 };
enum { READ_SIZE = 1024, WRITE_SIZE = 4096 };

#define GREETING "220 rblsmtpd.local\r\n"
#define ACCEPTED "250 rblsmtpd.local\r\n"
#define FAREWELL "221 rblsmtpd.local\r\n"

struct output {
  char octet[WRITE_SIZE];
  size_t len;
  bool is_gone; /* nobody takes it any more */
};

static void flush(struct output *o)
{
  if (!o->is_gone)
    o->is_gone = !transfer_write(TO, o->octet, o->len);
  o->len = 0;
}

/* No line is longer than the room. */
static void say(struct output *o, char const *line)
{
  size_t len = strlen(line);
  if (len > sizeof o->octet - o->len)
    flush(o);
  memcpy(o->octet + o->len, line, len);
  o->len += len;
}

/* alarm(2) ends whatever we wait for, also a write to a client that reads nothing. */
static void time_is_over(int number)
{
  (void)number;
  _exit(0);
}

static void set_alarm(unsigned int timeout_s)
{
  sigset_t alarm_only;
  sigemptyset(&alarm_only);
  sigaddset(&alarm_only, SIGALRM);
  signal(SIGALRM, time_is_over);
  sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
  alarm(timeout_s);
}

/* False when the client has quit. */
static bool answer(struct output *o, struct command_reader *r, char octet, char const *refusal)
{
  enum command command;
  if (!command_read(r, octet, &command))
    return true;
  switch (command) {
  case COMMAND_OTHER: say(o, refusal); break;
  case COMMAND_HARMLESS: say(o, ACCEPTED); break;
  case COMMAND_QUIT: say(o, FAREWELL); return false;
  }
  return true;
}

static void converse(struct output *o, char const *refusal)
{
  struct command_reader r = COMMAND_READER_ZERO;
  char in[READ_SIZE];
  bool goes_on = true;
  say(o, GREETING);
  while (goes_on) {
    ssize_t n;
    flush(o);
    n = o->is_gone ? 0 : transfer_read(FROM, in, sizeof in);
    goes_on = n > 0;
    for (ssize_t i = 0; i < n && goes_on; i++)
      goes_on = answer(o, &r, in[i], refusal);
  }
}

void dialogue_run(char const *code, struct text const *text, unsigned int timeout_s)
{
  struct output o = {.len = 0};
  char refusal[sizeof "451 \r\n" + TEXT_MAX];
  snprintf(refusal, sizeof refusal, "%s %s\r\n", code, text->octet);
  signal(SIGPIPE, SIG_IGN);
  if (timeout_s == 0)
    say(&o, refusal);
  else {
    set_alarm(timeout_s);
    converse(&o, refusal);
  }
  flush(&o);
}
