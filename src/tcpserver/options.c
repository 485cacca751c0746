/* options.c - the command line of tcpserver(1): a table of letters, what each one sets and within what bounds.
 */
#include "options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <skalibs/strerr.h>

#include "decimal.h"
#include "letters.h"
#include "lookup.h"
#include "waiting.h"

#define USAGE                                                                                                \
  "tcpserver [ -1qQvV46AdDhHoOpPrRUX ] [ -c limit ] [ -C n[/bits6] ] [ -k n/s[:ban] ] [ -K n/s ] [ -x "      \
  "rules.cdb ] [ -m db.conf ] [ -B banner ] "                                                                \
  "[ -u user ] [ -g group ] [ -b backlog ] [ -I interface ] [ -l localname ] [ -t timeout ] [ -w waiting ] " \
  "[ -sNzZ ] [ -n pem ] [ -i folder ] [ -a authorities ] [ -L revocations ] [ -f ciphers ] [ -M version ] "  \
  "[ -e protocols ] [ -S seconds ] [ -T seconds ] [ -j workers ] [ -Y proxies ] "                            \
  "host port program"

char const options_help[] = USAGE
    "\n\n"
    "  -q -Q -v -V    print nothing; errors (default); status too; details too\n"
    "  -c n | file    at most n programs at once (40), then new connections wait\n"
    "  -C n[/bits6]   at most n from one address; IPv6 counted per /64, or per /bits6\n"
    "  -k n/s[:ban]   at most n new ones in s seconds from one address, else refused for ban seconds more\n"
    "  -K n/s         at most n new ones in s seconds in all, then accepting pauses\n"
    "  -x cdb  -X     access rules made by tcprules; -X: none if the file does not exist\n"
    "  -m db.conf     access rules from a table of MariaDB or MySQL: see tcpsql(8)\n"
    "  -Y list        only from these proxies, and each with a PROXY header that tells of its client\n"
    "  -B text|@file  send this as soon as a connection is made\n"
    "  -u user -g group  drop privileges after binding; -U: to $UID, $GID, $GIDLIST\n"
    "  -1             print the port when ready\n"
    "  -4 / -6        IPv4 only / set PROTO to TCP6 for every connection\n"
    "  -I interface   listen on this interface only\n"
    "  -b n           backlog (default: what the system allows)\n"
    "  -o / -O        leave IP options alone / kill them (default)\n"
    "  -d / -D        leave TCP_NODELAY off (default without TLS) / set it (default with TLS)\n"
    "  -A             set SO_KEEPALIVE\n"
    "  -T n           end a connection on which nothing has moved for n seconds (never; with TLS 300)\n"
    "  -h / -H        look up the client's host name (default) / don't\n"
    "  -p / -P        believe it only if it has the client's address / always (default)\n"
    "  -r / -R        ask the client's ident server (default) / don't; -t n: for n seconds (26)\n"
    "  -l name        $TCPLOCALHOST; without it the name is looked up\n"
    "  -w n           at most n connections may wait for names, ident, TLS and PROXY headers\n"
    "  -n pem         speak TLS, with this key and certificate, or those of a folder; -n '' or -s: with\n"
    "                 $TLS_CERTFILE, or servercert.pem of the folder -i\n"
    "  -a pem -L crl  clients must have a certificate of these authorities, and not of these lists\n"
    "  -f -M -e -N -Z ciphers, version, ALPN protocols, renegotiation, no tickets: see tcptls(1)\n"
    "  -S n           n seconds for the handshake (60)\n"
    "  -j n -z        n processes for TLS; set $TLS_PROVIDER\n"
    "  host           an address, a name, 0 for every local address, or - (with port -) for the\n"
    "                 listening socket that was passed in\n"
    "  program        executed for each connection; if it has a slash and ends in .so, a shared object\n"
    "                 that is loaded at the start, and its function is called, see ucspi-service(3)\n"
    "See tcpserver(1).\n";

enum kind {
  FLAG,       /* sets a bool to value */
  LEVEL,      /* sets the verbosity to value */
  NUMBER,     /* an unsigned int from min to max */
  TEXT,       /* a string */
  LIMIT,      /* -c: a number or a file */
  PEERS,      /* -C: n or n/bits */
  PROXIES,    /* -Y: addresses and networks */
  RATE,       /* -k -K: n/s, and n/s:ban if value is true */
  DELAY,      /* -d -D: sets how TCP_NODELAY is to be */
  HANDED,     /* tcptls's, as `text`, without an argument; sets a bool, if it has an offset */
  HANDED_TEXT /* ... with one */
};

