/* options.c - the command line of tcptls(1): a table of letters, what each one sets and within what bounds, and which of
 * the program's three faces it belongs to. */
#include "options.h"

#include <limits.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "decimal.h"
#include "letters.h"

#define USAGE                                                                                                \
  "tcptls [ -u ] [ -sNzZ ] [ -n file | folder ] [ -i folder ] [ -a authorities ] [ -L revocations ] "        \
  "[ -f ciphers ] [ -M version ] [ -e protocols ] [ -S seconds ] [ -T seconds ] program [ argument ... ] "   \
  "| tcptls -H [ -v ] [ -j workers ] [ options ]"

static char const usage[] = USAGE;

char const options_help[] = USAGE
    "\n\n"
    "Speaks TLS on the connection that is descriptor 0, and runs program on the plain text:\n"
    "  -n file        key, certificate and chain (PEM); FILE.ocsp beside it: an OCSP response to staple\n"
    "  -n folder      all *.pem in it; the name that the client asks for chooses\n"
    "  -s, -n ''      $TLS_CERTFILE, else servercert.pem in the folder of -i, $CERTDIR, or " CERTIFICATES "\n"
    "  -i folder      where servercert.pem is\n"
    "  -a authorities clients must have a certificate that one of these CAs has signed (PEM)\n"
    "  -L revocations … and that is not in these lists (PEM)\n"
    "  -f ciphers     OpenSSL's names of ciphers, see openssl-ciphers(1); $TLS_CIPHER_LIST without it\n"
    "  -M version     the lowest: TLSv1, TLSv1_1, TLSv1_2 (also SSLv23; the default), TLSv1_3\n"
    "  -e protocols   ALPN: separated by commas, best first\n"
    "  -N             let clients renegotiate (TLS 1.2)\n"
    "  -Z             no session tickets\n"
    "  -S seconds     for the handshake (60)\n"
    "  -T seconds     end a connection on which nothing has moved for so long (300); 0: never\n"
    "  -z             set TLS_PROVIDER, too\n"
    "  -u             UCSPI-TLS: run program on the connection as it is, and begin with TLS when it says so\n"
    "  -H             serve tcpserver, on descriptor 0; -j workers: in that many processes; -v: tell what a "
    "HUP did\n"
    "See tcptls(1).\n";

enum { SECONDS_MAX = 86400, HANDSHAKE_S = 60, IDLE_S = 300, WORKERS_DEFAULT_MAX = 4 };

/* Which faces an option is for. */
enum {
  PROGRAM = 1 << FACE_PROGRAM,
  UCSPI_TLS = 1 << FACE_UCSPI_TLS,
  HELPER = 1 << FACE_HELPER,
  ALL = PROGRAM | UCSPI_TLS | HELPER
};

enum kind {
  SELECT,  /* the face `value` */
  FLAG,    /* sets a bool */
  TEXT,    /* a string */
  DEFAULT, /* the certificate that is not named on the command line */
  NUMBER,  /* an unsigned int from `value` to `max` */
  SECONDS  /* likewise, and kept in milliseconds */
};

/* What is only needed until all options are read. */
struct choice {
  struct options options;
  char const *certificate, *folder;
};

struct option {
  char letter;
  enum kind kind;
  unsigned int faces;
  size_t offset; /* in struct choice */
  unsigned int value, max;
};

#define AT(field) offsetof(struct choice, field)

static struct option const options[] = {
    {'H', SELECT, ALL, 0, FACE_HELPER, 0},
    {'u', SELECT, ALL, 0, FACE_UCSPI_TLS, 0},
    {'n', TEXT, ALL, AT(certificate), 0, 0},
    {'s', DEFAULT, ALL, 0, 0, 0},
    {'i', TEXT, ALL, AT(folder), 0, 0},
    {'a', TEXT, ALL, AT(options.files.authorities), 0, 0},
    {'L', TEXT, ALL, AT(options.files.revocations), 0, 0},
    {'f', TEXT, ALL, AT(options.policy.ciphers), 0, 0},
    {'M', TEXT, ALL, AT(options.policy.version), 0, 0},
    {'e', TEXT, ALL, AT(options.policy.alpn), 0, 0},
    {'N', FLAG, ALL, AT(options.policy.renegotiation), 0, 0},
    {'Z', FLAG, ALL, AT(options.policy.no_tickets), 0, 0},
    {'z', FLAG, ALL, AT(options.provider), 0, 0},
    {'S', SECONDS, ALL, AT(options.times.handshake_ms), 1, SECONDS_MAX},
    {'T', SECONDS, ALL, AT(options.times.idle_ms), 0, SECONDS_MAX},
    {'v', FLAG, HELPER, AT(options.verbose), 0, 0},
    {'j', NUMBER, HELPER, AT(options.workers), 1, WORKERS_MAX},
};
enum { OPTION_COUNT = sizeof options / sizeof options[0] };

