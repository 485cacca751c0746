/* spawn.c - programs on connections: what they find open, blocked, limited and said to them, where they are looked
 * for, and what the parent is told. This program is also the one that it starts: see report(). */
#include "spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#if defined(__linux__) && !defined(UCSPI_PORTABLE)
#define SHARES_DESCRIPTORS true
#else
#define SHARES_DESCRIPTORS false
#endif

enum { DESCRIPTORS = 512, TEXT_SIZE = 8192 };

static char self[PATH_MAX];   /* this program */
static char folder[PATH_MAX]; /* scratch */

/* --- The program that is started --------------------------------------------------------------------------- */

static void report_descriptors(void)
{
  struct stat in, out;
  for (int fd = 0; fd < DESCRIPTORS; fd++)
    if (fcntl(fd, F_GETFD) != -1)
      printf("%d ", fd);
  if (fstat(0, &in) == 0 && fstat(1, &out) == 0 && in.st_ino == out.st_ino)
    printf("socket %ju", (uintmax_t)in.st_ino);
}

static void report_signals(void)
{
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  for (int number = 1; number < NSIG; number++)
    if (sigismember(&blocked, number) == 1)
      printf("%d ", number);
  printf("that is all");
}

static void report_limit(void)
{
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  printf("%ju %ju", (uintmax_t)limit.rlim_cur, (uintmax_t)limit.rlim_max);
}

static void report_words(int argc, char **argv)
{
  for (int i = 2; i < argc; i++)
    printf("<%s>", argv[i]);
  for (char **e = environ; *e; e++)
    printf("{%s}", *e);
}

/* argv[1] says what about. The exit status is 7, to be told from others. */
static int report(int argc, char **argv)
{
  if (strcmp(argv[1], "descriptors") == 0)
    report_descriptors();
  if (strcmp(argv[1], "signals") == 0)
    report_signals();
  if (strcmp(argv[1], "limit") == 0)
    report_limit();
  if (strcmp(argv[1], "words") == 0)
    report_words(argc, argv);
  if (strcmp(argv[1], "pid") == 0)
    printf("pid %d", (int)getpid());
  if (strcmp(argv[1], "wait") == 0)
    while (getchar() != EOF)
      ;
  fflush(stdout);
  return 7;
}

/* --- Running it -------------------------------------------------------------------------------------------- */

struct run {
  int returned;
  struct spawned spawned;
  int status;           /* as from wait() */
  uintmax_t socket;     /* inode of the program's end */
  char text[TEXT_SIZE]; /* what came from it */
};

static char const *no_variables[] = {NULL};

/* The program with one argument, and nothing special. */
static char const *const *command(char const *word)
{
  static char const *argv[3];
  argv[0] = self;
  argv[1] = word;
  argv[2] = NULL;
  return argv;
}

static void read_all(int fd, char text[TEXT_SIZE])
{
  size_t used = 0;
  ssize_t n;
  while (used < TEXT_SIZE - 1 && (n = read(fd, text + used, TEXT_SIZE - 1 - used)) > 0)
    used += (size_t)n;
  text[used] = '\0';
}

/* Runs `what` on a connection to its end. */
static struct run run(struct spawner *s, struct spawn what)
{
  struct run r = {.status = -1};
  struct stat st;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1 || fstat(pair[1], &st) == -1)
    abort();
  r.socket = (uintmax_t)st.st_ino;
  what.connection = pair[1];
  if (!what.envp)
    what.envp = no_variables;
  fflush(stdout);
  r.returned = spawn_run(s, &what, &r.spawned);
  close(pair[1]);
  read_all(pair[0], r.text);
  close(pair[0]);
  if (r.returned == 0 && waitpid(r.spawned.pid, &r.status, 0) != r.spawned.pid)
    r.status = -1;
  return r;
}

static bool exited(struct run const *r, int status)
{
  return r->returned == 0 && WIFEXITED(r->status) && WEXITSTATUS(r->status) == status;
}

static unsigned int open_descriptors(void)
{
  unsigned int n = 0;
  for (int fd = 0; fd < DESCRIPTORS; fd++)
    n += fcntl(fd, F_GETFD) != -1;
  return n;
}

