/* tcprulescheck - say what tcpserver would do with a peer under compiled rules, or turn the rules back into
 * text. Only reads. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>

#include "about.h"
#include "decimal.h"
#include "rulefile.h"
#include "rules.h"
#include "ruletable.h"
#include "sqlrules.h"

#define USAGE                                                                                                \
  "tcprulescheck [-v] cdb [ip [host [info]]] | tcprulescheck -d cdb | tcprulescheck -m db.conf [-p port] "   \
  "[ip ...]"
static char const help[] =
    USAGE "\n"
          "Shows what the compiled rules in cdb say about the peer in $TCPREMOTEIP, $TCPREMOTEHOST and\n"
          "$TCPREMOTEINFO, or in the arguments.\n"
          "  -v   show every key that is looked up, and the variables of a rule that denies\n"
          "  -d   print the rules as text for tcprules\n"
          "With -m it shows what the rules of a database say, as tcpserver -m would, about each address.\n"
          "  -p   the port that the peer has connected to ($TCPLOCALPORT; without it none)\n";

enum { EXIT_MISUSE = 100, EXIT_FAILURE_OF_SYSTEM = 111 };

struct options {
  bool verbose;
  bool dump;
  char const *dbconf;           /* -m, or null */
  unsigned int port;            /* -p */
  char const *const *addresses; /* with -m; null-terminated */
  char const *cdb;
  struct rules_query query;
};

/* An unset address is 0.0.0.0, as it always was. */
static void take_peer_from_environment(struct rules_query *q)
{
  char const *ip = getenv("TCPREMOTEIP");
  q->host = getenv("TCPREMOTEHOST");
  q->info = getenv("TCPREMOTEINFO");
  if (!address_parse(&q->address, ip ? ip : "0.0.0.0"))
    strerr_die(EXIT_MISUSE, PROG, ": usage: $TCPREMOTEIP is not an IP address: ", ip);
}

/* An empty name stands for one that is not known. */
static void take_peer_from_arguments(struct rules_query *q, int argc, char const *const *argv)
{
  if (!address_parse(&q->address, argv[0]))
    strerr_die(EXIT_MISUSE, PROG, ": usage: not an IP address: ", argv[0]);
  q->host = argc > 1 && argv[1][0] ? argv[1] : NULL;
  q->info = argc > 2 && argv[2][0] ? argv[2] : NULL;
}

static unsigned int port_from(char const *text, char const *what)
{
  unsigned int port = 0;
  if (text && !decimal_parse(&port, text, 0, UINT16_MAX))
    strerr_die(EXIT_MISUSE, PROG, ": usage: ", what, " is not a port from 0 to 65535: ", text);
  return port;
}

static void finish_database_options(struct options *o, int argc, char const *const *argv, char const *port)
{
  struct rules_query q;
  if (o->dump || o->verbose)
    strerr_dieusage(EXIT_MISUSE, USAGE);
  o->port = port ? port_from(port, "-p") : port_from(getenv("TCPLOCALPORT"), "$TCPLOCALPORT");
  o->addresses = argv;
  if (argc == 0)
    take_peer_from_environment(&o->query);
  for (int i = 0; i < argc; i++)
    take_peer_from_arguments(&q, 1, argv + i);
}

static struct options options_from(int argc, char const *const *argv)
{
  struct options o = {.verbose = false};
  subgetopt l = SUBGETOPT_ZERO;
  char const *port = NULL;
  int option;
  while ((option = subgetopt_r(argc, argv, "vdm:p:", &l)) != -1)
    switch (option) {
    case 'v': o.verbose = true; break;
    case 'd': o.dump = true; break;
    case 'm': o.dbconf = l.arg; break;
    case 'p': port = l.arg; break;
    default: strerr_dieusage(EXIT_MISUSE, USAGE);
    }
  argc -= l.ind;
  argv += l.ind;
  if (o.dbconf) {
    finish_database_options(&o, argc, argv, port);
    return o;
  }
  if (port || argc < 1 || argc > (o.dump ? 1 : 4) || (o.dump && o.verbose))
    strerr_dieusage(EXIT_MISUSE, USAGE);
  o.cdb = argv[0];
  if (o.dump)
    return o;
  if (argc > 1)
    take_peer_from_arguments(&o.query, argc - 1, argv + 1);
  else
    take_peer_from_environment(&o.query);
  return o;
}

/* EPROTO's own text speaks of protocols. */
static _Noreturn void die_unreadable(char const *cdb)
{
  if (errno == EPROTO)
    strerr_dief3x(EXIT_FAILURE_OF_SYSTEM, "unable to read ", cdb, ": it is no sound cdb of rules");
  strerr_diefu2sys(EXIT_FAILURE_OF_SYSTEM, "read ", cdb);
}

static void put(char const *bytes, size_t len)
{
  if (buffer_put(buffer_1, bytes, len) == -1)
    strerr_diefu1sys(EXIT_FAILURE_OF_SYSTEM, "write to standard output");
}

static void puts_(char const *text)
{
  put(text, strlen(text));
}

static void flush(void)
{
  if (!buffer_flush(buffer_1))
    strerr_diefu1sys(EXIT_FAILURE_OF_SYSTEM, "write to standard output");
}

/* --- What happens to a peer ---------------------------------------------------------------------------- */

static void print_tried(char const *key, void *context)
{
  (void)context;
  puts_("look up ");
  puts_(key);
  puts_(":\n");
}

static void print_edits(struct rules_verdict const *v)
{
  struct rules_edit edit;
  size_t offset = 0;
  while (rules_edit_next(v, &offset, &edit)) {
    puts_(edit.action == RULES_SET ? "set environment variable " : "unset environment variable ");
    puts_(edit.variable);
    puts_("\n");
  }
}