struct option {
  char letter;
  enum kind kind;
  size_t offset;
  unsigned int value, max;
  char const *text;
};

/* As tcptls has it. */
#define IDLE_MAX_S 86400

/* What is only needed until all options are read. */
struct choice {
  struct options options;
  enum { DELAY_UNSAID, DELAY_ON, DELAY_OFF } delay;
  size_t handed;             /* entries of tls_argv */
  char const *needy;         /* an option that makes no sense without TLS */
  struct option const *idle; /* -T, or null */
  char const *idle_text;
};

#define AT(field) offsetof(struct options, field)

static struct option const options[] = {
    {'q', LEVEL, 0, VERBOSITY_NONE, 0, NULL},
    {'Q', LEVEL, 0, VERBOSITY_ERRORS, 0, NULL},
    {'v', LEVEL, 0, VERBOSITY_STATUS, 0, NULL},
    {'V', LEVEL, 0, VERBOSITY_DETAIL, 0, NULL},
    {'c', LIMIT, 0, 0, 0, NULL},
    {'C', PEERS, 0, 0, 0, NULL},
    {'x', TEXT, AT(rules), 0, 0, NULL},
    {'X', FLAG, AT(rules_optional), true, 0, NULL},
    {'B', TEXT, AT(banner), 0, 0, NULL},
    {'u', TEXT, AT(user), 0, 0, NULL},
    {'g', TEXT, AT(group), 0, 0, NULL},
    {'U', FLAG, AT(ids_from_environment), true, 0, NULL},
    {'1', FLAG, AT(print_port), true, 0, NULL},
    {'4', FLAG, AT(ipv4_only), true, 0, NULL},
    {'6', FLAG, AT(ipv6_environment), true, 0, NULL},
    {'I', TEXT, AT(interface), 0, 0, NULL},
    {'b', NUMBER, AT(backlog), 0, INT_MAX, NULL},
    {'o', FLAG, AT(keep_ip_options), true, 0, NULL},
    {'O', FLAG, AT(keep_ip_options), false, 0, NULL},
    {'d', DELAY, 0, DELAY_ON, 0, NULL},
    {'D', DELAY, 0, DELAY_OFF, 0, NULL},
    {'A', FLAG, AT(keep_alive), true, 0, NULL},
    {'l', TEXT, AT(local_host), 0, 0, NULL},
    {'h', FLAG, AT(remote_host), true, 0, NULL},
    {'H', FLAG, AT(remote_host), false, 0, NULL},
    {'p', FLAG, AT(paranoid), true, 0, NULL},
    {'P', FLAG, AT(paranoid), false, 0, NULL},
    {'r', FLAG, AT(remote_info), true, 0, NULL},
    {'R', FLAG, AT(remote_info), false, 0, NULL},
    {'t', NUMBER, AT(info_timeout_s), 0, LOOKUP_INFO_TIMEOUT_MAX_S, NULL},
    {'w', NUMBER, AT(waiting), 1, WAITING_MAX, NULL},
    {'k', RATE, AT(rate_each), true, 0, NULL},
    {'K', RATE, AT(rate_all), false, 0, NULL},
    {'Y', PROXIES, 0, 0, 0, NULL},
    {'m', TEXT, AT(dbconf), 0, 0, NULL},
    {'n', HANDED_TEXT, AT(tls), 0, 0, "-n"},
    {'s', HANDED, AT(tls), 0, 0, "-s"},
    {'i', HANDED_TEXT, 0, 0, 0, "-i"},
    {'a', HANDED_TEXT, 0, 0, 0, "-a"},
    {'L', HANDED_TEXT, 0, 0, 0, "-L"},
    {'f', HANDED_TEXT, 0, 0, 0, "-f"},
    {'M', HANDED_TEXT, 0, 0, 0, "-M"},
    {'e', HANDED_TEXT, 0, 0, 0, "-e"},
    {'j', HANDED_TEXT, 0, 0, 0, "-j"},
    {'S', HANDED_TEXT, 0, 0, 0, "-S"},
    {'T', HANDED_TEXT, 0, 0, IDLE_MAX_S, "-T"},
    {'N', HANDED, 0, 0, 0, "-N"},
    {'Z', HANDED, 0, 0, 0, "-Z"},
    {'z', HANDED, AT(tls_provider), 0, 0, "-z"},
};
/* As long as ucspi-tcp asks. */
#define INFO_TIMEOUT_S 26

