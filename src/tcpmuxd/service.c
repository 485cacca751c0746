/* service.c - see service.h. Every file is looked for by its name: only HELP and -n read directories. */
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executable.h"
#include "loader.h"

char const *const service_mark_file[SERVICE_MARKS] = {
    [SERVICE_DOWN] = "down",   [SERVICE_HIDDEN] = "hidden",   [SERVICE_OWN_REPLY] = "own-reply",
    [SERVICE_LIMIT] = "limit", [SERVICE_RULES] = "rules.cdb",
};

bool service_is_reserved(char const *name)
{
  return strcmp(name, "help") == 0 || strcmp(name, "tcpmux") == 0;
}

static enum service_finding broken(struct service *s, char const *what, char const *file)
{
  problem_set(&s->problem, what, file, errno);
  return SERVICE_BROKEN;
}

static int enter(int base, char const *name)
{
  int fd = openat(base, name, O_PATH | O_DIRECTORY | O_CLOEXEC), result, saved;
  if (fd == -1)
    return -1;
  result = fchdir(fd);
  saved = errno;
  close(fd);
  errno = saved;
  return result;
}

static int read_marks(struct service *s)
{
  for (int i = 0; i < SERVICE_MARKS; i++) {
    struct stat st;
    s->mark[i] = fstatat(AT_FDCWD, service_mark_file[i], &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!s->mark[i] && errno != ENOENT)
      return problem_set(&s->problem, "can't be looked at", service_mark_file[i], errno);
  }
  return 0;
}

size_t service_name_len(char const *file)
{
  size_t len = strlen(file);
  return object_has_suffix(file) ? len - OBJECT_SUFFIX_LEN : len;
}

/* Is there nothing of that name, not even a link to nowhere? Else errno says what is wrong with it. */
static bool is_nothing(int at, char const *file)
{
  int why = errno;
  struct stat st;
  if (why == ENOENT && fstatat(at, file, &st, AT_SYMLINK_NOFOLLOW) == -1 && errno == ENOENT)
    return true;
  errno = why;
  return false;
}

/* The service is s->program, or else that object. */
static enum service_finding find_program(struct service *s, char const *object, struct stat *st)
{
  if (fstatat(s->at, s->program, st, 0) == 0)
    return SERVICE_FOUND;
  if (!is_nothing(s->at, s->program))
    return broken(s, "not found", s->program);
  if (fstatat(s->at, object, st, 0) == 0) {
    s->program = object;
    s->is_object = true;
    return SERVICE_FOUND;
  }
  return is_nothing(s->at, object) ? SERVICE_UNKNOWN : broken(s, "not found", object);
}

/* In the current directory. */
static enum service_finding find_in_directory(struct service *s)
{
  struct stat st;
  s->kind = SERVICE_DIRECTORY;
  s->at = AT_FDCWD;
  s->program = "./run";
  if (read_marks(s) == -1)
    return SERVICE_BROKEN;
  switch (find_program(s, "./run" OBJECT_SUFFIX, &st)) {
  case SERVICE_FOUND: s->mode = st.st_mode; break;
  case SERVICE_UNKNOWN: break; /* service_check_program() will say that there is no `run` */
  case SERVICE_BROKEN: return SERVICE_BROKEN;
  }
  return SERVICE_FOUND;
}

static void begin(struct service *s, int base, char const *name)
{
  s->name = s->program = name;
  s->kind = SERVICE_FILE;
  s->at = base;
  s->mode = 0;
  s->is_object = false;
  stpcpy(stpcpy(s->object, name), OBJECT_SUFFIX);
  s->limit_fd = -1;
  s->rules.file = s->rules.copy = -1;
  memset(s->mark, 0, sizeof s->mark);
}

enum service_finding service_find(struct service *s, int base, char const *name)
{
  struct stat st;
  enum service_finding finding;

