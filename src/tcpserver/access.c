/* access.c - see access.h. */
#include "access.h"

#include <errno.h>
#include <string.h>

#include "report.h"

void access_init(struct access *a, char const *path, bool optional, struct report *report)
{
  *a = (struct access){.path = path, .optional = optional, .rules = RULES_ZERO, .report = report};
}

void access_batch(struct access *a)
{
  a->fresh = false;
}

static char const *problem(int error)
{
  return error == EPROTO ? "it is no sound cdb of rules" : strerror(error);
}

/* What tcprules noted of its rules; nothing is known of those that another program compiled. */
static bool needs_names(struct rules *r)
{
  return r->needs != 0 && cdb_find(&r->cdb, RULES_INDEX_KEY, sizeof RULES_INDEX_KEY - 1) == 1;
}

void access_open(struct access *a)
{
  rules_close(&a->rules);
  a->fresh = false;
  if (rules_refresh(&a->rules, a->path, RULES_SNAPSHOT) == -1) {
    if (errno != ENOENT || !a->optional)
      report_warning(a->report, "read ", a->path, problem(errno));
  } else if (needs_names(&a->rules))
    report_warning(a->report, "apply all rules of ", a->path,
                   "some are by host name or ident, which this version does not look up");
}

static enum outcome refuse(struct access *a, struct connection *c)
{
  report_dropped(a->report, "read ", a->path, problem(errno));
  c->refusal = REFUSAL_NORULES;
  return DENY;
}

enum outcome access_stage(void *access, struct connection *c)
{
  struct access *a = access;
  struct rules_query query = {.address = c->remote};

  if (!a->fresh) {
    a->absent = false;
    if (rules_refresh(&a->rules, a->path, RULES_SNAPSHOT) == -1) {
      if (errno != ENOENT || !a->optional)
        return refuse(a, c);
      a->absent = true;
    }
    a->fresh = true;
  }
  if (a->absent)
    return PASS;
  if (rules_lookup(&a->rules, &query, &a->verdict, NULL, NULL) == -1) {
    int error = errno;
    rules_close(&a->rules);
    errno = error;
    return refuse(a, c);
  }
  c->verdict = &a->verdict;
  if (a->verdict.decision != RULES_DENY)
    return PASS;
  c->refusal = REFUSAL_RULE;
  return DENY;
}
