/* reaper.c - no end of a program is missed and none is told twice, whether few or many of them run, are young or old, have
 * a pidfd or can't have one. The programs are children of this process that end when they are told to. */
#include "../../src/tcpserver/reaper.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "tap.h"
#include "unforked.h"

#if defined(__linux__) && !defined(UCSPI_PORTABLE)
#define HAS_PIDFD true
#else
#define HAS_PIDFD false
#endif

enum { PROGRAMS = 200, STATUS_MAX = 100, DESCRIPTORS = 1000 };

struct program {
  pid_t pid;
  int line; /* it ends when this is closed */
  unsigned int over, ended;
  bool over_first; /* it was over before it had ended */
  int wait_status;
};

static struct program program[PROGRAMS];
static unsigned int programs, strangers;
static struct children children;
static struct events events;
static struct timers timers;
static struct reaper reaper;

static struct program *program_of(struct child const *child)
{
  for (unsigned int i = 0; i < programs; i++)
    if (program[i].pid == child->pid)
      return &program[i];
  abort();
}

static void over(void *context, struct child *child)
{
  struct program *p = program_of(child);
  (void)context;
  p->over++;
  p->over_first = p->ended == 0;
}

static void ended(void *context, struct child *child, int wait_status)
{
  struct program *p = program_of(child);
  (void)context;
  p->ended++;
  p->wait_status = wait_status;
  children_remove(&children, child);
}

static void stranger(void *context, pid_t pid)
{
  (void)context;
  (void)pid;
  strangers++;
}

/* --- Programs -------------------------------------------------------------------------------------------------- */

static _Noreturn void be_program(int line, int status)
{
  char byte;
  while (read(line, &byte, 1) == -1)
    ;
  _exit(status);
}

/* A child that is not in the table. *line: it ends when that is closed. */
static pid_t begin(int *line, int status)
{
  int both[2];
  pid_t pid;
  if (pipe2(both, O_CLOEXEC) == -1 || (pid = fork()) == -1)
    abort();
  if (pid == 0) {
    for (int fd = 3; fd < DESCRIPTORS; fd++)
      if (fd != both[0])
        close(fd);
    be_program(both[0], status);
  }
  close(both[0]);
  *line = both[1];
  return pid;
}

static struct child *child_of(unsigned int i)
{
  for (uint32_t at = 0; at < children.used; at++)
    if (children.child[at].pid == program[i].pid)
      return &children.child[at];
  return NULL;
}

/* Its number. */
static unsigned int start(void)
{
  struct child *child = children_place(&children);
  unsigned int i = programs++;
  if (!child)
    abort();
  program[i] = (struct program){.pid = 0};
  child->pid = program[i].pid = begin(&program[i].line, (int)(i % STATUS_MAX));
  children_add(&children, child);
  reaper_started(&reaper, child);
  return i;
}

static void start_many(unsigned int n)
{
  while (n-- > 0)
    start();
}

/* It has ended when this returns, and nobody has waited for it. */
static void let_end(pid_t pid, int line)
{
  siginfo_t info;
  close(line);
  if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == -1)
    abort();
}

static void end(unsigned int i)
{
  let_end(program[i].pid, program[i].line);
}

static bool told(unsigned int i)
{
  return program[i].ended == 1 && WIFEXITED(program[i].wait_status) &&
         WEXITSTATUS(program[i].wait_status) == (int)(i % STATUS_MAX);
}

static unsigned int count_told(unsigned int from, unsigned int to)
{
  unsigned int n = 0;
  for (unsigned int i = from; i < to; i++)
    n += told(i);
  return n;
}

static unsigned int count_pidfds(unsigned int from, unsigned int to)
{
  unsigned int n = 0;
  for (unsigned int i = from; i < to; i++)
    n += child_of(i) && child_of(i)->pidfd != -1;
  return n;
}

static unsigned int open_descriptors(void)
{
  unsigned int n = 0;
  for (int fd = 0; fd < DESCRIPTORS; fd++)
    n += fcntl(fd, F_GETFD) != -1;
  return n;
}

