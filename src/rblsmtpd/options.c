/* options.c - see options.h. -b, -B, -c and -C hold for the lists that follow them, as in ucspi-tcp. */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "decimal.h"
#include "hostname.h"
#include "prog.h"
#include "span.h"

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

/* What has been read so far. */
struct reading {
  struct options options;
  size_t room;       /* for steps */
  struct step flags; /* of the next list */
};

static unsigned int number_from(char const *text, unsigned int max, char const *complaint)
{
  unsigned int number = 0;
  if (!decimal_parse(&number, text, 0, max))
    die_usage(PROG, complaint, text);
  return number;
}

static struct step *add_step(struct reading *r, struct step const *step)
{
  struct options *o = &r->options;
  if (o->count == r->room) {
    r->room += STEPS_MORE;
    o->steps = reallocarray(o->steps, r->room, sizeof *o->steps);
    if (!o->steps)
      die_unable(PROG, "allocate memory", "", errno);
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
    die_usage(PROG, "not a domain: ", given);
  if (!colon)
    return;
  s->kind = STEP_BLOCK_ADDRESS;
  s->reason = colon + 1;
  if (s->reason[0] == '\0')
    die_usage(PROG, "no text after the colon: ", given);
}

static void add_delay(struct reading *r, unsigned int delay_s)
{
  struct step delay = {.kind = STEP_DELAY, .delay_s = delay_s};
  if (delay_s > 0)
    add_step(r, &delay);
}

static void add_delay_from_environment(struct reading *r)
{
  char const *given = getenv("GREETDELAY");
  unsigned int delay_s = 0;
  if (given && *given && !decimal_parse(&delay_s, given, 0, DELAY_MAX_S))
    r->options.has_bad_delay = true;
  add_delay(r, delay_s);
}

struct options options_from(int argc, char const *const *argv)
{
  struct reading r = {.options = {.timeout_s = TIMEOUT_DEFAULT_S}};
  /* "+": what follows the program is none of ours. ":": it says nothing itself. */
  char const *letters = "+:bBcCiWt:r:a:w:";
  for (int letter; (letter = getopt(argc, (char *const *)(void const *)argv, letters)) != -1;)
    switch (letter) {
    case 'b': r.flags.permanent = true; break;
    case 'B': r.flags.permanent = false; break;
    case 'c': r.flags.fails_closed = true; break;
    case 'C': r.flags.fails_closed = false; break;
    case 'i': r.options.only_informs = true; break;
    case 't':
      r.options.timeout_s = number_from(optarg, TIMEOUT_MAX_S, "-t takes 0 to 86400 seconds, not ");
      break;
    case 'r': add_list(&r, STEP_BLOCK, optarg); break;
    case 'a': add_list(&r, STEP_ALLOW, optarg); break;
    case 'w': add_delay(&r, number_from(optarg, DELAY_MAX_S, "-w takes 0 to 3600 seconds, not ")); break;
    case 'W': add_delay_from_environment(&r); break;
    default: die_usage(PROG, USAGE);
    }
  r.options.prog = argv + optind;
  if (!r.options.prog[0])
    die_usage(PROG, USAGE);
  return r.options;
}

void options_warn(struct options const *o)
{
  if (o->has_bad_delay)
    complain(PROG, ": warning: $GREETDELAY is not a number from 0 to 3600");
}
