/* xinetdconf.c - see xinetdconf.h. */
#include "xinetdconf.h"

#include <stdlib.h>
#include <string.h>

#include "span.h"

#define SHOWN(s) (int)((s).len < 60 ? (s).len : 60), (s).at

enum state {
  OUTSIDE,
  AWAIT_OPENING, /* behind `service x` */
  INSIDE
};

struct parser {
  struct config *config;
  struct place place;
  enum state state;
  bool in_entry; /* else what is inside the braces belongs to nothing */
};

/* A line of ours: no blanks around it; empty if it is a comment. False if it can't be used. */
static bool next_line(struct parser *p, char const **at, char const *end, struct span *line)
{
  *line = span_take_line(at, end);
  p->place.line++;
  if (line->len > CONFIG_LINE_MAX || memchr(line->at, '\0', line->len))
    return false;
  while (line->len > 0 && span_is_blank(line->at[line->len - 1]))
    line->len--;
  while (line->len > 0 && span_is_blank(*line->at)) {
    line->at++;
    line->len--;
  }
  if (line->len > 0 && *line->at == '#')
    line->len = 0;
  return true;
}

static bool is(struct span s, char const *word)
{
  return s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

static struct entry *current(struct parser const *p)
{
  return p->in_entry ? &p->config->entries[p->config->count - 1] : NULL;
}

/* About the entry that is open, or about none. */
static struct remarks *remarks_of(struct parser const *p)
{
  struct entry *e = current(p);
  return e ? &e->remarks : &p->config->remarks;
}

static void spoil(struct parser const *p)
{
  struct entry *e = current(p);
  if (e)
    e->broken = true;
}

/* --- Between entries ---------------------------------------------------------------------------------------- */

static void include(struct parser *p, bool folder, struct span path)
{
  struct config *c = p->config;
  c->inclusions = memory_more(c->inclusions, c->inclusions_count + 1, sizeof *c->inclusions);
  c->inclusions[c->inclusions_count++] =
      (struct inclusion){.place = p->place, .folder = folder, .path = memory_copy(path.at, path.len)};
}

static void open_entry(struct parser *p, struct span keyword, struct span name, struct span more)
{
  struct config *c = p->config;
  bool defaults = is(keyword, "defaults");
  bool sound = defaults ? name.len == 0 : name.len > 0 && more.len == 0;
  p->state = AWAIT_OPENING;
  p->in_entry = true;
  config_add(c, defaults ? ENTRY_DEFAULTS : ENTRY_SERVICE, FROM_XINETD, name.at, name.len, p->place);
  if (sound)
    return;
  spoil(p);
  if (!defaults && name.len == 0)
    remark(remarks_of(p), p->place, REMARK_LOST, "service needs a name");
  else
    remark(remarks_of(p), p->place, REMARK_LOST,
           "what is '%.*s' behind %.*s? '{' stands on a line of its own", SHOWN(defaults ? name : more),
           SHOWN(keyword));
  /* Opened here it ends where it would. */
  if (is(defaults ? name : more, "{"))
    p->state = INSIDE;
}

static void outside(struct parser *p, struct span line)
{
  char const *at = line.at, *end = line.at + line.len;
  struct span keyword = span_take_word(&at, end), name = span_take_word(&at, end);
  struct span more = span_take_word(&at, end);
  p->in_entry = false;
  if (is(keyword, "service") || is(keyword, "defaults")) {
    open_entry(p, keyword, name, more);
    return;
  }
  if (is(keyword, "include") || is(keyword, "includedir")) {
    if (name.len == 0 || more.len > 0)
      remark(&p->config->remarks, p->place, REMARK_LOST, "%.*s takes one name", SHOWN(keyword));
    else
      include(p, is(keyword, "includedir"), name);
    return;
  }
  remark(&p->config->remarks, p->place, REMARK_LOST,
         "expected service, defaults, include or includedir, not '%.*s'", SHOWN(keyword));
  /* The rest of an entry that lacks its head belongs to nobody. */
  if (is(keyword, "{") || (line.len > 0 && line.at[line.len - 1] == '{'))
    p->state = INSIDE;
}

static void await_opening(struct parser *p, struct span line)
{
  if (is(line, "{")) {
    p->state = INSIDE;
    return;
  }
  spoil(p);
  remark(remarks_of(p), p->place, REMARK_LOST, "expected '{' alone, not '%.*s'", SHOWN(line));
  p->state = line.at[line.len - 1] == '{' ? INSIDE : OUTSIDE;
}

/* --- Attributes --------------------------------------------------------------------------------------------- */

static bool take_operation(char const **at, char const *end, enum operation *operation)
{
  static struct {
    char text[3];
    enum operation operation;
  } const known[] = {{"=", OPERATION_SET}, {"+=", OPERATION_ADD}, {"-=", OPERATION_TAKE}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    size_t len = strlen(known[i].text);
    if ((size_t)(end - *at) >= len && memcmp(*at, known[i].text, len) == 0) {
      *at += len;
      *operation = known[i].operation;
      return true;
    }
  }
  return false;
}

static void check_attribute(struct parser *p, struct setting const *s)
{
  struct attribute_row const *row = &attributes[s->attribute];
  struct entry *e = current(p);
  bool fits = row->values == VALUES_ANY || (row->values == VALUES_SOME && s->values.count > 0) ||
              (row->values >= 0 && s->values.count == (size_t)row->values);
  if (!(row->scope & (e->kind == ENTRY_DEFAULTS ? IN_DEFAULTS : IN_SERVICE)))
    remark(&e->remarks, s->place, REMARK_LOST, "%s: not %s", row->name,
           e->kind == ENTRY_DEFAULTS ? "among defaults" : "in a service");
  else if (!row->is_set && s->operation != OPERATION_SET) {
    e->broken = true;
    remark(&e->remarks, s->place, REMARK_LOST, "%s: it takes '=' only", row->name);
  } else if (s->attribute == A_ENV && s->operation == OPERATION_TAKE) {
    e->broken = true;
    remark(&e->remarks, s->place, REMARK_LOST, "env: '-=' is not for it");
  } else if (!fits && row->values == VALUES_SOME) {
    /* Like hours without any: xinetd, too, does not serve then. */
    e->broken = true;
    remark(&e->remarks, s->place, REMARK_LOST, "%s: it takes at least one value", row->name);
  } else if (!fits)
    remark(&e->remarks, s->place, REMARK_LOST, "%s: it takes %d values, not %zu", row->name, row->values,
           s->values.count);
  else
    return;
  values_free(&e->settings[--e->count].values);
}

static void take_attribute(struct parser *p, struct span line)
{
  struct entry *e = current(p);
  char const *at = line.at, *end = line.at + line.len;
  char name[32];
  struct span word = {at, 0}, value;
  enum operation operation;
  enum attribute attribute;
  struct setting *setting;
  while (at < end && (*at == '_' || (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') ||
                      (*at >= 'A' && *at <= 'Z')))
    at++;
  word.len = (size_t)(at - word.at);
  while (at < end && span_is_blank(*at))
    at++;
  /* xinetd wants a blank before the operator, and drops the entry that lacks it. */
  if (word.len == 0 || at == word.at + word.len || !take_operation(&at, end, &operation)) {
    e->broken = true;
    remark(&e->remarks, p->place, REMARK_LOST,
           "expected an attribute, a blank, and '=', '+=' or '-=', not '%.*s'", SHOWN(line));
    return;
  }
  attribute = span_copy(name, sizeof name, word) ? attribute_named(name) : ATTRIBUTES;
  if (attribute == ATTRIBUTES) {
    remark(&e->remarks, p->place, REMARK_LOST, "unknown attribute %.*s", SHOWN(word));
    return;
  }
  setting = entry_add(e, attribute, operation, p->place);
  while ((value = span_take_word(&at, end)).len > 0)
    values_add(&setting->values, value.at, value.len);
  check_attribute(p, setting);
}

static void inside(struct parser *p, struct span line)
{
  if (is(line, "}")) {
    p->state = OUTSIDE;
    p->in_entry = false;
  } else if (p->in_entry)
    take_attribute(p, line);
}

/* --- The file ----------------------------------------------------------------------------------------------- */

void xinetdconf_parse(struct config *c, char const *file, char const *bytes, size_t len)
{
  struct parser p = {.config = c, .place = {file, 0}};
  char const *at = bytes, *end = bytes + len;
  while (at < end) {
    struct span line;
    if (!next_line(&p, &at, end, &line)) {
      spoil(&p);
      remark(remarks_of(&p), p.place, REMARK_LOST, "a line of more than %d octets, or with a NUL",
             CONFIG_LINE_MAX);
    } else if (line.len > 0)
      switch (p.state) {
      case OUTSIDE: outside(&p, line); break;
      case AWAIT_OPENING: await_opening(&p, line); break;
      case INSIDE: inside(&p, line); break;
      }
  }
  if (p.state != OUTSIDE) {
    spoil(&p);
    remark(remarks_of(&p), p.place, REMARK_LOST, "the file ends inside an entry");
  }
}

bool xinetdconf_likely(char const *bytes, size_t len)
{
  static char const *const keyword[] = {"service", "defaults", "include", "includedir"};
  char const *at = bytes, *end = bytes + len;
  while (at < end) {
    struct span line = span_take_line(&at, end), word[3];
    char const *in = line.at, *line_end = line.at + line.len;
    for (size_t i = 0; i < 3; i++)
      word[i] = span_take_word(&in, line_end);
    if (word[0].len == 0 || *word[0].at == '#')
      continue;
    for (size_t i = 0; i < sizeof keyword / sizeof *keyword; i++)
      if (is(word[0], keyword[i]) && (word[2].len == 0 || is(word[2], "{")))
        return true;
    return is(word[0], "{") || is(word[0], "}");
  }
  return false;
}
