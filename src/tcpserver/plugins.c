/* plugins.c - see plugins.h. */
#include "plugins.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "decimal.h"
#include "signals.h"
#include "ucspi-service.h"
#include "witness.h"

/* How long an init function may take in a trial. */
#define TRIAL_S 30

/* How a trial ends. Exit statuses that an init function would hardly choose: one that exits has not come back. */
enum trial { TRIAL_PASSED = 173, TRIAL_FAILED, TRIAL_ASTRAY };

struct plugin {
  char const *path;
  char const *directory; /* for init, or null */
  char const *name;      /* of init, or null */
  object_init *init;
};

#define VARIABLE_SIZE (sizeof "PLUGIN_init" + DECIMAL_SIZE)

/* $PLUGINn and what belongs to it; null if it is unset or empty. */
static char const *variable(size_t n, char const *suffix)
{
  char name[VARIABLE_SIZE] = "PLUGIN", *end = name + strlen(name);
  char const *value;
  end += decimal_print(end, n);
  stpcpy(end, suffix);
  value = getenv(name);
  return value && *value ? value : NULL;
}

/* --- Others' code in tcpserver itself ---------------------------------------------------------------------------- */

#define STANDARD_DESCRIPTORS 3

struct visit {
  struct witness witness;
  struct signals_kept signals;
  int standard[STANDARD_DESCRIPTORS]; /* what 0, 1 and 2 are */
};

static void close_kept(struct visit const *v, int below)
{
  for (int fd = 0; fd < below; fd++)
    close(v->standard[fd]);
}

/* 0, or -1 with errno: it may not begin. */
static int visit_begin(struct visit *v, char const *unable_to, char const *path)
{
  int fd = 0, error;
  while (fd < STANDARD_DESCRIPTORS &&
         (v->standard[fd] = fcntl(fd, F_DUPFD_CLOEXEC, STANDARD_DESCRIPTORS)) != -1)
    fd++;
  signals_keep(&v->signals);
  if (fd == STANDARD_DESCRIPTORS && witness_call(&v->witness, unable_to, path) == 0)
    return 0;
  error = errno;
  close_kept(v, fd);
  errno = error;
  return -1;
}

/* What is ours is put back. What is left in the buffers of stdio would be written by every child. Keeps errno. */
static void visit_end(struct visit *v)
{
  int error = errno;
  fflush(NULL);
  signals_put_back(&v->signals);
  for (int fd = 0; fd < STANDARD_DESCRIPTORS; fd++)
    if (dup2(v->standard[fd], fd) == -1)
      strerr_diefusys(111, "open standard descriptors again");
  close_kept(v, STANDARD_DESCRIPTORS);
  witness_dismiss(&v->witness);
  errno = error;
}

static struct object load(char const *path)
{
  struct object o;
  struct visit visit;
  bool loaded;
  if (visit_begin(&visit, "load", path) == -1)
    strerr_diefusys(111, "load ", path);
  loaded = object_load(&o, path);
  visit_end(&visit);
  if (!loaded)
    strerr_dief(111, "unable to load ", path, ": ", o.why);
  return o;
}

/* --- Init functions ---------------------------------------------------------------------------------------------- */

/* 0, or -1 with errno if the way there or back is barred. */
static int call_init(struct plugins const *p, struct plugin const *plugin, int when, bool *failed)
{
  int there = plugin->directory ? chdir(plugin->directory) : 0;
  *failed = false;
  if (there == -1)
    return -1;
  if (plugin->init)
    *failed = plugin->init(when) == UCSPI_SERVICE_FAILED;
  return fchdir(p->home);
}

static void start(struct plugins const *p, struct plugin *plugin)
{
  struct object o;
  struct visit visit;
  bool failed;
  int done;
  if (!strchr(plugin->path, '/'))
    strerr_dief(111, "unable to load ", plugin->path, ": its path needs a slash");
  o = load(plugin->path);
  if (plugin->name) {
    plugin->init = object_find_init(&o, plugin->name);
    if (!plugin->init)
      strerr_dief(111, "unable to load ", plugin->path, ": ", o.why);
  }
  if (visit_begin(&visit, "prepare", plugin->path) == -1)
    strerr_diefusys(111, "prepare ", plugin->path);
  done = call_init(p, plugin, UCSPI_SERVICE_START, &failed);
  visit_end(&visit);
  if (done == -1)
    strerr_diefusys(111, "enter ", plugin->directory ? plugin->directory : "our directory", " for ",
                    plugin->path);
  if (failed)
    strerr_dief(111, "unable to prepare ", plugin->path, ": ", plugin->name, " has failed");
}

