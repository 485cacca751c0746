/* access.c - see access.h. */
#include "access.h"

#include <errno.h>
#include <string.h>

#include "report.h"

void access_init(struct access *a, char const *path, bool optional, unsigned int pending,
                 struct report *report)
{
  *a = (struct access){
      .path = path, .optional = optional, .rules = RULES_ZERO, .pending = pending, .report = report};
}

void access_batch(struct access *a)
{
  /* Not written to for nothing: that would be a page to copy (loop.c). */
  if (a->fresh)
    a->fresh = false;
}

static char const *problem(int error)
{
  return error == EPROTO ? "it is no sound cdb of rules" : strerror(error);
}

/* True if some rule asks for facts that are never looked up, as tcprules noted; nothing is known of rules that
 * another program compiled. */
static bool needs_more(struct rules *r, unsigned int pending)
{
  return (r->needs & ~pending) != 0 && cdb_find(&r->cdb, RULES_INDEX_KEY, sizeof RULES_INDEX_KEY - 1) == 1;
}

void access_open(struct access *a)
{
  rules_close(&a->rules);
  a->fresh = false;
  if (rules_refresh(&a->rules, a->path, RULES_SNAPSHOT) == -1) {
    if (errno != ENOENT || !a->optional)
      report_warning(a->report, "read ", a->path, problem(errno));
  } else if (needs_more(&a->rules, a->pending))
    report_warning(a->report, "apply all rules of ", a->path,
                   a->rules.needs & ~a->pending & RULES_NEED_HOST
                       ? "some are by host name, which -H does not look up"
                       : "some are by ident, which -R does not look up");
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
  struct rules_query query = {.address = c->remote,
                              .host = c->host,
                              .info = c->info,
                              .pending = c->looked_up ? c->unavailable : a->pending};

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
  if (a->verdict.waits != 0 && !c->looked_up)
    return PASS;
  if (a->verdict.waits != 0) {
    /* Nor is its message meant for him. */
    c->verdict = NULL;
    c->refusal = REFUSAL_LOOKUP;
    return DENY;
  }
  if (a->verdict.decision != RULES_DENY)
    return PASS;
  c->refusal = REFUSAL_RULE;
  return DENY;
}
