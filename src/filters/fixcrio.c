/* fixcrio.c - run a program, and see to it that the lines that it reads and writes end in CR LF. */
#include "crlf.h"
#include "filter.h"

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

static int begin(int argc, char const *const *argv)
{
  static struct crlf state[RELAY_WAYS] = {CRLF_ZERO, CRLF_ZERO};
  struct filter const f = {
      .name = PROG, .usage = USAGE, .help = help, .work = {.context = state, .change = fix}};
  return filter_run(&f, argc, argv);
}

FILTER_BEGINS(fixcrio, begin)
