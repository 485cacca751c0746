/* keeper.c - see keeper.h. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "clock.h"
#include "decimal.h"
#include "descriptors.h"
#include "helperface.h"
#include "loader.h"
#include "restraints.h"
#include "sqlmessage.h"
#include "tls.h"

#define die(...)         strerr_die(111, PROG, ": fatal: ", __VA_ARGS__)
#define die_system(what) strerr_diesys(111, PROG, ": fatal: ", what)
#define warn(...)        strerr_warn(PROG, ": warning: ", __VA_ARGS__)

enum { CONTROL = 0, MESSAGES_A_TURN = 16 };

static struct keeper {
  char const *path; /* of db.conf */
  struct settings settings;
  struct dbconf conf;
  bool begun, ready, ended;
  struct ids who;
  pid_t loader;     /* 0: there is none */
  int fd;           /* our end of its socket, or -1 */
  bool told;        /* why it ends: what it said itself */
  int64_t start_ms; /* if there is none, when to start one */
  int64_t alive_ms; /* when to say that again */
  int image;        /* not passed on yet, or -1 */
  char trouble[sizeof(
      struct sql_failure)]; /* what the log was told last of the database; empty if all is well */
} keeper;

/* --- To tcpserver -------------------------------------------------------------------------------------------------- */

/* What it has no room for now is said again soon; but rules are kept until it has. */
static bool say(struct keeper *k, enum sqlmessage_kind kind, void const *payload, int const *descriptor)
{
  if (message_send(CONTROL, sqlmessage_row(kind), 0, payload, descriptor) == 0)
    return true;
  if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS && errno != ETOOMANYREFS)
    k->ended = true;
  return false;
}

static void pass_image(struct keeper *k)
{
  if (k->image == -1 || !say(k, SQL_IMAGE, NULL, &k->image))
    return;
  close(k->image);
  k->image = -1;
}

static void take_image(struct keeper *k, int image)
{
  if (k->image != -1)
    close(k->image);
  k->image = image;
  pass_image(k);
}

/* --- The loader ---------------------------------------------------------------------------------------------------- */

static void database_is_well(struct keeper *k)
{
  if (k->trouble[0])
    strerr_warn(PROG, ": the database answers again");
  k->trouble[0] = '\0';
}

/* Once for each reason, while it lasts. */
static void database_is_ill(struct keeper *k, char const *why)
{
  if (strcmp(k->trouble, why) != 0)
    warn("unable to get rules from the database: ", why);
  snprintf(k->trouble, sizeof k->trouble, "%s", why);
  say(k, SQL_TRIED, NULL, NULL);
}

static _Noreturn void become_loader(struct keeper *k, int pair)
{
  int flags;
  if (dup2(pair, LOADER_KEEPER) == -1 || (flags = fcntl(LOADER_KEEPER, F_GETFL)) == -1 ||
      fcntl(LOADER_KEEPER, F_SETFL, flags & ~O_NONBLOCK) == -1 || dup2(2, 1) == -1)
    die_system("unable to set up a process for the database");
  descriptors_close_others();
  loader_run(&k->settings, &k->conf, &k->who);
}

static void start(struct keeper *k)
{
  int pair[2];
  k->start_ms = clock_ms() + k->settings.refresh_ms;
  if (message_pair(pair) == -1) {
    database_is_ill(k, strerror(errno));
    return;
  }
  k->loader = fork();
  if (k->loader == 0)
    become_loader(k, pair[1]);
  close(pair[1]);
  if (k->loader == -1) {
    database_is_ill(k, strerror(errno));
    close(pair[0]);
    k->loader = 0;
    return;
  }
  k->fd = pair[0];
  k->told = false;
}

/* What it did not say itself. */
static void tell_end(struct keeper *k, int status)
{
  char why[128], number[DECIMAL_SIZE];
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
    decimal_print(number, k->settings.timeout_s);
    snprintf(why, sizeof why, "no answer within %s seconds", number);
  } else {
    decimal_print(number, (uint64_t)(WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)));
    snprintf(why, sizeof why, "the process that asks it %s %s",
             WIFSIGNALED(status) ? "was killed by signal" : "exited", number);
  }
  database_is_ill(k, why);
}

/* It has closed its socket, or shall end. */
static void end_loader(struct keeper *k, bool wanted)
{
  int status = 0;
  if (k->loader == 0)
    return;
  /* If it is ending it keeps its own status. */
  kill(k->loader, SIGKILL);
  while (waitpid(k->loader, &status, 0) == -1 && errno == EINTR)
    ;
  close(k->fd);
  k->fd = -1;
  k->loader = 0;
  k->start_ms = clock_ms() + (wanted ? 0 : k->settings.refresh_ms);
  if (!k->ready && !wanted)
    exit(111); /* it has said why */
  if (!wanted && !k->told)
    tell_end(k, status);
}

static void take_failure(struct keeper *k, struct message const *m)
{
  struct sql_failure f;
  memcpy(&f, m->payload, sizeof f);
  if (!sqlmessage_failure_is_sound(&f))
    tls_set_text(f.reason, sizeof f.reason, "the process that asks it says nonsense");
  if (!k->ready)
    die(f.reason);
  k->told = true;
  database_is_ill(k, f.reason);
}