  s->limit_fd = s->rules.file = s->rules.copy = -1;
  if (service_is_reserved(name) || !muxrequest_is_service_name(name) || object_has_suffix(name))
    return SERVICE_UNKNOWN;
  begin(s, base, name);
  finding = find_program(s, s->object, &st);
  if (finding != SERVICE_FOUND)
    return finding;
  if (s->is_object || !S_ISDIR(st.st_mode)) {
    s->mode = st.st_mode;
    return SERVICE_FOUND;
  }
  if (enter(base, name) == -1)
    return broken(s, "can't be entered", name);
  return find_in_directory(s);
}

int service_check_program(struct service *s)
{
  if (!s->is_object)
    return executable_check(&s->problem, s->at, s->program, s->mode);
  if (!S_ISREG(s->mode))
    return problem_set(&s->problem, "not a regular file", s->program, 0);
  if (faccessat(s->at, s->program, R_OK, AT_EACCESS) == -1)
    return problem_set(&s->problem, "can't be read", s->program, errno);
  return 0;
}

/* Only -n asks, which has nothing else to do in the current directory. */
int service_check_object(struct service *s)
{
  char path[sizeof "./" + sizeof s->object] = "./";
  if (!s->is_object)
    return 0;
  if (s->at != AT_FDCWD && fchdir(s->at) == -1)
    return problem_set(&s->problem, "can't be entered", ".", errno);
  stpcpy(path + strlen(path), s->at == AT_FDCWD ? s->program + strlen("./") : s->program);
  return loader_try(path) == 0 ? 0 : problem_set(&s->problem, "can't be loaded", s->program, errno);
}

int service_check_rules(struct service *s)
{
  if (!s->mark[SERVICE_RULES] || s->rules.file != -1)
    return 0;
  s->rules = (struct rules)RULES_ZERO;
  if (rules_open(&s->rules, service_mark_file[SERVICE_RULES], RULES_MAPPED) == 0)
    return 0;
  return problem_set(&s->problem, "rules can't be used", service_mark_file[SERVICE_RULES], errno);
}

enum service_judgement service_judge(struct service *s, struct peer const *peer)
{
  struct rules_query query = {.address = peer->address, .host = peer->host, .info = peer->info};
  s->verdict.edits_len = 0;
  if (!s->mark[SERVICE_RULES])
    return SERVICE_ALLOWED;
  if (service_check_rules(s) == -1)
    return SERVICE_BAD_RULES;
  if (peer->address.family == ADDRESS_NONE)
    return SERVICE_NO_ADDRESS;
  if (rules_lookup(&s->rules, &query, &s->verdict, NULL, NULL) == -1) {
    problem_set(&s->problem, "rules can't be used", service_mark_file[SERVICE_RULES], errno);
    return SERVICE_BAD_RULES;
  }
  return s->verdict.decision == RULES_DENY ? SERVICE_DENIED : SERVICE_ALLOWED;
}

int service_check_limit(struct service *s)
{
  if (!s->mark[SERVICE_LIMIT])
    return 0;
  s->limit_fd = limit_open(service_mark_file[SERVICE_LIMIT], &s->slots);
  if (s->limit_fd != -1)
    return 0;
  if (errno == EINVAL)
    return problem_set(&s->problem, "its first line must be a number from 1 to 65535",
                       service_mark_file[SERVICE_LIMIT], 0);
  return problem_set(&s->problem, "can't be locked", service_mark_file[SERVICE_LIMIT], errno);
}

/* Successive process numbers try successive slots first, so that a free one is usually found at once. */
enum limit_outcome service_take_slot(struct service *s)
{
  enum limit_outcome outcome = LIMIT_TAKEN;
  if (s->limit_fd != -1)
    outcome = limit_take(s->limit_fd, s->slots, (unsigned int)getpid());
  if (outcome == LIMIT_FAILED)
    problem_set(&s->problem, "can't be locked", service_mark_file[SERVICE_LIMIT], errno);
  return outcome;
}

void service_release(struct service *s)
{
  if (s->rules.file != -1)
    rules_close(&s->rules);
  if (s->limit_fd != -1)
    close(s->limit_fd);
  s->limit_fd = -1;
}
