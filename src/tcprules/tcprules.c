/* tcprules - compile access rules from standard input into a cdb: into a temporary file first, which takes
 * the cdb's place in one step if every line was good. Until then the old cdb is not touched. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>

#include "about.h"
#include "duplicates.h"
#include "rulefile.h"

#define USAGE "tcprules [-w] cdb tmp"
static char const help[] =
    USAGE "\n"
          "Compiles the access rules on standard input into the file cdb, by way of the file tmp.\n"
          "  -w   accept, with a warning, what ucspi-tcp's tcprules accepts\n";

enum { EXIT_MISUSE = 100, EXIT_BAD_RULES = 100, EXIT_FAILURE_OF_SYSTEM = 111 };

#define EXCERPT_MAX 60

/* Each try that fails means that another run came or went. */
#define TRIES_MAX 100

/* Of the cdb format: 256 tables are listed first; a record starts with the lengths of key and data. */
#define CDB_HEAD_SIZE        2048
#define CDB_RECORD_HEAD_SIZE 8

struct options {
  bool lenient;
  char const *cdb;
  char const *tmp;
};

struct compiler {
  struct options options;
  int file; /* tmp, locked; -1: not made yet */
  struct cdb_make make;
  uint64_t position; /* where tinycdb puts the next record */
  struct rules_index index;
  struct duplicates duplicates;
  size_t duplicate_errors;
  struct rulefile text;
};

static struct options options_from(int argc, char const *const *argv)
{
  struct options o = {.lenient = false};
  subgetopt l = SUBGETOPT_ZERO;
  int option;
  while ((option = subgetopt_r(argc, argv, "w", &l)) != -1) {
    if (option != 'w')
      strerr_dieusage(EXIT_MISUSE, USAGE);
    o.lenient = true;
  }
  if (argc - l.ind != 2 || !argv[l.ind][0] || !argv[l.ind + 1][0])
    strerr_dieusage(EXIT_MISUSE, USAGE);
  o.cdb = argv[l.ind];
  o.tmp = argv[l.ind + 1];
  return o;
}

/* --- The temporary file --------------------------------------------------------------------------------
 * Only who holds the lock of the file that tmp names may unlink or rename tmp. A lock is taken after the file was
 * opened, and in between another run may have put its own file there: so each step looks again. */

