/* options.c - the command line of tcpclient(1): a table of letters, what each one sets and within what bounds.
 * An option whose work this version does not do is refused, never ignored. */
#include "options.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <skalibs/strerr.h>

#include "decimal.h"
#include "letters.h"
#include "lookup.h"
#include "span.h"

#define USAGE                                                                                                \
  "tcpclient [ -46dDhHqQrRvxX ] [ -i localip ] [ -p localport ] [ -l localname ] [ -t n ] [ -T x[+y] ] "     \
  "[ -I interface ] [ -P muxport ] [ -y 1 | 2 ] [ -n certificate ] [ -k ] [ -c authorities ] "               \
  "[ -L revocations ] [ -m name ] [ -s protocol ] [ -f ciphers ] [ -M version ] [ -e protocols ] [ -S n ] "  \
  "host port [ program ]"

static char const usage[] = USAGE;

char const options_help[] = USAGE
    "\n\n"
    "  -q -Q -v       print nothing; errors (default); the connection too\n"
    "  -4 / -6        use IPv4 / IPv6 addresses only\n"
    "  -I interface   for IPv6 link-local addresses without a zone\n"
    "  -i localip     local address; -p localport: local port\n"
    "  -l localname   $TCPLOCALHOST; by default DNS is asked\n"
    "  -T x[+y]       give up after x+y seconds (2+58)\n"
    "  -d / -D        leave TCP_NODELAY off (default with program) / set it (default without)\n"
    "  -x             if the port's name is unknown or the connection is refused, ask TCPMUX for it\n"
    "  -X             ask TCPMUX only\n"
    "  -P muxport     where the host's TCPMUX server is (1)\n"
    "  -y 1 | 2       begin with a PROXY header of that version, for the connection that $TCPREMOTEIP,\n"
    "                 $TCPREMOTEPORT, $TCPLOCALIP and $TCPLOCALPORT tell of, or else for this one\n"
    "  -h / -H        ask DNS for $TCPREMOTEHOST, if there is a program (default) / do not\n"
    "  -r / -R        ask ident for $TCPREMOTEINFO, if there is a program (default) / do not\n"
    "  -t n           wait n seconds at most for ident (26)\n"
    "  -n cert | \"\"   TLS; a file with a key and its certificate is shown to servers that want one\n"
    "  -k             take any certificate of the server's; -m name: verify this name, not host\n"
    "  -c file        take only certificates that these authorities signed (the system's)\n"
    "  -L file        ... and that these lists do not revoke\n"
    "  -s protocol    begin with STARTTLS of smtp, pop3 or imap\n"
    "  -f ciphers     as in openssl ciphers; -M version: the lowest (TLSv1_2); -e protocols: ALPN\n"
    "  -S n           give up if TLS has not begun after n seconds (60)\n"
    "  host           an address, a name, or 0 for this machine\n"
    "  port           a number or a service's name\n"
    "  program        gets the connection as descriptors 6 and 7; without it, standard input and\n"
    "                 output are relayed\n"
    "See tcpclient(1).\n";

enum kind {
  CHOICE,   /* stores value in an enum */
  TEXT,     /* a string */
  ADDRESS,  /* an IP address */
  NUMBER,   /* an unsigned int up to value; `text` says what it is */
  VERSION,  /* 1 or 2 */
  TIMEOUTS, /* seconds, or seconds+seconds */
  PASSED    /* tlsconnect looks at it, as `text`; value: 1 if it takes an argument */
};

struct option {
  char letter;
  enum kind kind;
  size_t offset;
  unsigned int value;
  char const *text;
};

#define AT(field) offsetof(struct options, field)

static struct option const options[] = {
    {'q', CHOICE, AT(verbosity), VERBOSITY_NONE, NULL},
    {'Q', CHOICE, AT(verbosity), VERBOSITY_ERRORS, NULL},
    {'v', CHOICE, AT(verbosity), VERBOSITY_STATUS, NULL},
    {'4', CHOICE, AT(family), ADDRESS_IPV4, NULL},
    {'6', CHOICE, AT(family), ADDRESS_IPV6, NULL},
    {'d', CHOICE, AT(delay), DELAY_ALLOWED, NULL},
    {'D', CHOICE, AT(delay), DELAY_FORBIDDEN, NULL},
    {'x', CHOICE, AT(mux), MUX_FALLBACK, NULL},
    {'X', CHOICE, AT(mux), MUX_ONLY, NULL},
    {'P', TEXT, AT(mux_port), 0, NULL},
    {'I', TEXT, AT(interface), 0, NULL},
    {'l', TEXT, AT(local_host), 0, NULL},
    {'i', ADDRESS, AT(local), 0, NULL},
    {'p', NUMBER, AT(local_port), 65535, "a number from 0 to 65535"},
    {'y', VERSION, AT(proxy), 0, NULL},
    {'T', TIMEOUTS, 0, 0, NULL},
    {'h', CHOICE, AT(names), NAMES_LOOKED_UP, NULL},
    {'H', CHOICE, AT(names), NAMES_IGNORED, NULL},
    {'r', CHOICE, AT(ident), IDENT_ASKED, NULL},
    {'R', CHOICE, AT(ident), IDENT_IGNORED, NULL},
    {'t', NUMBER, AT(info_timeout_s), LOOKUP_INFO_TIMEOUT_MAX_S, "seconds, 0 to 86400"},
    {'n', PASSED, 0, 1, "-n"},
    {'c', PASSED, 0, 1, "-c"},
    {'L', PASSED, 0, 1, "-L"},
    {'f', PASSED, 0, 1, "-f"},
    {'M', PASSED, 0, 1, "-M"},
    {'e', PASSED, 0, 1, "-e"},
    {'s', PASSED, 0, 1, "-s"},
    {'S', PASSED, 0, 1, "-S"},
    {'k', PASSED, 0, 0, "-k"},
    {'m', TEXT, AT(tls_name), 0, NULL},
};
enum { OPTION_COUNT = sizeof options / sizeof options[0] };

