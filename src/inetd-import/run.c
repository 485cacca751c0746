/* run.c - see run.h. The parts come from carry.c and program.c; here they are put into the order that holds for all. */
#include "run.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "carry.h"
#include "program.h"

/* How many may run where xinetd has no limit: tcpserver wants one. */
#define CONCURRENCY_UNLIMITED 10000

#define MUXED_NAME_MAX 63

void making_free(struct making *m)
{
  struct text *all[] = {&m->setup, &m->outer, &m->outer_limits, &m->options,
                        &m->edits, &m->die,   &m->log,          NULL};
  for (struct text **one = all; *one; one++)
    text_free(*one);
  for (size_t i = 0; i < SLOTS; i++)
    text_free(&m->slot[i]);
  access_free(&m->access);
  values_free(&m->environment);
}

static void make(struct making *m, struct service *s)
{
  *m = (struct making){.service = s};
  carry_all(m);
  access_settle(&m->access);
  program_make(m);
}

/* --- run --------------------------------------------------------------------------------------------------------- */

static void add_head(struct text *run, struct making const *m)
{
  struct service const *s = m->service;
  text_add(run, "#!/bin/sh\n# The service ");
  text_add_clean(run, s->id, 100);
  text_add(run, " of ");
  text_add_clean(run, s->entry->place.file, 300);
  text_addf(run, ":%zu, made by inetd-import.\n", s->entry->place.line);
  for (size_t i = 0; i < s->remarks.count; i++) {
    text_add(run, s->remarks.list[i].kind == REMARK_LOST ? "# Not carried over: " : "# ");
    remark_print(run, &s->remarks.list[i]);
    text_add(run, "\n");
  }
}

/* One program with its words to a line, each but the last going on. */
static void add_part(struct text *run, char const *separator, struct text const *words)
{
  if (words->len == 0)
    return;
  text_add(run, separator);
  text_add(run, words->at + 1);
}

static void add_slots(struct text *run, struct making const *m, char const *separator)
{
  for (enum slot i = 0; i < SLOTS; i++) {
    add_part(run, separator, &m->slot[i]);
    if (m->slot[i].len > 0)
      separator = " \\\n  ";
  }
  text_add(run, "\n");
}

/* What runs with all rights, if there is any; returns what stands before the next part. */
static char const *add_outer(struct text *run, struct making const *m)
{
  char const *separator = "exec ";
  struct text const *const parts[] = {&m->outer_limits, &m->outer, NULL};
  for (struct text const *const *part = parts; *part; part++) {
    add_part(run, separator, *part);
    if ((*part)->len > 0)
      separator = " \\\n  ";
  }
  return separator;
}

static void add_verbosity(struct text *out, struct making const *m)
{
  text_add(out, m->details ? " -V" : m->verbose ? " -v" : "");
}

static void add_tcpserver(struct text *out, struct making const *m, char const *port, bool rules)
{
  text_add(out, " tcpserver");
  add_verbosity(out, m);
  /* A name that lets somebody in has to be confirmed by the address. */
  text_add(out, !m->access.names ? " -H" : m->access.names_allowed ? " -p" : "");
  text_add(out, m->ident ? "" : " -R");
  text_add(out, " -l 0");
  if (!m->service->at[A_INSTANCES] || strcmp(service_value(m->service, A_INSTANCES), "UNLIMITED") == 0)
    text_addf(out, " -c %d", CONCURRENCY_UNLIMITED);
  text_add(out, text_string(&m->options));
  account_options(out, &m->account);
  text_add(out, rules ? " -x rules.cdb" : "");
  text_add_word(out, m->host ? m->host : "0");
  text_add_word(out, port);
}

static void add_run(struct text *run, struct making *m, char const *port, bool rules)
{
  struct text listen = TEXT_ZERO;
  char const *separator;
  add_head(run, m);
  text_add(run, "exec 2>&1\n");
  text_add(run, text_string(&m->setup));
  separator = add_outer(run, m);
  if (m->service->kind == SERVICE_WAITING) {
    text_add(&listen, " tcpbind");
    text_add(&listen, service_has(m->service, A_FLAGS, "IPv4") ? " -4" : "");
    text_add_word(&listen, m->host ? m->host : "0");
    text_add_word(&listen, port);
    account_chain(&m->slot[SLOT_ACCOUNT], &m->account);
  } else
    add_tcpserver(&listen, m, port, rules);
  add_part(run, separator, &listen);
  add_slots(run, m, " \\\n  ");
  text_free(&listen);
}