static void take_ready(struct keeper *k)
{
  struct sql_ready r = {.stale_s = k->settings.stale_s};
  if (k->ready)
    return;
  k->ready = true;
  say(k, SQL_READY, &r, NULL);
}

static void heed(struct keeper *k, struct message const *m)
{
  switch ((enum sqlmessage_kind)m->header.kind) {
  case SQL_LIBRARY: take_ready(k); break;
  case SQL_IMAGE:
    database_is_well(k);
    take_image(k, m->descriptor[0]);
    break;
  case SQL_FRESH:
    database_is_well(k);
    /* Not before what it is about. */
    if (k->image == -1)
      say(k, SQL_FRESH, NULL, NULL);
    break;
  case SQL_REFUSED:
    database_is_well(k);
    warn("the table is not used because of these rows: the rules before it stay");
    say(k, SQL_TRIED, NULL, NULL);
    break;
  case SQL_FAILED: take_failure(k, m); break;
  case SQL_BEGIN:
  case SQL_RELOAD:
  case SQL_READY:
  case SQL_TRIED:
  case SQL_ALIVE: break; /* not in sqlmessage_from_loader */
  }
}

/* A few at a time: whoever had taken the loader over could send for ever, and tcpserver's end is to be noticed. */
static void from_loader(struct keeper *k)
{
  static struct message m;
  for (int i = 0; i < MESSAGES_A_TURN && k->fd != -1; i++)
    switch (message_receive(k->fd, sqlmessage_from_loader,
                            sizeof sqlmessage_from_loader / sizeof sqlmessage_from_loader[0], &m)) {
    case MESSAGE_RECEIVED: heed(k, &m); break;
    case MESSAGE_NONE: return;
    case MESSAGE_END: end_loader(k, false); return;
    case MESSAGE_REFUSED:
      kill(k->loader, SIGKILL);
      end_loader(k, false);
      return;
    }
}

/* --- From tcpserver ------------------------------------------------------------------------------------------------- */

static void begin(struct keeper *k, struct message const *m)
{
  if (k->begun)
    die("got a second beginning");
  memcpy(&k->who, m->payload, sizeof k->who);
  if (!ids_are_sound(&k->who))
    die("got ids that make no sense");
  k->begun = true;
  start(k);
}

static void reload(struct keeper *k)
{
  static struct dbconf new;
  char const *problem = dbconf_read(&new, k->path);
  if (!k->ready)
    return;
  if (problem)
    warn("db.conf stays as it was: unable to read ", k->path, ": ", problem);
  else
    k->conf = new;
  explicit_bzero(&new, sizeof new);
  end_loader(k, true);
  k->start_ms = clock_ms();
}

static void from_tcpserver(struct keeper *k)
{
  static struct message m;
  for (;;)
    switch (message_receive(CONTROL, sqlmessage_to_helper,
                            sizeof sqlmessage_to_helper / sizeof sqlmessage_to_helper[0], &m)) {
    case MESSAGE_RECEIVED:
      if (m.header.kind == SQL_BEGIN)
        begin(k, &m);
      else
        reload(k);
      break;
    case MESSAGE_NONE: return;
    case MESSAGE_REFUSED:
      if (errno == EPROTO)
        die("got a message that makes no sense");
      /* fallthrough */
    case MESSAGE_END: k->ended = true; return;
    }
}

/* --- The loop ------------------------------------------------------------------------------------------------------- */

static void turn(struct keeper *k)
{
  struct pollfd p[2] = {{.fd = CONTROL, .events = POLLIN}, {.fd = k->fd, .events = POLLIN}};
  int64_t next_ms = k->loader == 0 && k->begun && k->start_ms < k->alive_ms ? k->start_ms : k->alive_ms;
  if (k->image != -1)
    p[0].events |= POLLOUT;
  if (poll(p, 2, clock_wait_ms(next_ms)) == -1 && errno != EINTR)
    die_system("unable to wait for events");
  if (p[1].revents)
    from_loader(k);
  if (p[0].revents & (POLLIN | POLLHUP | POLLERR))
    from_tcpserver(k);
  pass_image(k);
  if (k->begun && k->loader == 0 && clock_ms() >= k->start_ms && !k->ended)
    start(k);
  if (clock_ms() < k->alive_ms)
    return;
  k->alive_ms = clock_ms() + SQL_ALIVE_S * INT64_C(1000);
  if (k->ready)
    say(k, SQL_ALIVE, NULL, NULL);
}

void keeper_run(char const *dbconf)
{
  struct keeper *k = &keeper;
  char const *problem;
  *k = (struct keeper){.path = dbconf, .fd = -1, .image = -1, .settings = settings_from_environment()};
  restraints_keep_secrets();
  if (message_adopt(CONTROL) == -1)
    die_system("descriptor 0 is not a socket for messages");
  helperface_ignore_signals();
  problem = dbconf_read(&k->conf, dbconf);
  if (problem)
    die("unable to read ", dbconf, ": ", problem);
  while (!k->ended)
    turn(k);
  if (k->loader > 0)
    kill(k->loader, SIGKILL);
}