/* As long as tcptls waits for a handshake, and may be told to. */
#define HANDSHAKE_S     60
#define HANDSHAKE_MAX_S 86400

/* No host name is longer (RFC 1035 section 2.3.4). */
#define LOCAL_HOST_MAX 255

#define OPTION_COUNT (sizeof options / sizeof options[0])

static bool takes_argument(void const *row)
{
  struct option const *o = row;
  switch (o->kind) {
  case NUMBER:
  case TEXT:
  case LIMIT:
  case PEERS:
  case PROXIES:
  case RATE:
  case HANDED_TEXT: return true;
  case FLAG:
  case LEVEL:
  case DELAY:
  case HANDED: break;
  }
  return false;
}

static struct letters const table = {options, OPTION_COUNT, sizeof options[0], takes_argument};

static void bad_argument(char letter, char const *text, char const *expected)
{
  char const name[] = {'-', letter, '\0'};
  strerr_die(100, PROG, ": usage: option ", name, " takes ", expected, ", not ", *text ? text : "nothing");
}

static void apply_limit(struct options *o, char const *text)
{
  o->concurrency_file = NULL;
  if (text[strspn(text, "0123456789")])
    o->concurrency_file = text;
  else if (!decimal_parse(&o->concurrency, text, 1, INT_MAX))
    bad_argument('c', text, "a number from 1 to 2147483647, or a file");
}

static void apply_peers(struct options *o, char const *text)
{
  char number[DECIMAL_SIZE] = "";
  size_t len = strcspn(text, "/");
  if (len < sizeof number)
    memcpy(number, text, len);
  if (!decimal_parse(&o->per_address, number, 1, INT_MAX) ||
      (text[len] && !decimal_parse(&o->address_bits6, text + len + 1, 1, 128)))
    bad_argument('C', text,
                 "a number from 1 to 2147483647, and perhaps / and an IPv6 prefix length from 1 to 128");
}

/* One of the list, which is `len` long. */
static bool take_proxy(struct network *n, char const *text, size_t len)
{
  char one[ADDRESS_TEXT_SIZE + sizeof "/128"];
  if (len >= sizeof one)
    return false;
  memcpy(one, text, len);
  one[len] = '\0';
  return network_parse(n, one) && !network_has_host_bits(n);
}

static void apply_proxies(struct options *o, char const *text)
{
  char const *at = text, *end;
  o->proxies = 0;
  do {
    end = at + strcspn(at, ",");
    o->proxy = reallocarray(o->proxy, o->proxies + 1, sizeof *o->proxy);
    if (!o->proxy)
      strerr_diefusys(111, "prepare");
    if (!take_proxy(&o->proxy[o->proxies++], at, (size_t)(end - at)))
      bad_argument('Y', text, "IP addresses and networks, such as 192.0.2.0/24, with commas between");
    at = end + 1;
  } while (*end);
}

static void apply_rate(struct rate *field, struct option const *option, char const *text)
{
  bool may_ban = option->value != 0;
  size_t position;
  if (!rate_parse(field, text, &position) && (may_ban || !strchr(text, ':')))
    return;
  bad_argument(
      option->letter, text,
      may_ban ? "a number from 1 to 1000000, /, seconds from 1 to 86400, and perhaps : and seconds of a ban"
              : "a number from 1 to 1000000, / and seconds from 1 to 86400");
}

static void apply_number(unsigned int *field, struct option const *option, char const *text)
{
  static char const from[] = "a number from ", to[] = " to ";
  char wanted[sizeof from + sizeof to + (size_t)2 * DECIMAL_SIZE];
  size_t len = sizeof from - 1;
  if (decimal_parse(field, text, option->value, option->max))
    return;
  memcpy(wanted, from, len);
  len += decimal_print(wanted + len, option->value);
  memcpy(wanted + len, to, sizeof to - 1);
  len += sizeof to - 1;
  len += decimal_print(wanted + len, option->max);
  wanted[len] = '\0';
  bad_argument(option->letter, text, wanted);
}

