/* tcpmuxd.c - reads one TCPMUX request (RFC 1078) from the client on descriptors 0 and 1, and becomes the
 * service that was asked for. Started anew for each connection, so nothing is done here that a plain request
 * does not need, and everything that can fail is done before the client is told "+". */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>

#include "about.h"
#include "catalogue.h"
#include "check.h"
#include "clock.h"
#include "decimal.h"
#include "environment.h"
#include "loader.h"
#include "messages.h"
#include "muxrequest.h"
#include "peer.h"
#include "reply.h"
#include "request.h"
#include "service.h"

char const *PROG = "tcpmuxd";

#define USAGE "tcpmuxd [ -LHqQvn ] [ -t seconds ] directory"
static char const help_text[] = USAGE "\n"
                                      "  -t n  the request must be complete after n seconds (30)\n"
                                      "  -L    take a line that ends in LF alone, too\n"
                                      "  -H    do not answer HELP\n"
                                      "  -q    log nothing; -Q errors (default); -v each request too\n"
                                      "  -n    check the directory, print what it offers, and exit\n";

enum { CLIENT_IN = 0, CLIENT_OUT = 1, LOG = 2 };
enum { STATUS_DONE = 0, STATUS_REFUSED = 100, STATUS_FAILED = 111 };
enum verbosity { LOG_NOTHING, LOG_ERRORS, LOG_REQUESTS };

#define TIMEOUT_DEFAULT_S 30
#define TIMEOUT_MAX_S     86400

struct options {
  char const *directory;
  unsigned int timeout_s;
  enum muxrequest_newline newline;
  enum verbosity verbosity;
  bool answers_help;
  bool only_checks;
};

/* What a client is told says nothing about why: who may not have a service shall not learn that it exists. */
struct refusal {
  char const *reply;
  int status;
};
static struct refusal const malformed = {"-malformed request\r\n", STATUS_REFUSED};
static struct refusal const late = {"-request took too long\r\n", STATUS_REFUSED};
static struct refusal const unavailable = {"-service not available\r\n", STATUS_REFUSED};
static struct refusal const busy = {"-service busy, try later\r\n", STATUS_REFUSED};
static struct refusal const broken = {"-service not available\r\n", STATUS_FAILED};
static struct refusal const gone = {"", STATUS_REFUSED};

struct session {
  struct options options;
  struct messages messages;
  struct peer peer;
  struct muxrequest request;
  char pid[DECIMAL_SIZE];
  char const *name; /* of the service, as far as known; "-" before */
  int base;         /* the service directory */
};

static void usage(void)
{
  strerr_dieusage(STATUS_REFUSED, USAGE);
}

static struct options options_from(int argc, char const *const *argv)
{
  struct options o = {.timeout_s = TIMEOUT_DEFAULT_S,
                      .newline = MUXREQUEST_CRLF,
                      .verbosity = LOG_ERRORS,
                      .answers_help = true};
  subgetopt parser = SUBGETOPT_ZERO;
  int letter;
  while ((letter = subgetopt_r(argc, argv, "t:LHqQvn", &parser)) != -1)
    switch (letter) {
    case 't':
      if (!decimal_parse(&o.timeout_s, parser.arg, 1, TIMEOUT_MAX_S))
        strerr_dieusage(STATUS_REFUSED, "-t takes a number of seconds from 1 to 86400");
      break;
    case 'L': o.newline = MUXREQUEST_CRLF_OR_LF; break;
    case 'H': o.answers_help = false; break;
    case 'q': o.verbosity = LOG_NOTHING; break;
    case 'Q': o.verbosity = LOG_ERRORS; break;
    case 'v': o.verbosity = LOG_REQUESTS; break;
    case 'n': o.only_checks = true; break;
    default: usage();
    }
  if (argc - parser.ind != 1 || !*argv[parser.ind])
    usage();
  o.directory = argv[parser.ind];
  return o;
}

static void log_ok(struct session const *s)
{
  if (s->options.verbosity >= LOG_REQUESTS)
    strerr_warn(PROG, ": ok ", s->pid, " ", s->name, " from ", s->peer.text);
}

static void log_deny(struct session const *s, char const *reason, char const *detail)
{
  if (s->options.verbosity >= LOG_REQUESTS)
    strerr_warn(PROG, ": deny ", s->pid, " ", s->name, " from ", s->peer.text, " ", reason, detail);
}

static void log_problem(struct session const *s, struct problem const *p)
{
  if (s->options.verbosity >= LOG_ERRORS)
    problem_print(p, s->name);
}

static void log_error(struct session const *s, char const *what, char const *which)
{
  if (s->options.verbosity >= LOG_ERRORS)
    strerr_warnwusys(what, which);
}

