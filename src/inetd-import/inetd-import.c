/* inetd-import - the way out of xinetd and inetd: reads their files, and writes a service directory for each service of
 * TCP that they have. What it can't carry over it says, line by line of the source. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>

#include "about.h"
#include "decimal.h"
#include "files.h"
#include "plan.h"
#include "run.h"
#include "service.h"

#define USAGE "inetd-import [-n] -o dir file..."
static char const help[] =
    USAGE "\n"
          "Writes into dir a service directory for each TCP service of the files, which are in the form of\n"
          "xinetd.conf or of inetd.conf. Exits 1 if something could not be carried over.\n"
          "  -n   write nothing, print what would be written\n"
          "  -o   the folder, which is made if it is not there; what is in it is never touched\n"
          "See inetd-import(1), from-xinetd(7).\n";

enum { EXIT_LOST = 1, EXIT_MISUSE = 100, EXIT_FAILURE_OF_SYSTEM = 111 };

struct options {
  bool dry;
  char const *folder;
  char const *const *files;
};

struct import {
  struct options options;
  struct config config;
  struct service defaults;
  struct service *services;
  size_t count;
  struct plan plan;
  struct values folders; /* of services, at the top */
  size_t lost;
};

static struct options options_from(int argc, char const *const *argv)
{
  struct options o = {.dry = false};
  subgetopt l = SUBGETOPT_ZERO;
  int option;
  while ((option = subgetopt_r(argc, argv, "no:", &l)) != -1)
    switch (option) {
    case 'n': o.dry = true; break;
    case 'o': o.folder = l.arg; break;
    default: strerr_dieusage(EXIT_MISUSE, USAGE);
    }
  if (!o.folder || !*o.folder || l.ind >= argc)
    strerr_dieusage(EXIT_MISUSE, USAGE);
  o.files = argv + l.ind;
  return o;
}

/* Far more than there are ports that anybody serves; it bounds what is done for each pair of them. */
#define SERVICES_MAX 4096

static void build_services(struct import *i)
{
  if (i->config.count > SERVICES_MAX)
    strerr_dief(EXIT_FAILURE_OF_SYSTEM, "more than 4096 entries");
  service_defaults(&i->defaults, &i->config);
  i->services = memory_more(NULL, i->config.count, sizeof *i->services);
  for (size_t k = 0; k < i->config.count; k++)
    if (i->config.entries[k].kind == ENTRY_SERVICE)
      service_build(&i->services[i->count++], &i->config.entries[k], &i->defaults);
}

static bool has_folder(struct import const *i, char const *name)
{
  for (size_t k = 0; k < i->folders.count; k++)
    if (strcmp(i->folders.list[k], name) == 0)
      return true;
  return false;
}

/* How many there are that begin so: those are hardly taken with that number behind them. */
static uint64_t folders_like(struct import const *i, char const *name, size_t len)
{
  uint64_t count = 0;
  for (size_t k = 0; k < i->folders.count; k++)
    count += strncmp(i->folders.list[k], name, len) == 0;
  return count;
}

/* A name for the folder of a service that no other has: its id, what is not plain in it replaced. */
static char const *folder_for(struct import *i, char const *id)
{
  enum { LONGEST = 100 };
  char name[LONGEST + 24];
  uint64_t same;
  size_t len = 0;
  for (; len < LONGEST && id[len]; len++) {
    name[len] = id[len];
    if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-", id[len]))
      name[len] = '_';
  }
  if (len == 0)
    name[len++] = '_';
  if (*name == '.' || *name == '-')
    *name = '_';
  name[len] = '\0';
  same = folders_like(i, name, len);
  while (has_folder(i, name)) {
    name[len] = '-';
    name[len + 1 + decimal_print(name + len + 1, ++same)] = '\0';
  }
  values_add(&i->folders, name, strlen(name));
  return i->folders.list[i->folders.count - 1];
}

/* True if it is one that another kind of program must go on serving. */
static bool is_not_ours(struct service *s)
{
  if (s->broken || service_is_tcp(s))
    return false;
  remark(&s->remarks, s->entry->place, s->off ? REMARK_NOTE : REMARK_LOST, "%s is not of TCP%s", s->id,
         s->off ? ", and switched off" : "");
  s->foreign = s->broken = true;
  return true;
}

/* xinetd wants each id once. inetd has none, and may listen at several addresses. */
static bool is_double(struct import *i, struct service *s)
{
  for (struct service *other = i->services; other < s; other++)
    if (!other->broken && s->entry->source == FROM_XINETD && strcmp(other->id, s->id) == 0) {
      remark(&s->remarks, s->entry->place, REMARK_LOST, "the id %s is taken, by %s:%zu", s->id,
             other->entry->place.file, other->entry->place.line);
      s->broken = true;
      return true;
    }
  return false;
}

static void plan_plain(struct import *i)
{
  for (size_t k = 0; k < i->count; k++) {
    struct service *s = &i->services[k];
    if (is_not_ours(s) || is_double(i, s) || s->broken)
      continue;
    if (s->kind == SERVICE_PLAIN || s->kind == SERVICE_WAITING)
      run_plan(&i->plan, s, folder_for(i, s->id));
  }
}