/* One more argument for tcptls; the first two are left to who runs it. */
static void hand_on_text(struct choice *c, char const *text)
{
  struct options *o = &c->options;
  size_t at = o->tls_argv ? c->handed : 2;
  o->tls_argv = reallocarray(o->tls_argv, at + 2, sizeof *o->tls_argv);
  if (!o->tls_argv)
    strerr_diefusys(111, "prepare");
  o->tls_argv[at++] = text;
  o->tls_argv[at] = NULL;
  c->handed = at;
}

/* What it means is tcptls's business, and what is wrong with it, too. */
static void hand_on(struct choice *c, struct option const *option, char const *text)
{
  struct options *o = &c->options;
  hand_on_text(c, option->text);
  if (option->kind == HANDED_TEXT)
    hand_on_text(c, text);
  if (option->offset != 0)
    *(bool *)(void *)((char *)o + option->offset) = true;
  if (option->letter == 'S' && !decimal_parse(&o->handshake_s, text, 1, HANDSHAKE_MAX_S))
    o->handshake_s = HANDSHAKE_S;
  if (option->letter == 'T') {
    c->idle = option;
    c->idle_text = text;
  } else if (option->offset != AT(tls))
    c->needy = option->text;
}

static void apply(struct choice *c, struct option const *option, char const *text)
{
  struct options *o = &c->options;
  void *field = (char *)o + option->offset;
  switch (option->kind) {
  case FLAG: *(bool *)field = option->value != 0; break;
  case LEVEL: o->verbosity = (enum verbosity)option->value; break;
  case NUMBER: apply_number(field, option, text); break;
  case TEXT: *(char const **)field = text; break;
  case LIMIT: apply_limit(o, text); break;
  case PEERS: apply_peers(o, text); break;
  case PROXIES: apply_proxies(o, text); break;
  case RATE: apply_rate(field, option, text); break;
  case DELAY: c->delay = option->value; break;
  case HANDED:
  case HANDED_TEXT: hand_on(c, option, text); break;
  }
}

static _Noreturn void die_usage(struct letters_reader const *r)
{
  char const *usage = USAGE;
  strerr_die(100, PROG, ": usage: ", r->name, r->problem, ": ", usage);
}

static void check_tls(struct choice const *c)
{
  if (c->options.tls || !c->needy)
    return;
  strerr_die(100, PROG, ": usage: option ", c->needy, " needs TLS: -n or -s");
}

/* With TLS it is tcptls that sees what moves. */
static void apply_idle(struct choice *c)
{
  if (c->idle && !c->options.tls)
    apply_number(&c->options.idle_s, c->idle, c->idle_text);
}

struct options options_from(int argc, char const *const *argv)
{
  struct choice c = {.options = {.verbosity = VERBOSITY_ERRORS,
                                 .concurrency = 40,
                                 .address_bits6 = 64,
                                 .backlog = BACKLOG_DEFAULT,
                                 .remote_host = true,
                                 .remote_info = true,
                                 .info_timeout_s = INFO_TIMEOUT_S,
                                 .handshake_s = HANDSHAKE_S}};
  struct options *o = &c.options;
  struct letters_reader reader = letters_reader(&table, argc, argv);
  struct option const *option;

  while ((option = letters_next(&reader)))
    apply(&c, option, reader.argument);
  if (reader.problem)
    die_usage(&reader);
  argv += reader.state.ind;
  argc -= reader.state.ind;
  if (argc < 3)
    strerr_dieusage(100, USAGE);
  if ((strcmp(argv[0], "-") == 0) != (strcmp(argv[1], "-") == 0))
    strerr_die(100, PROG, ": usage: host and port are both - or neither is");
  if (o->local_host && strlen(o->local_host) > LOCAL_HOST_MAX)
    strerr_die(100, PROG, ": usage: option -l takes a name of at most 255 bytes");
  if (o->interface && strcmp(argv[0], "-") == 0)
    strerr_die(100, PROG, ": usage: -I is for a socket that is made, not for one that is passed in");
  check_tls(&c);
  apply_idle(&c);
  o->no_delay = c.delay == DELAY_OFF || (o->tls && c.delay == DELAY_UNSAID);
  o->host = argv[0];
  o->port = argv[1];
  o->prog = argv + 2;
  return c.options;
}