static int64_t deadline_from_now(struct session const *s)
{
  return clock_ms() + (int64_t)s->options.timeout_s * 1000;
}

__attribute__((noreturn)) static void refuse(struct session const *s, struct refusal const *r,
                                             char const *reason, char const *detail)
{
  log_deny(s, reason, detail);
  if (reply_send(CLIENT_OUT, r->reply, strlen(r->reply), deadline_from_now(s)) == 0)
    reply_finish(CLIENT_IN, CLIENT_OUT);
  _exit(r->status);
}

static void say(struct session const *s, char const *text, size_t len)
{
  if (reply_send(CLIENT_OUT, text, len, deadline_from_now(s)) == 0)
    return;
  log_deny(s, errno == ETIMEDOUT ? "timeout" : "closed", "");
  _exit(gone.status);
}

static void read_request(struct session *s)
{
  struct muxrequest *r = &s->request;
  muxrequest_start(r, s->options.newline);
  switch (request_read(r, CLIENT_IN, deadline_from_now(s))) {
  case REQUEST_COMPLETE: s->name = r->name; return;
  case REQUEST_MALFORMED:
  case REQUEST_CLOSED: refuse(s, &malformed, "request", "");
  case REQUEST_LATE: refuse(s, &late, "timeout", "");
  case REQUEST_FAILED: break;
  }
  log_error(s, "read the request", "");
  refuse(s, &broken, "request", "");
}

/* This is the first descriptor that we open, so its number tells whether 0, 1 and 2 were open; if one of them
 * was not, a file of ours could take the client's or the log's place. */
