/* service.c - see service.h. Every file is looked for by its name: only HELP and -n read directories. */
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executable.h"
#include "muxrequest.h"

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

enum service_finding service_find(struct service *s, int base, char const *name)
{
  struct stat st;

  s->name = name;
  s->kind = SERVICE_FILE;
  s->at = base;
  s->program = name;
  s->mode = 0;
  s->limit_fd = -1;
  s->rules.file = s->rules.copy = -1;
  memset(s->mark, 0, sizeof s->mark);
  if (service_is_reserved(name) || !muxrequest_is_service_name(name))
    return SERVICE_UNKNOWN;
  if (fstatat(base, name, &st, 0) == -1) {
    int why = errno;
    if (why == ENOENT && fstatat(base, name, &st, AT_SYMLINK_NOFOLLOW) == -1 && errno == ENOENT)
      return SERVICE_UNKNOWN;
    errno = why;
    return broken(s, "not found", name);
  }
  if (!S_ISDIR(st.st_mode)) {
    s->mode = st.st_mode;
    return SERVICE_FOUND;
  }
  s->kind = SERVICE_DIRECTORY;
  s->at = AT_FDCWD;
  s->program = "./run";
  if (enter(base, name) == -1)
    return broken(s, "can't be entered", name);
  return read_marks(s) == -1 ? SERVICE_BROKEN : SERVICE_FOUND;
}

int service_check_program(struct service *s)
{
  return executable_check(&s->problem, s->at, s->program, s->mode);
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