/* --- The other files -------------------------------------------------------------------------------------------- */

/* True if there are any: none allow everybody, and change nothing. */
static bool add_rules(struct text *rules, struct making const *m)
{
  bool edits = m->edits.len + m->die.len > 0;
  for (size_t i = 0; i < m->access.count; i++)
    text_addf(rules, "%s:%s%s%s\n", m->access.keys[i], m->access.deny[i] ? "deny" : "allow",
              m->access.deny[i] ? "" : text_string(&m->edits), text_string(&m->die));
  if (m->closed)
    text_addf(rules, ":deny%s\n", text_string(&m->die));
  else if (edits)
    text_addf(rules, ":allow%s%s\n", text_string(&m->edits), text_string(&m->die));
  return rules->len > 0;
}

/* The files that envdir reads: the first line is the value, and an empty file would unset it. */
static void plan_environment(struct plan *p, struct making const *m, char const *folder)
{
  struct values const *v = &m->environment;
  struct text env = TEXT_ZERO;
  if (v->count == 0)
    return;
  text_addf(&env, "%s/env", folder);
  plan_folder(p, env.at);
  for (size_t i = 0; i < v->count; i++) {
    size_t len = strcspn(v->list[i], "=");
    struct text name = TEXT_ZERO, value = TEXT_ZERO;
    bool again = false;
    text_add_bytes(&name, v->list[i], len);
    text_addf(&value, "%s\n", v->list[i] + len + 1);
    /* The last one counts. */
    for (size_t k = i + 1; k < v->count; k++)
      again |= strncmp(v->list[k], v->list[i], len + 1) == 0;
    if (!again)
      plan_file(p, env.at, name.at, 0644, &value);
    text_free(&name);
    text_free(&value);
  }
  text_free(&env);
}

static void plan_log(struct plan *p, struct making const *m, char const *folder)
{
  struct text log = TEXT_ZERO, run = TEXT_ZERO;
  text_addf(&log, "%s/log", folder);
  plan_folder(p, log.at);
  text_add(&run, "#!/bin/sh\n");
  text_add(&run, m->log.len > 0 ? m->log.at : "exec multilog t ./main\n");
  plan_file(p, log.at, "run", 0755, &run);
  text_free(&run);
  text_free(&log);
}

static void plan_empty(struct plan *p, char const *folder, char const *name)
{
  struct text nothing = TEXT_ZERO;
  plan_file(p, folder, name, 0644, &nothing);
}

static void plan_service(struct plan *p, struct making *m, char const *folder, char const *port)
{
  struct text run = TEXT_ZERO, rules = TEXT_ZERO;
  bool ruled = add_rules(&rules, m);
  plan_folder(p, folder);
  add_run(&run, m, port, ruled);
  plan_file(p, folder, "run", 0755, &run);
  if (ruled)
    plan_rules(p, folder, &rules);
  plan_environment(p, m, folder);
  if (m->service->off || m->service->withheld)
    plan_empty(p, folder, "down");
  plan_log(p, m, folder);
  text_free(&run);
  text_free(&rules);
}

bool run_plan(struct plan *p, struct service *s, char const *folder)
{
  struct making m;
  char const *port;
  make(&m, s);
  port = program_port(&m);
  if (!s->broken)
    plan_service(p, &m, folder, port);
  making_free(&m);
  return !s->broken;
}

/* --- TCPMUX ------------------------------------------------------------------------------------------------------ */

