/* loader.c - see loader.h. */
#include "loader.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "authorities.h"
#include "clock.h"
#include "database.h"
#include "restraints.h"
#include "sqlmessage.h"
#include "tls.h"

/* However sure the server is that nothing has changed, the table is read anew after so long, or a hundred times as long as
 * that takes. */
#define RELOAD_MS    300000
#define RELOAD_TIMES 100

/* Reading that takes so long is not done twice for one change; a change that is too young to be told from the next one is
 * old enough after DATABASE_SETTLED_S and one second of the server's clock. */
#define LONG_MS   300
#define SETTLE_MS ((DATABASE_SETTLED_S + 1) * 1000)

struct loader {
  struct settings const *settings;
  struct database database;
  char mark[DATABASE_MARK_SIZE]; /* of what has been loaded */
  bool settled;
  int64_t looked_ms;    /* when it was asked for last */
  uint64_t fingerprint; /* of what it was */
  int64_t took_ms;      /* to load it */
  int64_t reload_ms;    /* when it is loaded whatever the mark */
};

/* The keeper's socket blocks: there is nothing else to do. */
static void tell(enum sqlmessage_kind kind, void const *payload, int const *descriptor)
{
  if (message_send(LOADER_KEEPER, sqlmessage_row(kind), 0, payload, descriptor) == -1)
    exit(0);
}

static _Noreturn void end_failed(char const *why)
{
  struct sql_failure f;
  tls_set_text(f.reason, sizeof f.reason, *why ? why : "it does not say why");
  tell(SQL_FAILED, &f, NULL);
  exit(0);
}

static void become(struct ids const *who)
{
  char const *problem = ids_become(who);
  if (problem && errno == 0)
    strerr_dief(111, "unable to ", problem);
  if (problem)
    strerr_diefusys(111, problem);
  restraints_keep_secrets();
  restraints_put_on_writer();
}

/* With the rights that the library will have when it reads the file. The keeper knows whether this is fatal: at its start. */
static void check_authorities(struct loader const *l, char const *path)
{
  char const *problem = path ? authorities_check(path) : NULL;
  char why[sizeof((struct sql_failure *)0)->reason];
  if (path && !library_verifier(&l->database.library))
    strerr_dief(111, "this client library can't verify the database's certificate ($MYSQL_CA)");
  if (!problem)
    return;
  snprintf(why, sizeof why, "unable to use %s ($MYSQL_CA): %s", path, problem);
  end_failed(why);
}

static void send_image(struct ruletable_builder *b)
{
  int image = ruletable_finish(b);
  if (image == -1)
    end_failed(errno == ENOSYS ? "this system has no sealed memory (memfd_create)" : strerror(errno));
  tell(SQL_IMAGE, NULL, &image);
  close(image);
}

/* The mark was taken before: what changes from then on is seen by the next. */
static void load(struct loader *l, bool first)
{
  struct ruletable_builder b = RULETABLE_BUILDER_ZERO;
  int64_t began_ms = clock_ms();
  enum database_loaded loaded = database_load(&l->database, &b);
  if (loaded == DATABASE_FAILED)
    end_failed(l->database.problem);
  if (!first && l->database.fingerprint == l->fingerprint)
    tell(SQL_FRESH, NULL, NULL);
  else {
    database_complain(&l->database);
    if (loaded == DATABASE_LOADED)
      send_image(&b);
    else {
      tell(SQL_REFUSED, NULL, NULL);
      tell(SQL_FRESH, NULL, NULL);
    }
  }
  l->fingerprint = l->database.fingerprint;
  ruletable_builder_free(&b);
  l->took_ms = clock_ms() - began_ms;
  l->reload_ms = clock_ms() + (l->took_ms * RELOAD_TIMES > RELOAD_MS ? l->took_ms * RELOAD_TIMES : RELOAD_MS);
}

/* Ends with the keeper, who says nothing. */
static void wait_until(int64_t until_ms)
{
  struct pollfd p = {.fd = LOADER_KEEPER, .events = POLLIN};
  while (clock_ms() < until_ms)
    if (poll(&p, 1, clock_wait_ms(until_ms)) == 1)
      exit(0);
}

static bool take_mark(struct loader *l, char mark[DATABASE_MARK_SIZE])
{
  bool settled;
  l->looked_ms = clock_ms();
  if (database_mark(&l->database, mark, &settled) == -1)
    end_failed(l->database.problem);
  return settled;
}

/* Not so long that it could not be read any more before $MYSQL_REFRESH is over. */
static int64_t time_to_settle(struct loader const *l)
{
  int64_t left_ms = l->settings->refresh_ms - l->took_ms;
  return left_ms < SETTLE_MS ? left_ms : SETTLE_MS;
}

static void look(struct loader *l, bool first)
{
  char mark[DATABASE_MARK_SIZE];
  bool settled = take_mark(l, mark);
  if (!first && l->settled && strcmp(mark, l->mark) == 0 && clock_ms() < l->reload_ms) {
    tell(SQL_FRESH, NULL, NULL);
    return;
  }
  if (!first && !settled && mark[0] && l->took_ms > LONG_MS) {
    wait_until(clock_ms() + time_to_settle(l));
    settled = take_mark(l, mark);
  }
  memcpy(l->mark, mark, sizeof mark);
  l->settled = settled;
  load(l, first);
}

/* Until it is time to look again: so long after the last look that what has changed meanwhile can be read before $MYSQL_REFRESH
 * is over; but some rest the server has. */
static void rest(struct loader const *l)
{
  unsigned int ms = l->settings->refresh_ms;
  int64_t least_ms = clock_ms() + ms / 5, until_ms = l->looked_ms + ms - l->took_ms;
  wait_until(until_ms < least_ms ? least_ms : until_ms);
}

_Noreturn void loader_run(struct settings const *s, struct dbconf const *conf, struct ids const *who)
{
  static struct loader l;
  char const *problem;
  signal(SIGALRM, SIG_DFL);
  become(who);
  l.settings = s;
  l.database.conf = conf;
  l.database.timeout_s = s->timeout_s;
  l.database.authorities = s->authorities;
  problem = library_load(&l.database.library, s->library);
  if (problem)
    strerr_dief(111, "unable to load a client library of MariaDB or MySQL ($MYSQL_LIB): ", problem);
  check_authorities(&l, s->authorities);
  tell(SQL_LIBRARY, NULL, NULL);
  if (database_connect(&l.database) == -1 || database_check_columns(&l.database) == -1)
    end_failed(l.database.problem);
  for (bool first = true;; first = false) {
    look(&l, first);
    rest(&l);
  }
}