static char const *with(bool crowded)
{
  return crowded ? "among many descriptors" : "among few descriptors";
}

/* --- What a program finds ---------------------------------------------------------------------------------- */

static void runs(struct spawner *s, bool crowded)
{
  struct run r = run(s, (struct spawn){.argv = command("pid"), .crowded = crowded});
  char expected[32];
  snprintf(expected, sizeof expected, "pid %d", (int)r.spawned.pid);
  ok(r.returned == 0 && r.spawned.pid > 0 && r.spawned.exec_errno == 0, "a program is run %s", with(crowded));
  is_string(r.text, expected, "... under the number that is returned, on the connection");
  ok(exited(&r, 7), "... and its exit status is to be had");
}

static void words(struct spawner *s, bool crowded)
{
  char const *argv[] = {self, "words", "", "two words", "-x", "", NULL};
  char const *envp[] = {"A=1", "EMPTY=", "PATH=/nowhere", "no equals sign", NULL};
  struct run r = run(s, (struct spawn){.argv = argv, .envp = envp, .crowded = crowded});
  is_string(r.text, "<><two words><-x><>{A=1}{EMPTY=}{PATH=/nowhere}{no equals sign}",
            "arguments and variables arrive as they are, and no others");
}

/* With close-on-exec descriptors below and above the connection, a few of them far up. */
static void descriptors(struct spawner *s, bool crowded)
{
  int far[3], low = fcntl(2, F_DUPFD_CLOEXEC, 3);
  unsigned int before, failed = 0;
  struct run r;
  char expected[64];
  for (int i = 0; i < 3; i++)
    far[i] = fcntl(2, F_DUPFD_CLOEXEC, 60 + 100 * i);
  before = open_descriptors();
  r = run(s, (struct spawn){.argv = command("descriptors"), .crowded = crowded});
  snprintf(expected, sizeof expected, "0 1 2 socket %ju", r.socket);
  is_string(r.text, expected, "0 and 1 are the connection, 2 is the log, and nothing else is open");
  ok(open_descriptors() == before, "... while the parent's are what they were");
  for (int i = 0; i < 3; i++)
    failed += fcntl(far[i], F_GETFD) != FD_CLOEXEC || close(far[i]) == -1;
  ok(failed == 0 && fcntl(low, F_GETFD) == FD_CLOEXEC && close(low) == 0, "... each of them");
}

/* In the child: is the descriptor there that lies between? It is the parent's memory that is written to. */
struct between {
  int fd;
  bool copied;
};

static void look_between(void *context, pid_t pid)
{
  struct between *b = context;
  (void)pid;
  b->copied = fcntl(b->fd, F_GETFD) != -1;
}

/* A connection whose number is high: all that lies below it is there when the child starts, unless it may borrow a
 * low descriptor. The peer sees the end, which it would not if that kept it. */
static void high_connection(struct spawner *s, bool crowded)
{
  bool borrows = s->low != -1 && SHARES_DESCRIPTORS;
  int pair[2], high, status = -1;
  struct between between = {.fd = fcntl(2, F_DUPFD_CLOEXEC, 100)};
  struct spawned out = {.pid = -1};
  char text[TEXT_SIZE];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
    abort();
  high = fcntl(pair[1], F_DUPFD_CLOEXEC, 200);
  close(pair[1]);
  spawn_run(s,
            &(struct spawn){.argv = command("descriptors"),
                            .envp = no_variables,
                            .connection = high,
                            .crowded = crowded,
                            .prepare = look_between,
                            .context = &between},
            &out);
  close(high);
  read_all(pair[0], text);
  close(pair[0]);
  close(between.fd);
  ok(waitpid(out.pid, &status, 0) == out.pid && strncmp(text, "0 1 2 socket ", 13) == 0,
     "nor does anything below a connection of a high number leak (%s)", text);
  ok(between.copied == !borrows, "... which is copied for the child %s",
     borrows ? "not even for the moment" : "and closed again");
}