static void start_all(struct plugins *p)
{
  char const *path;
  while ((path = variable(p->count, ""))) {
    size_t n = p->count;
    p->plugin = reallocarray(p->plugin, n + 1, sizeof *p->plugin);
    if (!p->plugin)
      strerr_diefusys(111, "prepare");
    p->plugin[n] = (struct plugin){
        .path = path, .directory = variable(n, "_dir"), .name = variable(n, "_init"), .init = NULL};
    start(p, &p->plugin[n]);
    p->count++;
  }
}

/* What would have belonged to the one that is missing: somebody may think that it is there. */
static void warn_of_rest(size_t n, struct report *r)
{
  static char const *const suffix[] = {"_init", "_dir"};
  char name[sizeof "PLUGIN" + DECIMAL_SIZE] = "PLUGIN";
  char why[sizeof "unset or empty, and there is " + VARIABLE_SIZE];
  decimal_print(name + strlen(name), n);
  for (size_t i = 0; i < sizeof suffix / sizeof suffix[0]; i++)
    if (variable(n, suffix[i])) {
      stpcpy(stpcpy(stpcpy(why, "unset or empty, and there is "), name), suffix[i]);
      report_warning(r, "load ", name, why);
    }
  report_flush(r); /* what follows may take its time, or end us */
}

void plugins_load(struct plugins *p, char const *prog, struct report *r)
{
  bool is_object = object_is_named(prog);
  *p = (struct plugins){.home = -1};
  if (!is_object && !variable(0, "")) {
    warn_of_rest(0, r);
    return;
  }
  p->home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (p->home == -1)
    strerr_diefusys(111, "open the current directory");
  start_all(p);
  warn_of_rest(p->count, r);
  if (is_object) {
    struct object o = load(prog);
    p->service = object_find_service(&o, prog);
    if (!p->service)
      strerr_dief(111, "unable to load ", prog, ": ", o.why);
  }
}

/* --- SIGHUP ---------------------------------------------------------------------------------------------------- */

static _Noreturn void try_in_child(struct plugins const *p, struct plugin const *plugin)
{
  bool failed;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  alarm(TRIAL_S);
  if (call_init(p, plugin, UCSPI_SERVICE_AGAIN, &failed) == -1)
    _exit(TRIAL_ASTRAY);
  fflush(NULL);
  _exit(failed ? TRIAL_FAILED : TRIAL_PASSED);
}

/* Null if it has passed. */
static char const *fault_of(int status)
{
  if (WIFSIGNALED(status))
    return WTERMSIG(status) == SIGALRM ? "init takes too long" : "init is killed by a signal";
  switch (WEXITSTATUS(status)) {
  case TRIAL_PASSED: return NULL;
  case TRIAL_FAILED: return "init has failed";
  case TRIAL_ASTRAY: return "init's directory, or ours, can't be entered";
  default: return "init does not return";
  }
}

static char const *try(struct plugins const *p, struct plugin const *plugin)
{
  int status;
  pid_t pid = fork();
  if (pid == -1)
    return strerror(errno);
  if (pid == 0)
    try_in_child(p, plugin);
  while (waitpid(pid, &status, 0) == -1)
    if (errno != EINTR)
      return strerror(errno);
  return fault_of(status);
}

static char const *repeat(struct plugins const *p, struct plugin const *plugin)
{
  struct visit visit;
  bool failed = false;
  char const *why = try(p, plugin);
  if (why)
    return why;
  if (visit_begin(&visit, "prepare", plugin->path) == -1)
    return strerror(errno);
  if (call_init(p, plugin, UCSPI_SERVICE_AGAIN, &failed) == -1)
    why = strerror(errno);
  visit_end(&visit);
  return failed ? "init has failed, although a trial has not" : why;
}

void plugins_reload(struct plugins const *p, struct report *r)
{
  report_flush(r); /* before what they say themselves */
  for (size_t i = 0; i < p->count; i++) {
    char const *why = p->plugin[i].init ? repeat(p, &p->plugin[i]) : NULL;
    if (why)
      report_warning(r, "prepare ", p->plugin[i].path, why);
  }
}