/* The one that is at the port; or, if there is none, one that is off, so that what it would have is there. */
static struct service *find_mux(struct import *i, struct service *stand_in, struct entry *entry)
{
  struct entry const *first = NULL;
  for (size_t k = 0; k < i->count; k++)
    if (i->services[k].kind == SERVICE_MUX && !i->services[k].broken)
      return &i->services[k];
  for (size_t k = 0; k < i->count && !first; k++)
    if (i->services[k].kind == SERVICE_MUXED && !i->services[k].broken)
      first = i->services[k].entry;
  if (!first)
    return NULL;
  *entry = (struct entry){.source = first->source, .name = memory_copy("tcpmux", 6), .place = first->place};
  values_add(&entry_add(entry, A_TYPE, OPERATION_SET, first->place)->values, "INTERNAL", strlen("INTERNAL"));
  service_build(stand_in, entry, &i->defaults);
  stand_in->off = true;
  remark(&stand_in->remarks, first->place, REMARK_LOST, "there is no service tcpmux: it is made, but down");
  return stand_in;
}

/* What a line of the defaults loses it loses for each service: once is enough. */
static bool was_said(char const *line)
{
  enum { REMEMBERED = 64 };
  static char *said[REMEMBERED];
  static size_t next;
  for (size_t k = 0; k < REMEMBERED; k++)
    if (said[k] && strcmp(said[k], line) == 0)
      return true;
  free(said[next]);
  said[next] = memory_copy(line, strlen(line));
  next = (next + 1) % REMEMBERED;
  return false;
}

static void say(struct import *i, struct remarks const *r)
{
  for (size_t k = 0; k < r->count; k++) {
    struct text line = TEXT_ZERO;
    remark_print(&line, &r->list[k]);
    if (!was_said(line.at))
      strerr_warn(PROG, r->list[k].kind == REMARK_LOST ? ": not carried over: " : ": ", line.at);
    text_free(&line);
  }
  i->lost += remarks_lost(r);
}

static void plan_mux(struct import *i)
{
  struct service stand_in, *mux, **muxed = memory_more(NULL, i->count, sizeof(void *));
  struct entry entry;
  size_t count = 0;
  mux = find_mux(i, &stand_in, &entry);
  for (size_t k = 0; k < i->count; k++)
    if (i->services[k].kind == SERVICE_MUXED && !i->services[k].broken)
      muxed[count++] = &i->services[k];
  if (mux) {
    run_plan_mux(&i->plan, mux, folder_for(i, "tcpmux"), muxed, count);
    if (mux == &stand_in)
      say(i, &stand_in.remarks);
  }
  free(muxed);
}

static bool runs_tcpd(struct service const *s)
{
  char const *server = service_value(s, A_SERVER), *slash = server ? strrchr(server, '/') : NULL;
  return slash && strcmp(slash, "/tcpd") == 0;
}

/* Rules of hosts_access(5), which xinetd heeds unless NOLIBWRAP is set, must not get lost in silence. */
static void look_for_wrappers(struct import *i)
{
  static char const *const files[] = {"/etc/hosts.allow", "/etc/hosts.deny"};
  bool heeded = false;
  for (size_t k = 0; k < i->count; k++) {
    struct service const *s = &i->services[k];
    heeded |= !s->broken && !s->off && s->entry->source == FROM_XINETD && !s->at[A_LIBWRAP] &&
              !runs_tcpd(s) && !service_has(s, A_FLAGS, "NOLIBWRAP");
  }
  for (size_t f = 0; heeded && f < sizeof files / sizeof *files; f++) {
    size_t len = 0;
    char *bytes = files_short(files[f], FILES_OCTETS_MAX, &len);
    bool rules = false;
    for (char *line = bytes; line && *line;) {
      line += strspn(line, " \t\r\n");
      rules |= *line && *line != '#';
      line += strcspn(line, "\n");
    }
    if (rules)
      remark(&i->config.remarks, (struct place){files[f], 0}, REMARK_LOST,
             "tcpserver does not heed these rules: see libwrap in from-xinetd(7)");
    free(bytes);
  }
}

static void say_all(struct import *i)
{
  say(i, &i->config.remarks);
  for (size_t k = 0; k < i->config.count; k++)
    if (i->config.entries[k].kind == ENTRY_DEFAULTS)
      say(i, &i->config.entries[k].remarks);
  say(i, &i->defaults.remarks);
  for (size_t k = 0; k < i->count; k++) {
    struct service *s = &i->services[k];
    if (s->broken && !s->foreign)
      remark(&s->remarks, s->entry->place, REMARK_LOST, "the service %s is left out", s->id);
    /* Nobody misses what was switched off. */
    if (s->broken && s->off)
      remarks_soften(&s->remarks);
    say(i, &s->remarks);
  }
}

int main(int argc, char const *const *argv)
{
  static struct import i;
  PROG = "inetd-import";
  if (about_answered(argc, argv, PROG, help))
    return 0;
  i.options = options_from(argc, argv);
  umask(022); /* services run as others, who read these files */
  for (char const *const *file = i.options.files; *file; file++)
    files_read(&i.config, *file);
  build_services(&i);
  plan_plain(&i);
  plan_mux(&i);
  look_for_wrappers(&i);
  say_all(&i);
  if (i.options.dry) {
    if (plan_print(&i.plan, i.options.folder) == -1)
      strerr_diefusys(EXIT_FAILURE_OF_SYSTEM, "write to standard output");
  } else {
    switch (plan_write(&i.plan, i.options.folder)) {
    case PLAN_WRITTEN: break;
    case PLAN_UNTOUCHED: strerr_dief(EXIT_FAILURE_OF_SYSTEM, "nothing was written");
    case PLAN_PARTLY: strerr_dief(EXIT_FAILURE_OF_SYSTEM, "only some services were written");
    }
  }
  return i.lost > 0 ? EXIT_LOST : 0;
}
