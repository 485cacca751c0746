/* database.c - see database.h. Results are read as they come (mysql_use_result), so that no copy of the table is kept beside
 * the one that is made. */
#include "database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "sqlrow.h"
#include "tls.h"

/* Of each field of a row that is told to the log. */
#define FIELD_SHOWN 80

/* How often, in rows, the server's time begins anew. */
#define ROWS_PER_ALARM 256

#define TEXT_OF(number) #number
#define TEXT(number)    TEXT_OF(number)
#define SETTLED         TEXT(DATABASE_SETTLED_S)

/* The text of a statement: names that dbconf.h bounds, each octet doubled at worst, some of them twice. */
#define STATEMENT_SIZE 4096

static int fail(struct database *d, char const *what)
{
  alarm(0);
  snprintf(d->problem, sizeof d->problem, "%s", what);
  return -1;
}

static int fail_as_told(struct database *d)
{
  return fail(d, d->library.error(d->connection));
}

/* From now on the server has so much time again. */
static void begin_wait(struct database const *d)
{
  /* The library's own time runs out first, if it can be relied on. */
  alarm(d->timeout_s + 1);
}

/* However the server begins sessions: a transaction that never ends would see the table as it was at first for ever, and keep
 * others from altering it; what is not committed may never be; a limit would hide rows, a mode pad texts with blanks, and an
 * hour that comes twice a change. */
static int settle_session(struct database *d)
{
  static char const *const text[] = {
      "SET autocommit = 1, sql_select_limit = 18446744073709551615, sql_mode = '', time_zone = '+00:00'",
      "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"};
  for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
    begin_wait(d);
    if (d->library.real_query(d->connection, text[i], strlen(text[i])) != 0)
      return fail_as_told(d);
  }
  alarm(0);
  return 0;
}

static bool is_verified(struct database const *d)
{
  return d->authorities && !d->conf->is_path;
}

static int insist_on_tls(struct database *d)
{
  static unsigned int const tcp = 1;
  struct library const *l = &d->library;
  struct library_verifier const *v = library_verifier(l);
  if (library_trusts_address(l, d->conf->server))
    return fail(d, "the client library does not verify who is at 127.0.0.1 or ::1: use localhost");
  /* "localhost" would be a socket of the library's choice, which has no name to be verified. */
  if (v && l->options(d->connection, LIBRARY_PROTOCOL, &tcp) == 0 &&
      l->options(d->connection, v->authorities, d->authorities) == 0 &&
      l->options(d->connection, v->insist, v->insist_on) == 0)
    return 0;
  return fail(d, "the client library does not verify certificates");
}

static int use_tls_if_there_is_some(struct database *d)
{
  static char const unverified = 0;
  struct library const *l = &d->library;
  /* From 3.4 on it would not have servers without TLS, or with a certificate of their own. */
  if (l->mariadb_info)
    l->options(d->connection, LIBRARY_MARIADB_VERIFY, &unverified);
  if (l->ssl_set)
    l->ssl_set(d->connection, NULL, NULL, NULL, NULL, NULL);
  return 0;
}

/* Connector/C before 3.4 says this and no more of a certificate with another name (ma_tls_verify_server_cert() in its
 * libmariadb/secure/openssl.c). */
static int fail_to_connect(struct database *d)
{
  static char const other_name[] = "Validation of SSL server certificate failed";
  char const *told = d->library.error(d->connection);
  if (!strstr(told, other_name))
    return fail_as_told(d);
  alarm(0);
  snprintf(d->problem, sizeof d->problem, "%s: it is not for %s", told, d->conf->server);
  return -1;
}