/* What has become readable. */
static void handle_events(void)
{
  struct event event[EVENTS_BATCH];
  int n = events_wait(&events, event, 0);
  for (int i = 0; i < n; i++)
    reaper_event(&reaper, event[i].number);
}

/* Where there are no pidfds: time for the sweep has come. */
static void handle_old(void)
{
  handle_events();
  if (timers_expired(&timers, clock_ms() + 1000))
    reaper_time(&reaper);
}

static void begin_test(void)
{
  programs = strangers = 0;
  children = (struct children)CHILDREN_ZERO;
  if (events_init(&events) == -1 || timers_reserve(&timers, 1) == -1)
    abort();
  reaper_init(&reaper, &children, &events, &timers, over, ended, stranger, NULL);
}

static void end_test(unsigned int descriptors, char const *when)
{
  unsigned int twice = 0;
  for (unsigned int i = 0; i < programs; i++) {
    if (program[i].ended == 0)
      end(i);
    twice += program[i].ended > 1 || program[i].over > 1;
  }
  for (unsigned int i = 0; i < programs && children.count > 0; i++) {
    reaper_signal(&reaper, 0);
    handle_old();
  }
  ok(count_told(0, programs) == programs && twice == 0, "%s: each end is told once", when);
  ok(children.count == 0 && waitpid(-1, NULL, WNOHANG) == -1, "... all have been waited for");
  events_free(&events);
  unforked_resize(children.child, children.capacity, 0, sizeof *children.child);
  ok(open_descriptors() == descriptors, "... and no descriptor is left");
}

/* --- Few ------------------------------------------------------------------------------------------------------- */

static void few(void)
{
  unsigned int descriptors = open_descriptors();
  int line;
  pid_t pid;
  begin_test();
  start_many(REAPER_MANY);
  ok(!reaper.many && count_pidfds(0, REAPER_MANY) == 0, "few programs have no pidfd");
  reaper_signal(&reaper, program[5].pid);
  ok(program[5].over == 1, "who is said to have ended");
  program[5].over = 0;
  end(7);
  reaper_signal(&reaper, program[7].pid);
  ok(told(7) && program[7].over == 1 && program[7].over_first, "... is over before it is waited for");
  end(1);
  end(2);
  end(REAPER_MANY - 1);
  reaper_signal(&reaper, program[2].pid);
  ok(told(1) && told(2) && told(REAPER_MANY - 1) && count_told(0, REAPER_MANY) == 4,
     "one signal is enough for three");
  end(3);
  reaper_signal(&reaper, 0);
  ok(told(3) && program[3].over == 0, "... and when it does not say whose end it is");
  pid = begin(&line, 0);
  let_end(pid, line);
  reaper_signal(&reaper, pid);
  ok(strangers == 1 && count_told(0, REAPER_MANY) == 5,
     "a child that is no program of the table is a stranger");
  end_test(descriptors, "few");
}

/* --- Many ------------------------------------------------------------------------------------------------------ */

