/* fixcrio.c - run a program, and see to it that the lines that it reads and writes end in CR LF. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "about.h"
#include "complain.h"
#include "crlf.h"
#include "messages.h"
#include "relay.h"

#define PROG  "fixcrio"
#define USAGE "fixcrio prog [ args ]"
static char const help[] =
    USAGE "\n"
          "Runs prog, and puts a CR before each LF of its input and output that has none.\n";

static size_t fix(void *context, enum relay_way way, char *to, char const *packet, size_t len)
{
  struct crlf *state = context;
  return crlf_fix(&state[way], to, packet, len);
}

int main(int argc, char const *const *argv)
{
  static struct crlf state[RELAY_WAYS] = {CRLF_ZERO, CRLF_ZERO};
  struct relay_work const work = {.context = state, .change = fix};
  struct messages messages;
  int error;
  if (about_answered(argc, argv, PROG, help))
    return 0;
  if (messages_divert(&messages) == -1)
    return STATUS_FAILED;
  if (argc < 2)
    die_usage(PROG, USAGE);
  if (relay_start(&work) == -1)
    die_unable(PROG, "start", "", errno);
  error = messages_execute(&messages, argv[1], argv + 1, getenv("PATH"), (char const *const *)environ);
  die_unable(PROG, "run ", argv[1], error);
}