int database_connect(struct database *d)
{
  static unsigned int const never = 0;
  struct dbconf const *c = d->conf;
  struct library const *l = &d->library;
  /* By which Connector/C is told to verify nobody, in spite of all that programs want. */
  if (is_verified(d))
    unsetenv("MARIADB_TLS_DISABLE_PEER_VERIFICATION");
  d->connection = l->init(NULL);
  if (!d->connection)
    return fail(d, "out of memory");
  l->options(d->connection, LIBRARY_CONNECT_TIMEOUT, &d->timeout_s);
  l->options(d->connection, LIBRARY_READ_TIMEOUT, &d->timeout_s);
  l->options(d->connection, LIBRARY_WRITE_TIMEOUT, &d->timeout_s);
  l->options(d->connection, LIBRARY_LOCAL_INFILE, &never);
  if ((is_verified(d) ? insist_on_tls(d) : use_tls_if_there_is_some(d)) == -1)
    return -1;
  begin_wait(d);
  if (!l->real_connect(d->connection, c->is_path ? NULL : c->server, c->user, c->password, c->database,
                       c->port, c->is_path ? c->server : NULL, 0))
    return fail_to_connect(d);
  if (is_verified(d) && !l->ssl_cipher(d->connection))
    return fail(d, "the client library has not used TLS");
  return settle_session(d);
}

/* --- Statements ---------------------------------------------------------------------------------------------------- */

struct statement {
  char text[STATEMENT_SIZE];
  size_t len;
};

static void add(struct statement *s, char const *text)
{
  size_t len = strlen(text);
  if (len > sizeof s->text - s->len)
    len = sizeof s->text - s->len;
  memcpy(s->text + s->len, text, len);
  s->len += len;
}

/* `name`. */
static void add_name(struct statement *s, char const *name)
{
  char one[2] = "";
  add(s, "`");
  for (; *name; name++) {
    one[0] = *name;
    add(s, *name == '`' ? "``" : one);
  }
  add(s, "`");
}

/* As hexadecimal digits: no octet is special in any character set or mode of the server. */
static void add_text(struct statement *s, char const *text)
{
  static char const digits[] = "0123456789abcdef";
  add(s, "CONVERT(x'");
  for (; *text; text++)
    add(s, (char[]){digits[(unsigned char)*text >> 4], digits[*text & 15], '\0'});
  add(s, "' USING utf8)");
}

static void add_where(struct statement *s, struct database const *d)
{
  add(s, " WHERE TABLE_SCHEMA = ");
  add_text(s, d->conf->database);
  add(s, " AND TABLE_NAME = ");
  add_text(s, d->conf->table);
}

static MYSQL_RES *ask(struct database *d, struct statement const *s, unsigned int fields)
{
  struct library const *l = &d->library;
  MYSQL_RES *result;
  begin_wait(d);
  if (l->real_query(d->connection, s->text, s->len) != 0) {
    fail_as_told(d);
    return NULL;
  }
  result = l->use_result(d->connection);
  if (!result)
    fail_as_told(d);
  else if (l->num_fields(result) != fields) {
    fail(d, "the database has not answered what it was asked");
    l->free_result(result);
    result = NULL;
  }
  return result;
}

/* After the last row: 0, or -1 if it was the last because of an error. */
static int end(struct database *d, MYSQL_RES *result)
{
  int failed = d->library.error_number(d->connection) != 0 ? fail_as_told(d) : 0;
  d->library.free_result(result);
  alarm(0);
  return failed;
}

/* --- Columns ------------------------------------------------------------------------------------------------------- */

static char const *const column[SQLROW_FIELDS] = {[SQLROW_IPRULES] = "iprules",
                                                  [SQLROW_DECISION] = "decision",
                                                  [SQLROW_ENV] = "env",
                                                  [SQLROW_PORT] = "port"};

int database_check_columns(struct database *d)
{
  struct statement s = {.len = 0};
  bool has[SQLROW_FIELDS] = {false}, any = false;
  MYSQL_RES *result;
  char **row;
  add(&s, "SELECT LOWER(COLUMN_NAME) FROM information_schema.COLUMNS");
  add_where(&s, d);
  result = ask(d, &s, 1);
  if (!result)
    return -1;
  d->ordered = false;
  while ((row = d->library.fetch_row(result))) {
    any = true;
    for (size_t i = 0; i < SQLROW_FIELDS; i++)
      if (row[0] && strcmp(row[0], column[i]) == 0)
        has[i] = true;
    if (row[0] && strcmp(row[0], "id") == 0)
      d->ordered = true;
  }
  if (end(d, result) == -1)
    return -1;
  if (!any)
    return fail(d, "there is no such table, or no right to read it");
  for (size_t i = 0; i < SQLROW_FIELDS; i++)
    if (!has[i]) {
      snprintf(d->problem, sizeof d->problem, "the table has no column %s", column[i]);
      return -1;
    }
  return 0;
}

