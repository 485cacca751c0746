/* options.c - see options.h. -b, -B, -c and -C hold for the lists that follow them, as in ucspi-tcp. */
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>

#include "decimal.h"
#include "hostname.h"
#include "span.h"

enum { STATUS_USAGE = 100, STATUS_FAILED = 111 };

/* Room is made for so many at a time: more than most have. */
enum { STEPS_MORE = 16 };

#define TIMEOUT_DEFAULT_S 60
#define TIMEOUT_MAX_S     86400
#define DELAY_MAX_S       3600

#define USAGE                                                                                                \
  "rblsmtpd [ -bBcCiW ] [ -t seconds ] [ -r base ] [ -r base:text ] [ -a base ] [ -w seconds ] prog..."
char const options_help[] =
    USAGE "\n"
          "  -r base       refuse a client that has a TXT record there, with its text\n"
          "  -r base:text  ... that has an A record there, with this text\n"
          "  -a base       let a client pass that has an A record there\n"
          "  -b, -B        tell clients of the lists that follow to give up (553), or to\n"
          "                try again (451, default)\n"
          "  -c, -C        count lists that follow and don't answer against the client,\n"
          "                or for it (default)\n"
          "  -i            refuse nobody whom lists name; tell prog in $RBLSMTPD\n"
          "  -t n          talk to a refused client for n seconds (60); 0: refuse at once\n"
          "  -w n          wait n seconds; -W $GREETDELAY seconds\n";

static void usage(void)
{
  strerr_dieusage(STATUS_USAGE, USAGE);
}

/* What has been read so far. */
struct reading {
  struct options options;
  size_t room;       /* for steps */
  struct step flags; /* of the next list */
};

__attribute__((noreturn)) static void refuse(char const *why, char const *what)
{
  strerr_die(STATUS_USAGE, PROG, ": usage: ", why, what);
}

static unsigned int number_from(char const *text, unsigned int max, char const *complaint)
{
  unsigned int number = 0;
  if (!decimal_parse(&number, text, 0, max))
    refuse(complaint, text);
  return number;
}

static struct step *add_step(struct reading *r, struct step const *step)
{
  struct options *o = &r->options;
  if (o->count == r->room) {
    r->room += STEPS_MORE;
    o->steps = reallocarray(o->steps, r->room, sizeof *o->steps);
    if (!o->steps)
      strerr_diefusys(STATUS_FAILED, "allocate memory");
  }
  o->steps[o->count] = *step;
  return &o->steps[o->count++];
}

static bool is_domain(char const *text, size_t len)
{
  char base[HOSTNAME_SIZE], clean[HOSTNAME_SIZE];
  return span_copy(base, sizeof base, (struct span){text, len}) && hostname_clean(clean, base);
}

/* base, or base:text of a list that blocks. */
static void add_list(struct reading *r, enum step_kind kind, char const *given)
{
  char const *colon = kind == STEP_BLOCK ? strchr(given, ':') : NULL;
  struct step *s = add_step(r, &r->flags);
  s->kind = kind;
  s->base = given;
  s->base_len = colon ? (size_t)(colon - given) : strlen(given);
  if (!is_domain(given, s->base_len))
    refuse("not a domain: ", given);
  if (!colon)
    return;
  s->kind = STEP_BLOCK_ADDRESS;
  s->reason = colon + 1;
  if (s->reason[0] == '\0')
    refuse("no text after the colon: ", given);
}

static void add_delay(struct reading *r, unsigned int delay_s)
{
  struct step delay = {.kind = STEP_DELAY, .delay_s = delay_s};
  if (delay_s > 0)
    add_step(r, &delay);
}

/* A rule may have set it for some clients: no reason to turn them away. */
static unsigned int delay_from_environment(void)
{
  char const *given = getenv("GREETDELAY");
  unsigned int delay_s = 0;
  if (given && *given && !decimal_parse(&delay_s, given, 0, DELAY_MAX_S))
    strerr_warnw("$GREETDELAY is not a number from 0 to 3600");
  return delay_s;
}

struct options options_from(int argc, char const *const *argv)
{
  struct reading r = {.options = {.timeout_s = TIMEOUT_DEFAULT_S}};
  subgetopt parser = SUBGETOPT_ZERO;
  for (int letter; (letter = subgetopt_r(argc, argv, "bBcCiWt:r:a:w:", &parser)) != -1;)
    switch (letter) {
    case 'b': r.flags.permanent = true; break;
    case 'B': r.flags.permanent = false; break;
    case 'c': r.flags.fails_closed = true; break;
    case 'C': r.flags.fails_closed = false; break;
    case 'i': r.options.only_informs = true; break;
    case 't':
      r.options.timeout_s = number_from(parser.arg, TIMEOUT_MAX_S, "-t takes 0 to 86400 seconds, not ");
      break;
    case 'r': add_list(&r, STEP_BLOCK, parser.arg); break;
    case 'a': add_list(&r, STEP_ALLOW, parser.arg); break;
    case 'w': add_delay(&r, number_from(parser.arg, DELAY_MAX_S, "-w takes 0 to 3600 seconds, not ")); break;
    case 'W': add_delay(&r, delay_from_environment()); break;
    default: usage();
    }
  r.options.prog = argv + parser.ind;
  if (!r.options.prog[0])
    usage();
  return r.options;
}