/* tcpmux-services(5): small letters, and two names are reserved. */
static bool muxed_name(struct service *s, char out[MUXED_NAME_MAX + 1])
{
  static char const capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                    small[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_+";
  char const *name = s->entry->name;
  size_t len = strlen(name);
  bool sound = len > 0 && len <= MUXED_NAME_MAX && *name != '.';
  for (size_t i = 0; sound && i <= len; i++) {
    char const *capital = name[i] ? strchr(capitals, name[i]) : NULL;
    out[i] = name[i];
    if (capital)
      out[i] = small[capital - capitals];
    sound = i == len || strchr(small, out[i]);
  }
  if (sound && strcmp(out, "help") != 0 && strcmp(out, "tcpmux") != 0)
    return true;
  s->broken = true;
  remark(&s->remarks, s->entry->place, REMARK_LOST, "tcpmuxd can't have a service of the name %s", name);
  return false;
}

static void plan_muxed(struct plan *p, struct making *m, char const *folder, struct account const *common)
{
  struct text run = TEXT_ZERO, rules = TEXT_ZERO, limit = TEXT_ZERO;
  add_head(&run, m);
  text_add(&run, text_string(&m->setup));
  if (!common)
    account_chain(&m->slot[SLOT_ACCOUNT], &m->account);
  add_slots(&run, m, add_outer(&run, m));
  plan_folder(p, folder);
  plan_file(p, folder, "run", 0755, &run);
  if (add_rules(&rules, m))
    plan_rules(p, folder, &rules);
  plan_environment(p, m, folder);
  if (m->limit > 0) {
    text_addf(&limit, "%u\n", m->limit);
    plan_file(p, folder, "limit", 0644, &limit);
    plan_owner(p, common ? common->user : NULL);
  }
  if (m->service->own_reply)
    plan_empty(p, folder, "own-reply");
  if (m->service->off || m->service->withheld)
    plan_empty(p, folder, "down");
  text_free(&run);
  text_free(&rules);
  text_free(&limit);
}

/* If all that run run as one user, tcpmuxd may be that user, too. */
static struct account const *common_account(struct making const *list, size_t count)
{
  struct account const *common = NULL;
  for (size_t i = 0; i < count; i++) {
    if (list[i].service->broken)
      continue;
    if (common && !account_equal(common, &list[i].account))
      return NULL;
    common = &list[i].account;
  }
  return common;
}

/* What it takes tcpserver to know for them, and to say. */
static void take_wishes(struct making *mux, struct making const *list, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    if (list[i].service->broken)
      continue;
    mux->verbose |= list[i].verbose;
    mux->details |= list[i].details;
    mux->ident |= list[i].ident;
    mux->access.names |= list[i].access.names;
    mux->access.names_allowed |= list[i].access.names_allowed;
  }
}

/* False for a second one of that name. */
static bool is_first(struct making const *list, size_t i)
{
  struct service *s = list[i].service;
  for (size_t k = 0; k < i; k++)
    if (!list[k].service->broken && strcasecmp(list[k].service->entry->name, s->entry->name) == 0) {
      s->broken = true;
      remark(&s->remarks, s->entry->place, REMARK_LOST, "there is a service %s at tcpmux already",
             s->entry->name);
      return false;
    }
  return true;
}

static void add_tcpmuxd(struct making *m)
{
  struct text *words = &m->slot[SLOT_PROGRAM];
  text_add(words, " tcpmuxd");
  text_add(words, m->verbose || m->details ? " -v" : "");
  /* inetd's clients may end the name with LF alone. */
  text_add(words, m->service->entry->source == FROM_INETD ? " -L" : "");
  text_add(words, " ./services");
}

bool run_plan_mux(struct plan *p, struct service *mux, char const *folder, struct service **list,
                  size_t count)
{
  struct making m, *each = memory_more(NULL, count, sizeof *each);
  struct account const *common;
  struct text services = TEXT_ZERO, inner = TEXT_ZERO;
  char name[MUXED_NAME_MAX + 1];
  char const *port;
  make(&m, mux);
  port = program_port(&m);
  for (size_t i = 0; i < count; i++) {
    make(&each[i], list[i]);
    if (!list[i]->broken && muxed_name(list[i], name))
      is_first(each, i);
  }
  common = common_account(each, count);
  take_wishes(&m, each, count);
  m.account = common ? *common : (struct account){.user = NULL};
  add_tcpmuxd(&m);
  if (!mux->broken) {
    plan_service(p, &m, folder, port);
    text_addf(&services, "%s/services", folder);
    plan_folder(p, services.at);
  }
  for (size_t i = 0; i < count; i++) {
    if (mux->broken)
      remark(&list[i]->remarks, list[i]->entry->place, REMARK_LOST, "tcpmux itself is not there");
    else if (!list[i]->broken && muxed_name(list[i], name)) {
      inner.len = 0;
      text_addf(&inner, "%s/%s", services.at, name);
      plan_muxed(p, &each[i], inner.at, common);
    }
    making_free(&each[i]);
  }
  making_free(&m);
  text_free(&services);
  text_free(&inner);
  free(each);
  return !mux->broken;
}