static bool is_same_file(struct stat const *a, struct stat const *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_named(int file, char const *tmp)
{
  struct stat opened, named;
  return fstat(file, &opened) == 0 && lstat(tmp, &named) == 0 && is_same_file(&opened, &named);
}

/* Takes our tmp away, and never that of another run. */
static void discard_tmp(struct compiler const *c)
{
  int saved = errno;
  if (c->file != -1 && is_named(c->file, c->options.tmp))
    unlink(c->options.tmp);
  errno = saved;
}

/* Ends the program without leaving tmp behind. */
static _Noreturn void die(struct compiler *c, char const *what, char const *name)
{
  discard_tmp(c);
  strerr_diefu2sys(EXIT_FAILURE_OF_SYSTEM, what, name);
}

/* True if we may do with tmp, which is this file, what we like; false if tmp is another file by now. Two runs must
 * not work under one name. A file system without locks is as good as it was for ucspi-tcp. */
static bool lock(int file, char const *tmp)
{
  bool busy = flock(file, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK;
  bool named = is_named(file, tmp);
  if (busy && named)
    strerr_dief3x(EXIT_FAILURE_OF_SYSTEM, "unable to create ", tmp, ": another tcprules is writing it");
  return named;
}

/* Takes away what an earlier run left under the name tmp; what another run is writing right now stays. */
static void remove_leftover(struct compiler *c)
{
  char const *tmp = c->options.tmp;
  struct stat left, cdb;
  int file = open(tmp, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file == -1) {
    if (errno == ENOENT)
      return;
    die(c, "create ", tmp);
  }
  if (fstat(file, &left) == -1)
    die(c, "create ", tmp);
  if (!S_ISREG(left.st_mode))
    strerr_dief3x(EXIT_FAILURE_OF_SYSTEM, "unable to create ", tmp, ": it exists and is no plain file");
  if (lock(file, tmp)) {
    if (stat(c->options.cdb, &cdb) == 0 && is_same_file(&cdb, &left))
      strerr_dief4x(EXIT_FAILURE_OF_SYSTEM, tmp, " and ", c->options.cdb, " are the same file");
    if (unlink(tmp) == -1)
      die(c, "remove ", tmp);
  }
  close(file);
}

/* Makes tmp, always as a new file, so that it has our owner and mode and no other name. False if another run was
 * faster; then it is worth another try. */
static bool made_tmp(struct compiler *c)
{
  char const *tmp = c->options.tmp;
  int file = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file == -1) {
    if (errno != EEXIST)
      die(c, "create ", tmp);
    remove_leftover(c);
    return false;
  }
  if (!lock(file, tmp)) {
    close(file);
    return false;
  }
  c->file = file;
  return true;
}

static void create_tmp(struct compiler *c)
{
  for (int tries = 0; tries < TRIES_MAX; tries++)
    if (made_tmp(c))
      return;
  strerr_dief3x(EXIT_FAILURE_OF_SYSTEM, "unable to create ", c->options.tmp, ": others keep making it");
}

/* --- Compiling ----------------------------------------------------------------------------------------- */

static void print_complaint(void *context, struct rulefile_complaint const *complaint)
{
  char line[24], excerpt[EXCERPT_MAX + 4];
  size_t len = complaint->found_len > EXCERPT_MAX ? EXCERPT_MAX : complaint->found_len;
  (void)context;
  snprintf(line, sizeof line, "%zu", complaint->line);
  for (size_t i = 0; i < len; i++) {
    excerpt[i] = complaint->found[i];
    if (excerpt[i] < ' ' || excerpt[i] > '~')
      excerpt[i] = '?';
  }
  memcpy(excerpt + len, "...", 4);
  if (len == complaint->found_len)
    excerpt[len] = '\0';
  strerr_warn(PROG, complaint->warning ? ": warning: line " : ": fatal: line ", line, ": '", excerpt, "' ",
              complaint->what, ": expected ", complaint->expected);
}

static void add(struct compiler *c, void const *key, size_t key_len, void const *data, size_t data_len)
{
  if (cdb_make_add(&c->make, key, (unsigned int)key_len, data, (unsigned int)data_len) == -1)
    die(c, "write ", c->options.tmp);
  c->position += CDB_RECORD_HEAD_SIZE + key_len + data_len;
}

static int add_record(void *context, struct rulefile_record const *record)
{
  struct compiler *c = context;
  uint32_t line = record->line < UINT32_MAX ? (uint32_t)record->line : UINT32_MAX;
  if (duplicates_note(&c->duplicates, record->key, record->key_len, (uint32_t)c->position, line) == -1)
    die(c, "remember the keys of ", "standard input");
  add(c, record->key, record->key_len, record->data, record->data_len);
  c->index.kinds = (uint8_t)(c->index.kinds | record->kind);
  if (record->family != ADDRESS_NONE)
    rules_index_add_network(&c->index, record->family, record->bits);
  return 0;
}

static void add_index(struct compiler *c)
{
  uint8_t index[RULES_INDEX_SIZE];
  rules_index_encode(index, &c->index);
  add(c, RULES_INDEX_KEY, sizeof RULES_INDEX_KEY - 1, index, sizeof index);
}

static void compile(struct compiler *c)
{
  static char bytes[65536];
  struct rulefile_sink const sink = {add_record, print_complaint, c};
  ssize_t n;

  if (cdb_make_start(&c->make, c->file) == -1)
    die(c, "write ", c->options.tmp);
  rulefile_start(&c->text, &sink, c->options.lenient);
  while ((n = fd_read(0, bytes, sizeof bytes)) > 0)
    rulefile_feed(&c->text, bytes, (size_t)n);
  if (n == -1)
    die(c, "read ", "standard input");
  rulefile_end(&c->text);
  add_index(c);
}

/* --- Duplicates ---------------------------------------------------------------------------------------- */

struct written {
  struct compiler *compiler;
  unsigned char const *bytes; /* the records, as tmp has them */
};

static struct rulefile_record record_at(struct written const *w, uint32_t position)
{
  unsigned char const *head = w->bytes + position;
  return (struct rulefile_record){.key = (char const *)head + CDB_RECORD_HEAD_SIZE,
                                  .key_len = cdb_unpack(head)};
}

static bool same_key(void *context, uint32_t one, uint32_t other)
{
  struct rulefile_record a = record_at(context, one), b = record_at(context, other);
  return a.key_len == b.key_len && memcmp(a.key, b.key, a.key_len) == 0;
}

static void complain_duplicate(void *context, struct noted_key const *key, uint32_t first_line)
{
  struct written *w = context;
  struct rulefile_record record = record_at(w, key->position);
  struct rulefile_complaint complaint = {.line = key->line,
                                         .problem = RULEFILE_DUPLICATE,
                                         .warning = w->compiler->options.lenient,
                                         .found = record.key,
                                         .found_len = record.key_len,
                                         .what = rulefile_what(RULEFILE_DUPLICATE)};
  snprintf(complaint.expected, sizeof complaint.expected, "each key once, and line %u has it", first_line);
  print_complaint(NULL, &complaint);
  if (!complaint.warning)
    w->compiler->duplicate_errors++;
}

/* Before the cdb is finished, because tinycdb takes quadratic time for many equal keys. */
static void find_duplicates(struct compiler *c)
{
  struct written w = {.compiler = c};
  void *bytes;
  /* Looking a key up makes tinycdb write out what it buffers, up to the index, which is the last. */
  if (cdb_make_exists(&c->make, RULES_INDEX_KEY, sizeof RULES_INDEX_KEY - 1) != 1)
    die(c, "write ", c->options.tmp);
#ifdef SYNC_FILE_RANGE_WRITE
  /* The disk may begin with the records while we compare keys and tinycdb makes its tables; fsync, later, waits
   * for the rest and reports errors. */
  sync_file_range(c->file, 4096, 0, SYNC_FILE_RANGE_WRITE);
#endif
  bytes = mmap(NULL, c->position, PROT_READ, MAP_SHARED, c->file, 0);
  if (bytes == MAP_FAILED)
    die(c, "map ", c->options.tmp);
  w.bytes = bytes;
  if (duplicates_report(&c->duplicates, same_key, complain_duplicate, &w) == -1)
    die(c, "compare the keys of ", "standard input");
  munmap(bytes, c->position);
  duplicates_free(&c->duplicates);
}

static void give_up_if_bad(struct compiler *c)
{
  char count[24];
  size_t errors = c->text.errors + c->duplicate_errors;
  if (errors == 0)
    return;
  discard_tmp(c);
  snprintf(count, sizeof count, "%zu", errors);
  strerr_dief(EXIT_BAD_RULES, count, errors == 1 ? " error: " : " errors: ", c->options.cdb,
              " is left as it was");
}

/* --- Publishing ---------------------------------------------------------------------------------------- */

/* After this the new name survives a crash. A file system that can't do it, or a folder that may be written
 * but not read, is no reason to fail. */
static void sync_folder_of(char const *path)
{
  char const *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
  int file = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (file == -1 || (fsync(file) == -1 && errno != EINVAL && errno != ENOTSUP))
    strerr_warnwu3sys("sync the folder of ", path, ", which is in place but may not survive a crash");
  if (file != -1)
    close(file);
  free(folder);
}

static void publish(struct compiler *c)
{
  if (cdb_make_finish(&c->make) == -1 || fsync(c->file) == -1)
    die(c, "write ", c->options.tmp);
  if (!is_named(c->file, c->options.tmp))
    strerr_dief3x(EXIT_FAILURE_OF_SYSTEM, "unable to move ", c->options.tmp,
                  ": it is not the file any more that was written");
  if (rename(c->options.tmp, c->options.cdb) == -1) {
    discard_tmp(c);
    strerr_diefu4sys(EXIT_FAILURE_OF_SYSTEM, "move ", c->options.tmp, " to ", c->options.cdb);
  }
  sync_folder_of(c->options.cdb);
}

/* Without a standard input there are no rules, which must not become a cdb that allows everybody; and no
 * message may land in a file that happens to be number 1 or 2. */
static void check_descriptors(void)
{
  if (fcntl(0, F_GETFD) == -1) {
    fd_ensure_open(0, 0);
    errno = EBADF;
    strerr_diefu1sys(EXIT_FAILURE_OF_SYSTEM, "read standard input");
  }
  fd_ensure_open(1, 1);
  fd_ensure_open(2, 1);
  signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error like any other */
}

int main(int argc, char const *const *argv)
{
  static struct compiler c = {.file = -1, .position = CDB_HEAD_SIZE};

  PROG = "tcprules";
  if (about_answered(argc, argv, PROG, help))
    return 0;
  c.options = options_from(argc, argv);
  check_descriptors();
  create_tmp(&c);
  compile(&c);
  find_duplicates(&c);
  give_up_if_bad(&c);
  publish(&c);
  return 0;
}