static void open_base(struct session *s)
{
  s->base = open(s->options.directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (s->base > LOG)
    return;
  if (s->base != -1) {
    close(s->base);
    errno = EBADF;
  }
  log_error(s, "open ", s->options.directory);
  refuse(s, &broken, "exec ", "no service directory");
}

static bool is_offered(struct session const *s, struct service *service, char const *name)
{
  return service_find(service, s->base, name) == SERVICE_FOUND && !service->mark[SERVICE_DOWN] &&
         !service->mark[SERVICE_HIDDEN] && service_judge(service, &s->peer) == SERVICE_ALLOWED &&
         service_check_program(service) == 0 && service_check_limit(service) == 0;
}

/* Broken services are left out silently here: a client must not be able to fill the log by asking for HELP. */
static size_t list_services(struct session const *s, struct catalogue const *names, char *text)
{
  static struct service service;
  size_t len = 0;
  for (size_t i = 0; i < names->count; i++) {
    if (is_offered(s, &service, names->name[i])) {
      size_t name_len = strlen(names->name[i]);
      memcpy(text + len, names->name[i], name_len);
      memcpy(text + len + name_len, "\r\n", 2);
      len += name_len + 2;
    }
    service_release(&service);
  }
  return len;
}

static int answer_help(struct session const *s)
{
  struct catalogue names = CATALOGUE_ZERO;
  char *text = NULL;

  if (catalogue_read(&names, s->base, NULL, NULL) == 0)
    text = reallocarray(NULL, names.count + 1, MUXREQUEST_LINE_MAX);
  if (!text) {
    log_error(s, "list ", s->options.directory);
    refuse(s, &broken, "exec ", "no service directory");
  }
  say(s, text, list_services(s, &names, text));
  free(text);
  catalogue_free(&names);
  log_ok(s);
  reply_finish(CLIENT_IN, CLIENT_OUT);
  return STATUS_DONE;
}

static void find(struct session const *s, struct service *service)
{
  switch (service_find(service, s->base, s->name)) {
  case SERVICE_FOUND: break;
  case SERVICE_UNKNOWN: refuse(s, &unavailable, "unknown", "");
  case SERVICE_BROKEN: log_problem(s, &service->problem); refuse(s, &broken, "exec ", service->problem.what);
  }
  if (service->mark[SERVICE_DOWN])
    refuse(s, &unavailable, "down", "");
}

/* The empty key would leave nothing to see in the log. */
static char const *shown_key(struct rules_verdict const *verdict)
{
  return verdict->key[0] ? verdict->key : ":";
}

static void admit(struct session const *s, struct service *service)
{
  switch (service_judge(service, &s->peer)) {
  case SERVICE_ALLOWED: return;
  case SERVICE_DENIED: refuse(s, &unavailable, "rule ", shown_key(&service->verdict));
  case SERVICE_NO_ADDRESS:
    problem_set(&service->problem, "rules need TCPREMOTEIP, which is unset or no address",
                service_mark_file[SERVICE_RULES], 0);
    log_problem(s, &service->problem);
    refuse(s, &broken, "noaddress", "");
  case SERVICE_BAD_RULES: break;
  }
  log_problem(s, &service->problem);
  refuse(s, &broken, "norules", "");
}

static void take_slot(struct session const *s, struct service *service)
{
  char number[DECIMAL_SIZE];
  enum limit_outcome outcome = LIMIT_FAILED;
  if (service_check_limit(service) == 0)
    outcome = service_take_slot(service);
  switch (outcome) {
  case LIMIT_TAKEN: return;
  case LIMIT_FULL: decimal_print(number, service->slots); refuse(s, &busy, "limit ", number);
  case LIMIT_FAILED: break;
  }
  log_problem(s, &service->problem);
  refuse(s, &broken, "limit ", "unusable");
}

static int build_environment(struct environment *e, struct service const *service)
{
  struct rules_edit edit;
  size_t offset = 0;

  if (environment_load(e, (char const *const *)environ, NULL) == -1 ||
      environment_add(e, "TCPMUXSERVICE", service->name) == -1)
    return -1;
  if (!service->mark[SERVICE_RULES])
    return 0;
  while (rules_edit_next(&service->verdict, &offset, &edit))
    switch (edit.action) {
    case RULES_UNSET: environment_unset(e, edit.variable); break;
    case RULES_SET:
      if (environment_set(e, edit.variable) == -1)
        return -1;
      break;
    }
  return 0;
}

/* Files are run under the path that the administrator gave, with the current directory as it was; `run` as
 * ./run inside its directory. */
static int build_path(char path[PATH_MAX], struct session const *s, struct service const *service)
{
  size_t directory_len = strlen(s->options.directory);
  if (service->kind == SERVICE_DIRECTORY) {
    memcpy(path, service->program, strlen(service->program) + 1);
    return 0;
  }
  if (directory_len + 1 + sizeof service->object > PATH_MAX) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(path, s->options.directory, directory_len);
  path[directory_len] = '/';
  memcpy(path + directory_len + 1, service->program, strlen(service->program) + 1);
  return 0;
}

static void check_program(struct session const *s, struct service *service)
{
  if (service_check_program(service) == 0)
    return;
  log_problem(s, &service->problem);
  refuse(s, &broken, "exec ", service->problem.what);
}

static int become(struct session const *s, struct service *service)
{
  static struct environment environment;
  static struct loader loader;
  char path[PATH_MAX];
  char const *itself[] = {path, NULL}, *const *argv = service->is_object ? loader.argv : itself;
  bool replies = !service->mark[SERVICE_OWN_REPLY];

  if (build_environment(&environment, service) == -1 || build_path(path, s, service) == -1 ||
      (service->is_object && loader_prepare(&loader, path, replies) == -1)) {
    log_error(s, "prepare ", service->name);
    refuse(s, &broken, "exec ", "can't be prepared");
  }
  check_program(s, service);
  take_slot(s, service);
  /* Who loads an object says it himself, because he may fail. */
  if (replies && !service->is_object)
    say(s, "+\r\n", 3);
  log_ok(s);
  signal(SIGPIPE, SIG_DFL);
  messages_for_program(&s->messages);
  execve(argv[0], (char *const *)(void const *)argv, (char *const *)environment.entry);
  messages_for_us(&s->messages);
  log_error(s, "run ", argv[0]);
  if (service->is_object && replies) {
    signal(SIGPIPE, SIG_IGN);
    refuse(s, &broken, "exec ", "no ucspi-service");
  }
  /* Too late for a reply: the client takes whatever comes now for the service's. */
  return STATUS_FAILED;
}

static int serve(struct session *s)
{
  static struct service service;

  read_request(s);
  if (getenv("TCPMUXSERVICE")) {
    if (s->options.verbosity >= LOG_ERRORS)
      strerr_warnw("TCPMUXSERVICE is set: a tcpmuxd started by tcpmuxd would never end");
    refuse(s, &broken, "nested", "");
  }
  open_base(s);
  if (s->options.answers_help && strcmp(s->name, "help") == 0)
    return answer_help(s);
  find(s, &service);
  admit(s, &service);
  return become(s, &service);
}

int main(int argc, char const *const *argv)
{
  struct session s = {.name = "-"};

  if (about_answered(argc, argv, PROG, help_text))
    return 0;
  if (messages_divert(&s.messages) == -1)
    return STATUS_FAILED;
  s.options = options_from(argc, argv);
  if (s.options.only_checks)
    return check_directory(s.options.directory);
  s.peer = peer_from_environment();
  decimal_print(s.pid, (uint64_t)getpid());
  signal(SIGPIPE, SIG_IGN);
  return serve(&s);
}