#define die_usage(...) strerr_die(100, PROG, ": usage: ", __VA_ARGS__)

static bool takes_argument(void const *row)
{
  struct option const *option = row;
  return option->kind == TEXT || option->kind == NUMBER || option->kind == SECONDS;
}

static struct letters const table = {options, OPTION_COUNT, sizeof options[0], takes_argument};

static unsigned int parse_number(struct option const *option, char const *text)
{
  char const name[] = {'-', option->letter, '\0'};
  char min[DECIMAL_SIZE], max[DECIMAL_SIZE];
  unsigned int number;
  if (decimal_parse(&number, text, option->value, option->max))
    return number;
  decimal_print(min, option->value);
  decimal_print(max, option->max);
  die_usage(name, " takes a number from ", min, " to ", max, ", not ", *text ? text : "nothing");
}

static void apply(struct choice *c, struct option const *option, char const *argument)
{
  void *field = (char *)c + option->offset;
  switch (option->kind) {
  case SELECT:
    if (c->options.face != FACE_PROGRAM && c->options.face != (enum face)option->value)
      die_usage("-H and -u exclude each other");
    c->options.face = (enum face)option->value;
    break;
  case FLAG: *(bool *)field = true; break;
  case TEXT: *(char const **)field = argument; break;
  case DEFAULT: c->certificate = ""; break;
  case NUMBER: *(unsigned int *)field = parse_number(option, argument); break;
  case SECONDS: *(int64_t *)field = (int64_t)parse_number(option, argument) * 1000; break;
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

/* A variable that is set to something. */
static char const *variable(char const *name)
{
  char const *value = getenv(name);
  return value && *value ? value : NULL;
}

/* The certificate that was named, or the one that was not. */
static char const *find_certificate(struct choice const *c)
{
  static char path[PATH_MAX];
  static char const name[] = "/servercert.pem";
  char const *folder = c->folder && *c->folder ? c->folder : variable("CERTDIR");
  if (c->certificate && *c->certificate)
    return c->certificate;
  if (variable("TLS_CERTFILE"))
    return variable("TLS_CERTFILE");
  if (!folder)
    folder = CERTIFICATES;
  if (strlen(folder) + sizeof name > sizeof path)
    die_usage("the name of a folder is too long: ", folder);
  memcpy(path, folder, strlen(folder));
  memcpy(path + strlen(folder), name, sizeof name);
  return path;
}

/* Processors that this process may run on. */
static unsigned int default_workers(void)
{
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
#if defined(__linux__) && !defined(UCSPI_PORTABLE)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    processors = CPU_COUNT(&set);
#endif
  return processors < 1                     ? 1
         : processors > WORKERS_DEFAULT_MAX ? WORKERS_DEFAULT_MAX
                                            : (unsigned int)processors;
}

static void check(struct options *o)
{
  char problem[CONTEXT_PROBLEM_SIZE];
  if (o->files.authorities && !*o->files.authorities)
    die_usage("-a takes a file of certificates, not nothing");
  if (o->files.revocations && !o->files.authorities)
    die_usage("-L needs -a: nobody else is asked for a certificate");
  o->policy.verify = o->files.authorities != NULL;
  if (!o->policy.ciphers)
    o->policy.ciphers = variable("TLS_CIPHER_LIST");
  if (!tls_policy_check(&o->policy, problem))
    die_usage(problem);
}

static void take_arguments(struct options *o, int argc, char const *const *argv)
{
  if (o->face == FACE_HELPER ? argc != 0 : argc == 0)
    die_usage(usage);
  o->prog = argv;
}

struct options options_from(int argc, char const *const *argv)
{
  struct choice c = {.options = {.face = FACE_PROGRAM,
                                 .times = {.handshake_ms = HANDSHAKE_S * 1000, .idle_ms = IDLE_S * 1000}}};
  struct letters_reader reader = letters_reader(&table, argc, argv);
  struct option const *option;

  while ((option = letters_next(&reader)))
    apply(&c, option, reader.argument);
  if (reader.problem)
    die_usage(reader.name, reader.problem, "; ", usage);
  check_face(&c.options, letters_reader(&table, argc, argv));
  take_arguments(&c.options, argc - reader.state.ind, argv + reader.state.ind);
  if (c.options.workers == 0)
    c.options.workers = default_workers();
  c.options.files.certificate = find_certificate(&c);
  check(&c.options);
  return c.options;
}
