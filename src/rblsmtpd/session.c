/* session.c - see session.h. */
#include "session.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "complain.h"
#include "decimal.h"
#include "dialogue.h"
#include "prog.h"

enum { STATUS_REFUSED = 0 };

void session_begin(struct session *s, int argc, char const *const *argv)
{
  if (messages_divert(&s->messages) == -1)
    _exit(STATUS_FAILED);
  s->options = options_from(argc, argv);
  client_from_text(&s->client, getenv("TCPREMOTEIP"));
}

void session_log(struct client const *client, char const *what, char const *detail)
{
  char pid[DECIMAL_SIZE];
  decimal_print(pid, (uint64_t)getpid());
  complain(PROG, ": ", client->text.octet, " pid ", pid, ": ", what, " ", detail);
}

void session_refuse(struct session const *s, bool is_permanent, struct text const *text)
{
  char const *code = is_permanent ? "553" : "451";
  session_log(&s->client, code, text->octet);
  dialogue_run(code, text, s->options.timeout_s);
  _exit(STATUS_REFUSED);
}

void session_run(struct session const *s, char const *name, char const *const *argv)
{
  int error = messages_execute(&s->messages, name, argv, getenv("PATH"), (char const *const *)environ);
  die_unable(PROG, "run ", name, error);
}