static void low_descriptor(bool crowded)
{
  struct spawner s;
  struct stat anchor, low;
  int devnull = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (devnull == -1 || spawner_init(&s) == -1)
    abort();
  spawner_take_low(&s, devnull);
  ok(s.low > 2 && s.low < 60, "a low descriptor is taken");
  for (int i = 0; i < 3; i++)
    high_connection(&s, crowded);
  ok(fstat(devnull, &anchor) == 0 && fstat(s.low, &low) == 0 && low.st_rdev == anchor.st_rdev &&
         fcntl(s.low, F_GETFD) == FD_CLOEXEC,
     "... and given back");
  spawner_free(&s);
  ok(fcntl(s.low, F_GETFD) == -1, "... and closed at the end");
  close(devnull);
}

static void signals(struct spawner *s, bool crowded)
{
  sigset_t all, before, after;
  struct run r;
  bool same = true;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  sigprocmask(SIG_SETMASK, NULL, &before);
  r = run(s, (struct spawn){.argv = command("signals"), .crowded = crowded});
  sigprocmask(SIG_SETMASK, NULL, &after);
  for (int number = 1; number < NSIG; number++)
    same = same && sigismember(&before, number) == sigismember(&after, number);
  sigemptyset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  is_string(r.text, "that is all", "no signal is blocked in the program, though all were in the parent");
  ok(same && sigismember(&before, SIGTERM) == 1, "... where they still are");
}

static void limits(struct spawner *s, bool crowded)
{
  struct rlimit old, raised, back, impossible;
  struct run r;
  char expected[64];
  getrlimit(RLIMIT_NOFILE, &old);
  raised = old;
  raised.rlim_cur = 700;
  back = old;
  back.rlim_cur = 300;
  setrlimit(RLIMIT_NOFILE, &raised);

  r = run(s, (struct spawn){.argv = command("limit"), .crowded = crowded, .nofile = &back});
  snprintf(expected, sizeof expected, "300 %ju", (uintmax_t)old.rlim_max);
  is_string(r.text, expected, "the limit on open files is what it is to be");
  r = run(s, (struct spawn){.argv = command("limit"), .crowded = crowded});
  snprintf(expected, sizeof expected, "700 %ju", (uintmax_t)old.rlim_max);
  is_string(r.text, expected, "... or the parent's");
  getrlimit(RLIMIT_NOFILE, &raised);
  ok(raised.rlim_cur == 700, "... which stays the same");

  impossible = (struct rlimit){.rlim_cur = 20, .rlim_max = 10};
  r = run(s, (struct spawn){.argv = command("limit"), .crowded = crowded, .nofile = &impossible});
  ok(r.returned == 0 && r.spawned.exec_errno == EINVAL && exited(&r, 111) && r.text[0] == '\0',
     "a limit that can't be set: the program is not run");
  setrlimit(RLIMIT_NOFILE, &old);
}

/* --- Before it runs ---------------------------------------------------------------------------------------- */

struct prepared {
  unsigned int calls;
  pid_t told, own;
};

static void prepare(void *context, pid_t pid)
{
  struct prepared *p = context;
  p->calls++;
  p->told = pid;
  p->own = getpid();
  if (write(1, "first, ", 7) != 7)
    p->calls = 100;
}

static void preparation(struct spawner *s, bool crowded)
{
  struct prepared p = {.calls = 0};
  struct run r =
      run(s, (struct spawn){.argv = command("pid"), .crowded = crowded, .prepare = prepare, .context = &p});
  char expected[32];
  snprintf(expected, sizeof expected, "first, pid %d", (int)r.spawned.pid);
  ok(p.calls == 1 && p.told == r.spawned.pid && p.own == r.spawned.pid && p.own != getpid(),
     "prepare() is called once, in the child, with its number, in memory that the parent shares");
  is_string(r.text, expected, "... when the connection is in place and before the program runs");
  p.calls = 0;
  r = run(s, (struct spawn){.argv = (char const *const[]){"/nonexistent", NULL},
                            .crowded = crowded,
                            .prepare = prepare,
                            .context = &p});
  ok(p.calls == 1 && r.spawned.exec_errno == ENOENT, "... and before it is known that it can't be run");
}