static void explain(struct rules *r, struct options const *o)
{
  static struct rules_verdict v;
  if (rules_lookup(r, &o->query, &v, o->verbose ? print_tried : NULL, NULL) == -1)
    die_unreadable(o->cdb);
  if (v.decision == RULES_DEFAULT)
    puts_("default:\n");
  else {
    puts_("rule ");
    puts_(v.key);
    puts_(":\n");
  }
  if (v.decision != RULES_DENY || o->verbose)
    print_edits(&v);
  puts_(v.decision == RULES_DENY ? "deny connection\n" : "allow connection\n");
}

/* --- Rules of a database -------------------------------------------------------------------------------- */

static _Noreturn void die_unusable(char const *dbconf)
{
  strerr_dief(EXIT_FAILURE_OF_SYSTEM, "unable to use the rules of ", dbconf,
              errno == E2BIG ? ": too many match, or set too much" : ": they are damaged");
}

/* All rows that match have a say. */
static void explain_rows(struct ruletable const *t, struct rules_query const *q, struct options const *o)
{
  static struct ruletable_matches m;
  static struct rules_verdict v;
  static char edits[RULETABLE_EDITS_SIZE];
  struct address a = q->address;
  address_unmap(&a);
  if (ruletable_find(t, &a, (uint16_t)o->port, &m) == -1 ||
      ruletable_lookup(t, &a, (uint16_t)o->port, &v, edits) == -1)
    die_unusable(o->dbconf);
  if (m.count == 0)
    puts_("default:\n");
  for (size_t i = 0; i < m.count; i++) {
    struct ruletable_row row;
    if (ruletable_get(t, m.row[i], &row) == -1)
      die_unusable(o->dbconf);
    puts_("rule ");
    put(row.text, row.text_len);
    puts_(":\n");
  }
  if (v.decision != RULES_DENY)
    print_edits(&v);
  puts_(v.decision == RULES_DENY ? "deny connection\n" : "allow connection\n");
}

static void explain_database(struct options const *o)
{
  struct ruletable table;
  sqlrules_get(&table, o->dbconf);
  if (!*o->addresses)
    explain_rows(&table, &o->query, o);
  for (size_t i = 0; o->addresses[i]; i++) {
    struct rules_query q;
    take_peer_from_arguments(&q, 1, o->addresses + i);
    if (o->addresses[1]) {
      puts_(o->addresses[i]);
      puts_("\n");
    }
    explain_rows(&table, &q, o);
  }
  ruletable_close(&table);
}

/* --- Back to text -------------------------------------------------------------------------------------- */

static void print_remark(char const *remark, struct rulefile_record const *record)
{
  puts_("# ");
  puts_(remark);
  puts_(": ");
  for (size_t i = 0; i < record->key_len; i++)
    put(record->key[i] >= ' ' && record->key[i] <= '~' ? record->key + i : "?", 1);
  puts_("\n");
}

/* True if a lookup finds another record with this key: the first one in the file. */
static bool is_shadowed(struct rules *r, struct rulefile_record const *record)
{
  return cdb_find(&r->cdb, record->key, (unsigned int)record->key_len) == 1 &&
         cdb_getdata(&r->cdb) != record->data;
}

/* False if there is no text that gives this record. */
static bool dump_record(struct rules *r, struct rulefile_record const *record)
{
  static struct rulefile scratch;
  static char line[RULEFILE_LINE_MAX];
  size_t len = 0;

  if (is_shadowed(r, record)) {
    print_remark("never reached, because an earlier line has the same key", record);
    return true;
  }
  switch (rulefile_print(line, &len, record, &r->index, &scratch)) {
  case RULEFILE_NEVER: print_remark("matches no peer", record); return true;
  case RULEFILE_IMPOSSIBLE: print_remark("has no text form", record); return false;
  case RULEFILE_RULE_LENIENT: print_remark("the next line needs tcprules -w", record); break;
  case RULEFILE_RULE: break;
  }
  put(line, len);
  puts_("\n");
  return true;
}

/* Returns how many records could not be written as text. */
static size_t dump(struct rules *r, char const *cdb)
{
  unsigned int position;
  size_t lost = 0;
  int more;
  cdb_seqinit(&position, &r->cdb);
  while ((more = cdb_seqnext(&position, &r->cdb)) > 0) {
    struct rulefile_record const record = {.key = cdb_getkey(&r->cdb),
                                           .key_len = cdb_keylen(&r->cdb),
                                           .data = cdb_getdata(&r->cdb),
                                           .data_len = cdb_datalen(&r->cdb)};
    if (record.key_len == sizeof RULES_INDEX_KEY - 1 &&
        memcmp(record.key, RULES_INDEX_KEY, record.key_len) == 0)
      continue;
    if (!dump_record(r, &record))
      lost++;
  }
  if (more < 0)
    die_unreadable(cdb);
  return lost;
}

int main(int argc, char const *const *argv)
{
  struct options options;
  struct rules rules;
  size_t lost = 0;

  PROG = "tcprulescheck";
  if (about_answered(argc, argv, PROG, help))
    return 0;
  options = options_from(argc, argv);
  fd_ensure_open(2, 1);
  if (options.dbconf) {
    explain_database(&options);
    flush();
    return 0;
  }
  if (rules_open(&rules, options.cdb, RULES_MAPPED) == -1)
    die_unreadable(options.cdb);
  if (options.dump)
    lost = dump(&rules, options.cdb);
  else
    explain(&rules, &options);
  flush();
  if (lost > 0)
    strerr_dief3x(EXIT_FAILURE_OF_SYSTEM, "some rules of ", options.cdb,
                  " have no text form: see the comments");
  return 0;
}