/* --- Changes ------------------------------------------------------------------------------------------------------- */

/* MySQL 8 would tell what it knew of the table a day ago; others don't know the variable, and don't need it. */
static void want_news(struct database *d)
{
  static char const text[] = "SET SESSION information_schema_stats_expiry = 0";
  begin_wait(d);
  d->library.real_query(d->connection, text, sizeof text - 1);
  alarm(0);
}

/* The first row of an answer of two fields, as text; empty for NULL. */
static int ask_two(struct database *d, struct statement const *s, char first[DATABASE_MARK_SIZE],
                   char second[DATABASE_MARK_SIZE])
{
  MYSQL_RES *result = ask(d, s, 2);
  char **row;
  first[0] = second[0] = '\0';
  if (!result)
    return -1;
  while ((row = d->library.fetch_row(result))) {
    snprintf(first, DATABASE_MARK_SIZE, "%s", row[0] ? row[0] : "");
    snprintf(second, DATABASE_MARK_SIZE, "%s", row[1] ? row[1] : "");
  }
  return end(d, result);
}

/* The server reads all of it for that. Of a view there is none: then it is loaded each time. */
static int mark_by_checksum(struct database *d, char mark[DATABASE_MARK_SIZE], bool *settled)
{
  struct statement s = {.len = 0};
  char name[DATABASE_MARK_SIZE];
  add(&s, "CHECKSUM TABLE ");
  add_name(&s, d->conf->table);
  if (ask_two(d, &s, name, mark) == -1)
    return -1;
  *settled = mark[0] != '\0';
  return 0;
}

/* These two say when they were changed as soon as they are; Aria, for one, says so when it writes its file. */
int database_mark(struct database *d, char mark[DATABASE_MARK_SIZE], bool *settled)
{
  struct statement s = {.len = 0};
  char is_old[DATABASE_MARK_SIZE];
  want_news(d);
  add(&s, "SELECT CONCAT_WS(' ', '=', ENGINE, IFNULL(CREATE_TIME, '-'), IFNULL(UPDATE_TIME, '-')), "
          "IF(ENGINE IN ('InnoDB', 'MyISAM'), "
          "GREATEST(IFNULL(CREATE_TIME, 0), IFNULL(UPDATE_TIME, 0)) < NOW() - INTERVAL " SETTLED
          " SECOND, NULL) FROM information_schema.TABLES");
  add_where(&s, d);
  if (ask_two(d, &s, mark, is_old) == -1)
    return -1;
  if (!mark[0])
    return fail(d, "the table is not there any more, or may not be read");
  *settled = strcmp(is_old, "1") == 0;
  return is_old[0] ? 0 : mark_by_checksum(d, mark, settled);
}

/* --- Rows ---------------------------------------------------------------------------------------------------------- */

static void show(char out[FIELD_SHOWN + 4], struct sqlrow_text const *field)
{
  char text[FIELD_SHOWN + 1];
  size_t len = field->len < FIELD_SHOWN ? field->len : FIELD_SHOWN;
  memset(text, '?', sizeof text);
  for (size_t i = 0; i < len; i++)
    if (field->at[i] != '\0')
      text[i] = field->at[i];
  text[len] = '\0';
  tls_set_text(out, FIELD_SHOWN + 1, text);
  if (field->len > len)
    memcpy(out + len, "...", sizeof "...");
}