/* --- What can't be run ------------------------------------------------------------------------------------- */

static char const *in_folder(char const *name)
{
  static char path[4][PATH_MAX];
  static unsigned int next;
  char *p = path[next++ % 4];
  snprintf(p, PATH_MAX, "%.2000s/%.1000s", folder, name);
  return p;
}

static void make_file(char const *name, char const *text, mode_t mode)
{
  int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  size_t len = strlen(text);
  if (fd == -1 || write(fd, text, len) != (ssize_t)len || fchmod(fd, mode) == -1 || close(fd) == -1)
    abort();
}

static void make_folder(char const *name)
{
  if (mkdir(in_folder(name), 0700) == -1)
    abort();
}

static void make_files(void)
{
  static char const *const folders[] = {"first", "second", "third", "third/prog", "plain"};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
    make_folder(folders[i]);
  make_file("prog", "#!/bin/sh\necho here\n", 0700);
  make_file("first/prog", "#!/bin/sh\necho first\n", 0700);
  make_file("second/prog", "#!/bin/sh\necho second\n", 0700);
  make_file("plain/prog", "#!/bin/sh\necho plain\n", 0600);
  make_file("first/noise", "no program at all\n", 0700);
  make_file("second/noise", "#!/bin/sh\necho second\n", 0700);
  make_file("orphan", "#!/nonexistent/interpreter\n", 0700);
}

static void refused(struct spawner *s, bool crowded, char const *name, int error, char const *why)
{
  struct run r =
      run(s, (struct spawn){.argv = (char const *const[]){name, NULL}, .path = folder, .crowded = crowded});
  ok(r.returned == 0 && r.spawned.pid > 0 && r.spawned.exec_errno == error,
     "%s: the parent learns why it is not run (%s)", why, strerror(r.spawned.exec_errno));
  ok(exited(&r, 111) && r.text[0] == '\0', "... and the child has exited 111, without a word to the peer");
}

static void too_many_words(struct spawner *s, bool crowded)
{
  size_t const len = 200000; /* Linux allows 128 KiB for one */
  char *word = malloc(len + 1);
  struct run r;
  if (!word)
    abort();
  memset(word, 'x', len);
  word[len] = '\0';
  r = run(s, (struct spawn){.argv = (char const *const[]){self, word, NULL}, .crowded = crowded});
  ok(r.returned == 0 && r.spawned.exec_errno == E2BIG && exited(&r, 111), "an argument that is too long");
  free(word);
}

static void not_programs(struct spawner *s, bool crowded)
{
  refused(s, crowded, in_folder("nothing"), ENOENT, "a file that does not exist");
  refused(s, crowded, in_folder("plain/prog"), EACCES, "a file that is not executable");
  refused(s, crowded, in_folder("third"), EACCES, "a folder");
  refused(s, crowded, in_folder("prog/prog"), ENOTDIR, "a file in what is no folder");
  refused(s, crowded, in_folder("orphan"), ENOENT, "a script without its interpreter");
  refused(s, crowded, in_folder("first/noise"), ENOEXEC, "a file that is no program");
  refused(s, crowded, "nothing", ENOENT, "a name that is not in the path");
  refused(s, crowded, "", ENOENT, "no name");
  too_many_words(s, crowded);
}

/* --- Where programs are looked for ------------------------------------------------------------------------- */

/* Each element of the path, separated by spaces, is a folder in `folder`; "." stands for an empty element. */
static char const *make_path(char const *elements)
{
  static char path[4 * PATH_MAX];
  size_t used = 0;
  for (;;) {
    int len = (int)strcspn(elements, " ");
    if (len != 1 || *elements != '.')
      used += (size_t)snprintf(path + used, sizeof path - used, "%s/%.*s", folder, len, elements);
    if (!elements[len])
      break;
    path[used++] = ':';
    elements += len + 1;
  }
  path[used] = '\0';
  return path;
}

