/* inetd-import.c - whatever a file says: in the scripts that are made of it nothing of the file stands outside of
 * quotation marks but what has no meaning to a shell; rules that are made are rules; messages are printable; and no
 * path leaves its folder. */
/* A target is linked with the library alone. NOLINTBEGIN(bugprone-suspicious-include) */
#include "../../src/inetd-import/access.c"
#include "../../src/inetd-import/attributes.c"
#include "../../src/inetd-import/config.c"
#include "../../src/inetd-import/inetdconf.c"
#include "../../src/inetd-import/plan.c"
#include "../../src/inetd-import/program.c"
#include "../../src/inetd-import/remarks.c"
#include "../../src/inetd-import/service.c"
#include "../../src/inetd-import/text.c"
/* Names that these have, too. */
#define prefix    xinetd_prefix
#define is        xinetd_is
#define parser    xinetd_parser
#define take_word xinetd_take_word
#undef SHOWN
#include "../../src/inetd-import/xinetdconf.c"
#define is_number run_is_number
#define add_rules run_add_rules
#define make      run_make
#include "../../src/inetd-import/carry.c"
#include "../../src/inetd-import/run.c"
/* NOLINTEND(bugprone-suspicious-include) */

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

/* No file of the machine that fuzzes: a banner has this one line. */
char *files_short(char const *path, size_t max, size_t *len)
{
  must(*path == '/' && max > 10);
  *len = 6;
  return memory_copy("hello\n", 6);
}

/* What of a script is outside of apostrophes and comments; what is in double quotes is ours, but for words in them. */
static void check_script(char const *at)
{
  static char const known[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+,-= \n";
  bool begins = true;
  while (*at) {
    if (begins && *at == '#') {
      for (; *at && *at != '\n'; at++)
        must(*at >= ' ' && *at <= '~');
      continue;
    }
    begins = *at == '\n';
    if (*at == '\'') {
      at = strchr(at + 1, '\'');
      must(at != NULL);
      at++;
    } else if (strncmp(at, "\\'", 2) == 0 || strncmp(at, "\\\n", 2) == 0 || strncmp(at, ")\"", 2) == 0)
      at += 2;
    else if (strncmp(at, "2>&1", 4) == 0)
      at += 4;
    else if (strncmp(at, "\"$(command -v argv0)\"", 21) == 0)
      at += 21;
    else if (strncmp(at, "\"$(id -", 7) == 0)
      at += 7;
    else if (strncmp(at, "${", 2) == 0) {
      /* ${NAME+NAME="$NAME"} */
      size_t len = strspn(at + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
      char const *name = at + 2;
      must(len > 0 && (*name < '0' || *name > '9') && name[len] == '+');
      must(strncmp(name + len + 1, name, len) == 0 && strncmp(name + len + 1 + len, "=\"$", 3) == 0);
      must(strncmp(name + len + 1 + len + 3, name, len) == 0 && strncmp(name + 3 * len + 4, "\"}", 2) == 0);
      at = name + 3 * len + 6;
    } else {
      must(strchr(known, *at) != NULL);
      at++;
    }
  }
}

static int compiled(void *context, struct rulefile_record const *record)
{
  (void)context;
  (void)record;
  return 0;
}

static void complained(void *context, struct rulefile_complaint const *complaint)
{
  (void)context;
  (void)complaint;
  abort();
}

static void check_rules(char const *bytes, size_t len)
{
  static struct rulefile text;
  struct rulefile_sink const sink = {compiled, complained, NULL};
  /* A banner that every rule has may make them too long, but not this one. */
  rulefile_start(&text, &sink, false);
  must(rulefile_feed(&text, bytes, len) == 0 && rulefile_end(&text) == 0);
}

static void check_plan(struct plan const *p)
{
  for (size_t i = 0; i < p->count; i++) {
    struct planned const *one = &p->list[i];
    must(strncmp(one->path, "folder", 6) == 0 && !strstr(one->path, "/../") && !strstr(one->path, "//"));
    must(strlen(one->path) < 3 || strcmp(one->path + strlen(one->path) - 3, "/..") != 0);
    if (one->kind == PLANNED_FOLDER)
      continue;
    must(strlen(one->bytes) == one->len);
    if (one->kind == PLANNED_RULES)
      check_rules(one->bytes, one->len);
    else if (one->mode & 0111)
      check_script(one->bytes);
    /* Nothing is planned twice: O_EXCL would refuse it. */
    for (size_t k = 0; k < i; k++)
      must(strcmp(p->list[k].path, one->path) != 0);
  }
}

static void check_remarks(struct remarks const *r)
{
  for (size_t i = 0; i < r->count; i++) {
    struct text line = TEXT_ZERO;
    remark_print(&line, &r->list[i]);
    for (size_t k = 0; k < line.len; k++)
      must(line.at[k] >= ' ' && line.at[k] <= '~');
    text_free(&line);
  }
}

static void check(struct config *c)
{
  struct service d, *mux = NULL, *list = memory_more(NULL, c->count, sizeof *list);
  struct service **muxed = memory_more(NULL, c->count, sizeof(void *));
  size_t count = 0, muxed_count = 0;
  service_defaults(&d, c);
  for (size_t i = 0; i < c->count; i++)
    if (c->entries[i].kind == ENTRY_SERVICE)
      service_build(&list[count++], &c->entries[i], &d);
  for (size_t i = 0; i < count; i++) {
    struct plan p = {.count = 0};
    if (list[i].broken || !service_is_tcp(&list[i]))
      continue;
    if (list[i].kind == SERVICE_MUXED)
      muxed[muxed_count++] = &list[i];
    else if (list[i].kind == SERVICE_MUX)
      mux = &list[i];
    else {
      bool made = run_plan(&p, &list[i], "folder");
      must(made == (p.count > 0) && (made || remarks_lost(&list[i].remarks) > 0));
      check_plan(&p);
    }
    plan_free(&p);
  }
  if (mux) {
    struct plan p = {.count = 0};
    run_plan_mux(&p, mux, "folder", muxed, muxed_count);
    check_plan(&p);
    plan_free(&p);
  }
  check_remarks(&c->remarks);
  check_remarks(&d.remarks);
  for (size_t i = 0; i < count; i++) {
    check_remarks(&list[i].remarks);
    service_free(&list[i]);
  }
  service_free(&d);
  free(list);
  free(muxed);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  struct config c = {.count = 0};
  char *bytes = memory_copy((char const *)data, size);
  PROG = "fuzz";
  xinetdconf_parse(&c, "some\nfile", bytes, size);
  check(&c);
  config_free(&c);
  inetdconf_parse(&c, "file", bytes, size);
  check(&c);
  config_free(&c);
  (void)xinetdconf_likely(bytes, size);
  free(bytes);
  return 0;
}