/* A row that is not as it should be. */
static void keep_complaint(struct database_complaints *c, struct sqlrow const *r,
                           struct sqlrow_text const field[SQLROW_FIELDS])
{
  char shown[SQLROW_FIELDS][FIELD_SHOWN + 4];
  if (c->count > DATABASE_COMPLAINTS_MAX || c->count++ == DATABASE_COMPLAINTS_MAX)
    return;
  for (size_t i = 0; i < SQLROW_FIELDS; i++)
    show(shown[i], &field[i]);
  snprintf(c->text[c->count - 1], sizeof c->text[0], "%s: iprules=%s decision=%s env=%s port=%s", r->problem,
           shown[SQLROW_IPRULES], shown[SQLROW_DECISION], shown[SQLROW_ENV], shown[SQLROW_PORT]);
}

void database_complain(struct database const *d)
{
  struct database_complaints const *c = &d->complaints;
  for (unsigned int i = 0; i < c->count && i < DATABASE_COMPLAINTS_MAX; i++)
    strerr_warn(PROG, ": warning: a row of the table can't be read: ", c->text[i]);
  if (c->count > DATABASE_COMPLAINTS_MAX)
    strerr_warn(PROG, ": warning: there are more such rows");
}

/* FNV-1a of all octets (Fowler, Noll, Vo), and of where fields end. Who could make two tables alike may change the
 * table anyway. */
static uint64_t fingerprint(uint64_t sum, struct sqlrow_text const *field)
{
  static uint64_t const prime = 0x100000001b3;
  for (size_t i = 0; i < field->len; i++)
    sum = (sum ^ (unsigned char)field->at[i]) * prime;
  return ((sum ^ field->len) * prime ^ !field->at) * prime;
}

static enum database_loaded take_row(struct database *d, struct ruletable_builder *b, char *const *row,
                                     unsigned long const *length)
{
  static struct sqlrow parsed;
  struct sqlrow_text field[SQLROW_FIELDS];
  enum sqlrow_result result;
  for (size_t i = 0; i < SQLROW_FIELDS; i++) {
    field[i] = (struct sqlrow_text){row[i], row[i] ? length[i] : 0};
    d->fingerprint = fingerprint(d->fingerprint, &field[i]);
  }
  result = sqlrow_parse(&parsed, field);
  if (result != SQLROW_GOOD)
    keep_complaint(&d->complaints, &parsed, field);
  if (result == SQLROW_BAD)
    return DATABASE_UNUSABLE;
  if (ruletable_add(b, &parsed.pattern, &parsed.row) == 0)
    return DATABASE_LOADED;
  return fail(d, errno == EFBIG ? "the table is too large" : strerror(errno)) == -1 ? DATABASE_FAILED
                                                                                    : DATABASE_LOADED;
}

enum database_loaded database_load(struct database *d, struct ruletable_builder *b)
{
  struct statement s = {.len = 0};
  enum database_loaded loaded = DATABASE_LOADED;
  unsigned long rows = 0;
  MYSQL_RES *result;
  char **row;
  add(&s, "SELECT ");
  for (size_t i = 0; i < SQLROW_FIELDS; i++) {
    /* Octets as they are, not made into another character set; and of none so many that one more would matter. */
    add(&s, i > 0 ? ", LEFT(CAST(" : "LEFT(CAST(");
    add_name(&s, column[i]);
    add(&s, " AS BINARY), " TEXT(SQLROW_FIELD_ENOUGH) ")");
  }
  add(&s, " FROM ");
  add_name(&s, d->conf->table);
  add(&s, d->ordered ? " ORDER BY id" : "");
  result = ask(d, &s, SQLROW_FIELDS);
  if (!result)
    return DATABASE_FAILED;
  d->fingerprint = 0xcbf29ce484222325;
  d->complaints.count = 0;
  while ((row = d->library.fetch_row(result))) {
    enum database_loaded of_row = take_row(d, b, row, d->library.fetch_lengths(result));
    if (of_row == DATABASE_FAILED) {
      d->library.free_result(result);
      return DATABASE_FAILED;
    }
    if (of_row == DATABASE_UNUSABLE)
      loaded = DATABASE_UNUSABLE;
    if (++rows % ROWS_PER_ALARM == 0)
      begin_wait(d);
  }
  return end(d, result) == -1 ? DATABASE_FAILED : loaded;
}