static void many(void)
{
  unsigned int descriptors = open_descriptors(), newest, oldest = REAPER_MANY;
  begin_test();
  start_many(REAPER_MANY);
  start_many(1);
  ok(reaper.many && count_pidfds(0, REAPER_MANY) == (HAS_PIDFD ? REAPER_MANY : 0),
     "when they become many, those that were there get pidfds");
  ok(children.without_pidfd == (HAS_PIDFD ? 0 : REAPER_MANY), "... or are counted if there is no such thing");
  start_many(REAPER_YOUNG - 1);
  newest = programs - 1;
  ok(count_pidfds(oldest, programs) == 0, "new ones have none");
  end(newest);
  end(newest - 1);
  reaper_signal(&reaper, program[newest].pid);
  ok(told(newest) && program[newest].over_first, "the end of one is told by a signal");
  ok(told(newest - 1), "... and that of another with it");
  end(3);
  reaper_signal(&reaper, program[3].pid);
  handle_old();
  ok(told(3), "the end of an old one is told, too");
  start_many(2);
  ok(count_pidfds(oldest, oldest + 1) == 0, "as many as may be are young");
  start();
  ok(!child_of(oldest)->young && child_of(programs - 1)->young && reaper.young == REAPER_YOUNG,
     "... and if there is one more, one of those that were asked already is old");
  ok(count_pidfds(oldest, programs) == (HAS_PIDFD ? 1 : 0), "... which gets a pidfd");
  for (int i = 0; i < REAPER_ASKED; i++)
    reaper_signal(&reaper, 0);
  ok(reaper.young == 0 &&
         count_pidfds(oldest, programs) == (HAS_PIDFD ? children.count - REAPER_MANY + 1 : 0),
     "who has been asked in vain for long enough is old");
  for (unsigned int i = 0; i < 30; i++)
    if (program[i].ended == 0)
      end(i);
  for (int i = 0; i < 2; i++) {
    reaper_signal(&reaper, 0);
    handle_old();
  }
  ok(count_told(0, 30) == 30, "thirty old ones end at once");
  end_test(descriptors, "many");
}

static void many_and_few(void)
{
  unsigned int descriptors = open_descriptors(), last = REAPER_MANY + 2;
  begin_test();
  start_many(last);
  for (unsigned int i = 0; i < last - REAPER_FEW - 1; i++)
    end(i);
  reaper_signal(&reaper, 0);
  for (int i = 0; i < 2; i++)
    handle_old();
  ok(reaper.many && children.count == REAPER_FEW + 1, "many they stay while they become fewer");
  /* The second has ended, too, and its pidfd says so: it is not asked before the first one is known. */
  end(last - REAPER_FEW - 1);
  end(last - 4);
  if (HAS_PIDFD)
    reaper_event(&reaper, children_index(&children, child_of(last - REAPER_FEW - 1)));
  else {
    reaper_signal(&reaper, 0);
    handle_old();
  }
  ok(!reaper.many && told(last - REAPER_FEW - 1), "... until they are few");
  ok(told(last - 4), "... and who ended at that moment is not forgotten");
  ok(count_pidfds(0, last) == 0 && children.without_pidfd == 0 && reaper.sweep.position == 0,
     "... pidfds are closed");
  start_many(3);
  end(last);
  reaper_signal(&reaper, program[last].pid);
  ok(told(last), "... and ends are told as before");
  end_test(descriptors, "from many to few");
}

/* Others need what is left below the limit. */
static void scarce(void)
{
  unsigned int descriptors = open_descriptors();
  struct rlimit old, low;
  begin_test();
  start_many(REAPER_MANY);
  getrlimit(RLIMIT_NOFILE, &old);
  low = old;
  low.rlim_cur = REAPER_MANY + 20 + REAPER_SPARE_DESCRIPTORS;
  setrlimit(RLIMIT_NOFILE, &low);
  start_many(1);
  ok(count_pidfds(0, REAPER_MANY) < (HAS_PIDFD ? REAPER_MANY : 1) &&
         count_pidfds(0, REAPER_MANY) + children.without_pidfd == REAPER_MANY,
     "when descriptors are scarce, some go without a pidfd");
  setrlimit(RLIMIT_NOFILE, &old);
  ok(open_descriptors() <= low.rlim_cur - REAPER_SPARE_DESCRIPTORS, "... so that some descriptors stay free");
  end(REAPER_MANY - 1);
  end(0);
  end(REAPER_MANY);
  reaper_signal(&reaper, program[0].pid);
  ok(told(REAPER_MANY) && reaper.sweep.position != 0, "... they are asked some time later");
  handle_old();
  ok(told(0) && told(REAPER_MANY - 1), "... and told like others");
  end_test(descriptors, "without pidfds");
}

int main(void)
{
  struct rlimit limit;
  for (int fd = 3; fd < DESCRIPTORS; fd++)
    close(fd);
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
  setrlimit(RLIMIT_NOFILE, &limit);
  few();
  many();
  many_and_few();
  scarce();
  return tap_done();
}