static void found(struct spawner *s, char const *name, char const *elements, char const *expected,
                  char const *why)
{
  struct run r =
      run(s, (struct spawn){.argv = (char const *const[]){name, NULL}, .path = make_path(elements)});
  ok(r.spawned.exec_errno == 0 && strcmp(r.text, expected) == 0, "%s (%s)", why,
     strerror(r.spawned.exec_errno));
}

static void not_found(struct spawner *s, char const *name, char const *elements, int error, char const *why)
{
  struct run r =
      run(s, (struct spawn){.argv = (char const *const[]){name, NULL}, .path = make_path(elements)});
  ok(r.returned == 0 && r.spawned.exec_errno == error && exited(&r, 111), "%s (%s)", why,
     strerror(r.spawned.exec_errno));
}

static void usual_path(struct spawner *s)
{
  struct run r = run(s, (struct spawn){.argv = (char const *const[]){"sh", "-c", "echo usual", NULL}});
  is_string(r.text, "usual\n", "without a path, /bin and /usr/bin are looked through");
}

/* The environment is the program's, not ours. */
static void path_of_program(struct spawner *s)
{
  char variable[PATH_MAX + 8];
  char const *envp[] = {variable, NULL};
  struct run r;
  snprintf(variable, sizeof variable, "PATH=%s", make_path("second"));
  r = run(s, (struct spawn){
                 .argv = (char const *const[]){"prog", NULL}, .path = make_path("first"), .envp = envp});
  is_string(r.text, "first\n", "a PATH in the environment of the program does not count");
}

static void endless_element(struct spawner *s)
{
  static char path[3 * PATH_MAX];
  struct run r;
  memset(path, '/', 2 * PATH_MAX);
  snprintf(path + 2 * PATH_MAX, PATH_MAX, ":%s", make_path("second"));
  r = run(s, (struct spawn){.argv = (char const *const[]){"prog", NULL}, .path = path});
  is_string(r.text, "second\n", "an element longer than any path is passed over");
}

static void empty_path(struct spawner *s)
{
  struct run r = run(s, (struct spawn){.argv = (char const *const[]){"prog", NULL}, .path = ""});
  is_string(r.text, "here\n", "an empty path is one empty element");
}

static void search(struct spawner *s)
{
  char old[PATH_MAX];
  if (!getcwd(old, sizeof old) || chdir(folder) == -1)
    abort();
  found(s, "prog", "first second", "first\n", "the first folder of the path that has the program counts");
  found(s, "prog", "nothing nothing/at/all second", "second\n", "folders that do not exist are passed over");
  found(s, "prog", "prog second", "second\n", "... and elements that are no folders");
  found(s, "prog", "plain third second", "second\n", "... and what can't be executed");
  found(s, "prog", ". second", "here\n", "an empty element in front is the current folder");
  found(s, "prog", "nothing . second", "here\n", "... in the middle too");
  found(s, "prog", "nothing .", "here\n", "... and at the end");
  found(s, "first/prog", "second third", "first\n", "a name with a slash is not looked for");
  not_found(s, "prog", "plain nothing", EACCES,
            "that it was not allowed is said rather than that it was not found");
  not_found(s, "prog", "third nothing", EACCES, "... of a folder of that name too");
  not_found(s, "prog", "nothing", ENOENT, "not found is not found");
  not_found(s, "noise", "first second", ENOEXEC, "what is no program ends the search");
  empty_path(s);
  endless_element(s);
  usual_path(s);
  path_of_program(s);
  if (chdir(old) == -1)
    abort();
}

/* --- Short of descriptors ----------------------------------------------------------------------------------------- */