/* A day: more than any TCP would wait, and far from overflowing milliseconds. */
enum { TIMEOUT_MAX_S = 86400 };

#define die_usage(...) strerr_die(100, PROG, ": usage: ", __VA_ARGS__)

static bool takes_argument(void const *row)
{
  struct option const *o = row;
  switch (o->kind) {
  case TEXT:
  case ADDRESS:
  case NUMBER:
  case VERSION:
  case TIMEOUTS: return true;
  case PASSED: return o->value != 0;
  case CHOICE: break;
  }
  return false;
}

static struct letters const table = {options, OPTION_COUNT, sizeof options[0], takes_argument};

static bool parse_timeouts(struct options *o, char const *text)
{
  char first[DECIMAL_SIZE];
  size_t len = strcspn(text, "+");
  if (!span_copy(first, sizeof first, (struct span){text, len}))
    return false;
  o->second_s = 0;
  return decimal_parse(&o->first_s, first, 0, TIMEOUT_MAX_S) &&
         (text[len] == '\0' || decimal_parse(&o->second_s, text + len + 1, 0, TIMEOUT_MAX_S)) &&
         o->first_s + o->second_s > 0;
}

static void pass_one(struct options *o, char const *text)
{
  if (o->tls_arguments == TLS_ARGUMENTS_MAX)
    die_usage("too many options");
  o->tls_argument[o->tls_arguments++] = text;
}

/* As it was given. */
static void pass(struct options *o, struct option const *option, char const *argument)
{
  pass_one(o, option->text);
  if (option->value)
    pass_one(o, argument);
  o->tls = o->tls || option->letter == 'n';
}

static void apply(struct options *o, struct option const *option, char const *argument)
{
  void *field = (char *)o + option->offset;
  char const name[] = {'-', option->letter, '\0'};
  switch (option->kind) {
  case CHOICE: memcpy(field, &option->value, sizeof option->value); break;
  case TEXT: memcpy(field, &argument, sizeof argument); break;
  case ADDRESS:
    if (!address_parse(&o->local, argument))
      die_usage(name, " takes an IP address, not ", argument);
    address_unmap(&o->local);
    break;
  case NUMBER:
    if (!decimal_parse(field, argument, 0, option->value))
      die_usage(name, " takes ", option->text, ", not ", argument);
    break;
  case VERSION:
    if (!decimal_parse(field, argument, 1, 2))
      die_usage(name, " takes 1 or 2, not ", argument);
    break;
  case TIMEOUTS:
    if (!parse_timeouts(o, argument))
      die_usage(name, " takes seconds as x or x+y, each 0 to 86400 but not all 0, not ", argument);
    break;
  case PASSED: pass(o, option, argument); break;
  }
}
_Static_assert(sizeof(enum verbosity) == sizeof(unsigned int), "CHOICE stores enums as unsigned int");

struct options options_from(int argc, char const *const *argv)
{
  struct options o = {
      .verbosity = VERBOSITY_ERRORS, .first_s = 2, .second_s = 58, .mux_port = "1", .info_timeout_s = 26};
  struct letters_reader reader = letters_reader(&table, argc, argv);
  struct option const *option;

  while ((option = letters_next(&reader)))
    apply(&o, option, reader.argument);
  if (reader.problem)
    die_usage(reader.name, reader.problem, "; ", usage);
  argc -= reader.state.ind;
  argv += reader.state.ind;
  if (argc < 2)
    die_usage(usage);
  if (!o.tls && (o.tls_arguments > 0 || o.tls_name))
    die_usage("-c, -e, -f, -k, -L, -M, -m, -S and -s are for TLS: they need -n");
  o.host = argv[0];
  o.port = argv[1];
  o.prog = argc > 2 ? argv + 2 : NULL;
  return o;
}
