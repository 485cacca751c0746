/* options.c - the command line of tcplookup(8): a table of letters, what each one sets, and which of the program's three
 * faces it belongs to. */
#include "options.h"

#include <string.h>

#include <skalibs/strerr.h>

#include "decimal.h"
#include "letters.h"

#define USAGE                                                                                                \
  "tcplookup [ -pHR ] [ -l localip ] [ -t seconds ] ip [ port [ localport ] ] | tcplookup -a [ -46 ] name "  \
  "| "                                                                                                       \
  "tcplookup -s [ -w questions ]"

static char const usage[] = USAGE;

char const options_help[] = USAGE
    "\n\n"
    "Prints what tcpserver would learn of the peer at ip:\n"
    "  -p             take a host name only if it has that address\n"
    "  -H / -R        no host names / no ident\n"
    "  -l localip     the connection's address on this side: its name too, and where ident is asked from\n"
    "  -t seconds     wait for ident no longer than that (26)\n"
    "  port           the connection's port on the peer, which ident is asked about\n"
    "  localport      its port on this side (1)\n"
    "  -a name        print the addresses of a host argument instead; -4 / -6: IPv4 / IPv6 only\n"
    "  -s             answer questions of other programs on descriptor 0\n"
    "  -w questions   at most that many at a time (10000)\n"
    "See tcplookup(8).\n";

enum { WAITING_MAX = 1000000, WAITING_DEFAULT = 10000, INFO_TIMEOUT_DEFAULT_S = 26 };

/* Which faces an option is for. */
enum { PEER = 1 << FACE_PEER, ADDRESSES = 1 << FACE_ADDRESSES, HELPER = 1 << FACE_HELPER };

enum kind {
  SELECT,   /* the face `value` */
  WANT,     /* sets the fact `value` */
  WANT_NOT, /* clears the facts `value` */
  FAMILY,   /* enum address_family */
  LOCAL,    /* an address */
  TIMEOUT,  /* seconds */
  WAITING   /* a number */
};

struct option {
  char letter;
  enum kind kind;
  unsigned int faces, value;
};

static struct option const options[] = {
    {'a', SELECT, PEER | ADDRESSES | HELPER, FACE_ADDRESSES},
    {'s', SELECT, PEER | ADDRESSES | HELPER, FACE_HELPER},
    {'p', WANT, PEER, LOOKUP_PARANOID},
    {'H', WANT_NOT, PEER, LOOKUP_REMOTE_HOST | LOOKUP_LOCAL_HOST},
    {'R', WANT_NOT, PEER, LOOKUP_INFO},
    {'l', LOCAL, PEER, 0},
    {'t', TIMEOUT, PEER, 0},
    {'4', FAMILY, ADDRESSES, ADDRESS_IPV4},
    {'6', FAMILY, ADDRESSES, ADDRESS_IPV6},
    {'w', WAITING, HELPER, 0},
};
enum { OPTION_COUNT = sizeof options / sizeof options[0] };

#define die_usage(...) strerr_die(100, PROG, ": usage: ", __VA_ARGS__)

static bool takes_argument(void const *row)
{
  struct option const *option = row;
  return option->kind == LOCAL || option->kind == TIMEOUT || option->kind == WAITING;
}

static struct letters const table = {options, OPTION_COUNT, sizeof options[0], takes_argument};

static void parse_address(struct address *a, char const *text)
{
  if (!address_parse(a, text))
    die_usage("not an IP address: ", text);
  address_unmap(a);
}

static void apply(struct options *o, uint32_t *unwanted, struct option const *option, char const *argument)
{
  unsigned int number;
  switch (option->kind) {
  case SELECT:
    if (o->face != FACE_PEER && o->face != (enum face)option->value)
      die_usage("-a and -s exclude each other");
    o->face = (enum face)option->value;
    break;
  case WANT: o->peer.wanted |= option->value; break;
  case WANT_NOT: *unwanted |= option->value; break;
  case FAMILY: o->host.family = option->value; break;
  case LOCAL:
    parse_address(&o->peer.local, argument);
    o->peer.wanted |= LOOKUP_LOCAL_HOST;
    break;
  case TIMEOUT:
    if (!decimal_parse(&number, argument, 1, LOOKUP_INFO_TIMEOUT_MAX_S))
      die_usage("-t takes seconds from 1 to 86400, not ", argument);
    o->peer.info_timeout_s = number;
    break;
  case WAITING:
    if (!decimal_parse(&o->waiting, argument, 1, WAITING_MAX))
      die_usage("-w takes a number from 1 to 1000000, not ", argument);
    break;
  }
}

/* An option of another face would be ignored: better say so. */
static void check_face(struct options const *o, struct letters_reader again)
{
  struct option const *option;
  while ((option = letters_next(&again)))
    if (!(option->faces & 1U << o->face))
      die_usage(again.name, " does not go with the other options; ", usage);
}

static uint16_t parse_port(char const *text)
{
  unsigned int port;
  if (!decimal_parse(&port, text, 1, UINT16_MAX))
    die_usage("a port is a number from 1 to 65535, not ", text);
  return (uint16_t)port;
}

static void take_peer(struct options *o, int argc, char const *const *argv)
{
  if (argc < 1 || argc > 3)
    die_usage(usage);
  parse_address(&o->peer.remote, argv[0]);
  if (o->peer.local.family != ADDRESS_NONE && o->peer.local.family != o->peer.remote.family)
    die_usage("-l must be of the family of ", argv[0]);
  o->peer.wanted |= LOOKUP_REMOTE_HOST;
  if (argc > 1) {
    o->peer.wanted |= LOOKUP_INFO;
    o->peer.remote_port = parse_port(argv[1]);
    o->peer.local_port = argc > 2 ? parse_port(argv[2]) : 1;
  }
}

static void take_name(struct options *o, int argc, char const *const *argv)
{
  size_t len;
  if (argc != 1)
    die_usage(usage);
  len = strlen(argv[0]);
  if (len == 0 || len >= sizeof o->host.name)
    die_usage("a name has 1 to 255 characters");
  memcpy(o->host.name, argv[0], len);
  if (!lookup_host_is_sound(&o->host))
    die_usage("a name has no blanks or control characters");
}

static void take_arguments(struct options *o, int argc, char const *const *argv)
{
  switch (o->face) {
  case FACE_PEER: take_peer(o, argc, argv); break;
  case FACE_ADDRESSES: take_name(o, argc, argv); break;
  case FACE_HELPER:
    if (argc != 0)
      die_usage(usage);
    break;
  }
}

struct options options_from(int argc, char const *const *argv)
{
  struct options o;
  struct letters_reader reader = letters_reader(&table, argc, argv);
  struct option const *option;
  uint32_t unwanted = 0;

  memset(&o, 0, sizeof o);
  o.waiting = WAITING_DEFAULT;
  o.peer.info_timeout_s = INFO_TIMEOUT_DEFAULT_S;
  while ((option = letters_next(&reader)))
    apply(&o, &unwanted, option, reader.argument);
  if (reader.problem)
    die_usage(reader.name, reader.problem, "; ", usage);
  check_face(&o, letters_reader(&table, argc, argv));
  take_arguments(&o, argc - reader.state.ind, argv + reader.state.ind);
  o.peer.wanted &= ~unwanted;
  return o;
}