/* Not one descriptor is left when the program is started. */
static void no_descriptors(struct spawner *s)
{
  struct rlimit old, low;
  struct spawned out = {.pid = -1};
  int pair[2], status, fd, last = 2;
  char text[TEXT_SIZE];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
    abort();
  getrlimit(RLIMIT_NOFILE, &old);
  low = old;
  low.rlim_cur = 40;
  setrlimit(RLIMIT_NOFILE, &low);
  while ((fd = fcntl(2, F_DUPFD_CLOEXEC, 3)) != -1)
    last = fd;
  ok(spawn_run(s,
               &(struct spawn){.argv = command("pid"),
                               .envp = no_variables,
                               .connection = pair[1],
                               .crowded = true,
                               .nofile = &old},
               &out) == 0 &&
         last == 39 && out.exec_errno == 0,
     "without a free descriptor programs are run");
  setrlimit(RLIMIT_NOFILE, &old);
  close(pair[1]);
  read_all(pair[0], text);
  ok(waitpid(out.pid, &status, 0) == out.pid && WEXITSTATUS(status) == 7 && strncmp(text, "pid ", 4) == 0,
     "... in full");
  for (fd = 3; fd <= last; fd++)
    close(fd);
}

/* --- Again and again --------------------------------------------------------------------------------------- */

/* Programs that can and can't be run, on one stack, copying descriptors and not, many alive at a time. */
static void many(struct spawner *s)
{
  enum { MANY = 150 };
  static struct spawned out[MANY];
  int peer[MANY], pair[2], status;
  unsigned int before = open_descriptors(), good = 0, ended = 0;
  char const *const missing[] = {"/nonexistent", NULL};
  for (unsigned int i = 0; i < MANY; i++) {
    bool runs_it = i % 3 != 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
      abort();
    struct spawn what = {.argv = runs_it ? command("wait") : missing,
                         .envp = no_variables,
                         .connection = pair[1],
                         .crowded = i % 2 == 0};
    good += spawn_run(s, &what, &out[i]) == 0 && out[i].exec_errno == (runs_it ? 0 : ENOENT);
    close(pair[1]);
    peer[i] = pair[0];
  }
  ok(good == MANY, "%d programs in a row, some that can't be run", (int)MANY);
  for (unsigned int i = 0; i < MANY; i++) {
    close(peer[i]);
    ended += waitpid(out[i].pid, &status, 0) == out[i].pid && WIFEXITED(status) &&
             WEXITSTATUS(status) == (i % 3 != 0 ? 7 : 111);
  }
  ok(ended == MANY, "... each ends as it should: none holds the connection of another");
  ok(open_descriptors() == before && waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD,
     "... and nothing of them is left");
}

/* --- */

static void remove_files(char const *path)
{
  struct dirent const *entry;
  DIR *dir = opendir(path);
  while (dir && (entry = readdir(dir))) {
    char inner[PATH_MAX];
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    snprintf(inner, sizeof inner, "%.3000s/%.255s", path, entry->d_name);
    if (unlink(inner) == -1)
      remove_files(inner);
  }
  if (dir)
    closedir(dir);
  rmdir(path);
}

/* Whatever this test was started with must not be taken for a leak. */
static void close_inherited(void)
{
  for (int fd = 3; fd < DESCRIPTORS; fd++)
    close(fd);
}

static void prepare_test(char const *name)
{
  char const *tmp = getenv("TMPDIR");
  struct rlimit limit;
  close_inherited();
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max < 1000 ? limit.rlim_max : 1000;
  setrlimit(RLIMIT_NOFILE, &limit);
  snprintf(folder, sizeof folder, "%.1000s/ucspi.spawn.XXXXXX", tmp && *tmp ? tmp : "/tmp");
  if (!realpath(name, self) || !mkdtemp(folder))
    abort();
  make_files();
}

int main(int argc, char **argv)
{
  struct spawner s;
  if (argc > 1)
    return report(argc, argv);
  prepare_test(argv[0]);
  ok(spawner_init(&s) == 0, "a spawner can be made");
  for (int i = 0; i < 2; i++) {
    bool crowded = i == 1;
    runs(&s, crowded);
    words(&s, crowded);
    descriptors(&s, crowded);
    high_connection(&s, crowded);
    low_descriptor(crowded);
    signals(&s, crowded);
    limits(&s, crowded);
    preparation(&s, crowded);
    not_programs(&s, crowded);
  }
  search(&s);
  no_descriptors(&s);
  many(&s);
  spawner_free(&s);
  remove_files(folder);
  ok(access(folder, F_OK) == -1, "the scratch folder is gone");
  return tap_done();
}
