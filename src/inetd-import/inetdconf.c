/* inetdconf.c - see inetdconf.h. */
#include "inetdconf.h"

#include <stdlib.h>
#include <string.h>

#include "decimal.h"
#include "span.h"

#define SHOWN(s) (int)((s).len < 60 ? (s).len : 60), (s).at

/* Before the arguments. */
enum field { NAME, SOCKET, PROTOCOL, WAIT, USER, PROGRAM, FIELDS };

struct line {
  struct place place;
  struct values words;
};

struct parser {
  struct config *config;
  struct place place;
  char *addresses; /* what a line with nothing but "address:" said; null: every local address */
};

static bool is_space(char octet)
{
  return octet == ' ' || octet == '\t' || octet == '\r';
}

/* A word, which may begin with a quotation mark and then ends at the next. */
static bool take_word(char const **at, char const *end, struct span *word)
{
  while (*at < end && is_space(**at))
    (*at)++;
  if (*at == end)
    return false;
  if (**at == '"' || **at == '\'') {
    char const *close = memchr(*at + 1, **at, (size_t)(end - *at - 1));
    if (close && (close + 1 == end || is_space(close[1]))) {
      *word = (struct span){*at + 1, (size_t)(close - *at - 1)};
      *at = close + 1;
      return true;
    }
  }
  word->at = *at;
  while (*at < end && !is_space(**at))
    (*at)++;
  word->len = (size_t)(*at - word->at);
  return true;
}

static void take_words(struct values *words, struct span line)
{
  char const *at = line.at, *end = line.at + line.len;
  struct span word;
  while (take_word(&at, end, &word))
    values_add(words, word.at, word.len);
}

/* --- An entry from a line ----------------------------------------------------------------------------------- */

static void set(struct entry *e, enum attribute attribute, char const *bytes, size_t len)
{
  values_add(&entry_add(e, attribute, OPERATION_SET, e->place)->values, bytes, len);
}

static void set_word(struct entry *e, enum attribute attribute, char const *word)
{
  set(e, attribute, word, strlen(word));
}

static void lose(struct entry *e, char const *what, char const *word)
{
  e->broken = true;
  remark(&e->remarks, e->place, REMARK_LOST, "%s '%.60s'", what, word);
}

static bool prefix(char const *text, char const *start)
{
  return strncmp(text, start, strlen(start)) == 0;
}

/* tcp, tcp4, tcp6, tcp46 and what may follow a comma. Others are left to the judge of xinetd's words. */
static void set_protocol(struct entry *e, struct setting *flags, char const *text)
{
  static struct {
    char const *name, *flag;
    bool only6;
  } const known[] = {{"tcp", NULL, false},
                     {"tcp4", "IPv4", false},
                     {"tcp46", "IPv6", false},
                     {"tcp6", "IPv6", true},
                     {"tcp6only", "IPv6", true}};
  size_t len = strcspn(text, ",");
  if (text[len])
    remark(&e->remarks, e->place, REMARK_LOST, "the sizes of buffers in '%.60s'", text);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strlen(known[i].name) == len && memcmp(known[i].name, text, len) == 0) {
      if (known[i].flag)
        values_add(&flags->values, known[i].flag, strlen(known[i].flag));
      set_word(e, A_PROTOCOL, "tcp");
      if (known[i].only6)
        set_word(e, A_V6ONLY, "yes");
      return;
    }
  set(e, A_PROTOCOL, text, len);
}

/* [no]wait, then .max or :max, how often in a minute; or FreeBSD's /children[/per minute and address[/per address]]. */
static void set_wait(struct entry *e, char const *text)
{
  static enum attribute const slashed[] = {A_INSTANCES, A_PER_SOURCE_MINUTE, A_PER_SOURCE};
  size_t len = strcspn(text, ".:/");
  char const *more = text + len;
  unsigned int number;
  if (len == 4 && prefix(text, "wait"))
    set_word(e, A_WAIT, "yes");
  else if (len == 6 && prefix(text, "nowait"))
    set_word(e, A_WAIT, "no");
  else {
    lose(e, "expected wait or nowait, not", text);
    return;
  }
  if (*more == '.' || *more == ':') {
    if (decimal_parse(&number, more + 1, 1, 1000000000))
      set_word(e, A_PER_MINUTE, more + 1);
    else
      lose(e, "expected a number behind wait or nowait, not", more + 1);
    return;
  }
  for (size_t i = 0; *more == '/'; i++) {
    char digits[DECIMAL_SIZE] = "";
    struct span part = {more + 1, strcspn(more + 1, "/")};
    more = part.at + part.len;
    if (i == sizeof slashed / sizeof *slashed || !span_copy(digits, sizeof digits, part) ||
        !decimal_parse(&number, digits, 0, 1000000000)) {
      lose(e, "expected up to three numbers behind wait or nowait, not", text + len);
      return;
    }
    /* 0 is no limit. */
    if (number > 0)
      set_word(e, slashed[i], digits);
  }
}

static bool is_internal(struct values const *words)
{
  return strcmp(words->list[PROGRAM], "internal") == 0;
}

/* user, user:group, user.group, and FreeBSD's /class behind them. */
static void set_user(struct entry *e, char const *text)
{
  size_t len = strcspn(text, "/"), user = 0;
  if (text[len])
    remark(&e->remarks, e->place, REMARK_LOST, "the login class of '%.60s'", text);
  while (user < len && text[user] != ':')
    user++;
  if (user == len)
    for (user = 0; user < len && text[user] != '.';)
      user++;
  if (user == 0 || user + 1 == len) {
    lose(e, "expected a user, and perhaps a group, not", text);
    return;
  }
  set(e, A_USER, text, user);
  if (user < len)
    set(e, A_GROUP, text + user + 1, len - user - 1);
  /* inetd always takes the user's groups. */
  set_word(e, A_GROUPS, "yes");
}

static void set_program(struct entry *e, struct setting *flags, struct values const *words)
{
  struct setting *arguments;
  if (is_internal(words))
    return;
  values_add(&flags->values, "NAMEINARGS", strlen("NAMEINARGS"));
  set_word(e, A_SERVER, words->list[PROGRAM]);
  arguments = entry_add(e, A_SERVER_ARGS, OPERATION_SET, e->place);
  for (size_t i = FIELDS; i < words->count; i++)
    values_add(&arguments->values, words->list[i], strlen(words->list[i]));
  /* Some inetds take it for granted. */
  if (words->count == FIELDS)
    values_add(&arguments->values, words->list[PROGRAM], strlen(words->list[PROGRAM]));
}

/* tcpmux/name: the service replies itself; tcpmux/+name: the multiplexer does. */
static void set_type(struct entry *e, char const *name, bool internal)
{
  struct values *types = &entry_add(e, A_TYPE, OPERATION_SET, e->place)->values;
  values_add(types, "UNLISTED", strlen("UNLISTED"));
  if (prefix(name, "tcpmux/+"))
    values_add(types, "TCPMUXPLUS", strlen("TCPMUXPLUS"));
  else if (prefix(name, "tcpmux/"))
    values_add(types, "TCPMUX", strlen("TCPMUX"));
  if (internal)
    values_add(types, "INTERNAL", strlen("INTERNAL"));
  if (!prefix(name, "tcpmux/"))
    set_word(e, A_PORT, name);
}

static char const *own_name(char const *name)
{
  if (!prefix(name, "tcpmux/"))
    return name;
  name += strlen("tcpmux/");
  return *name == '+' ? name + 1 : name;
}

static void add_entry(struct parser *p, struct line const *l, char const *name, struct span address)
{
  char const *own = own_name(name);
  struct entry *e = config_add(p->config, ENTRY_SERVICE, FROM_INETD, own, strlen(own), l->place);
  struct setting flags = {.attribute = A_FLAGS}, *kept;
  bool any = address.len == 0 || (address.len == 1 && *address.at == '*');
  if (l->words.count < FIELDS) {
    e->broken = true;
    remark(&e->remarks, e->place, REMARK_LOST, "%zu fields, and a service has six or more", l->words.count);
    return;
  }
  set_type(e, name, is_internal(&l->words));
  set_word(e, A_SOCKET_TYPE, l->words.list[SOCKET]);
  set_protocol(e, &flags, l->words.list[PROTOCOL]);
  set_wait(e, l->words.list[WAIT]);
  set_user(e, l->words.list[USER]);
  set_program(e, &flags, &l->words);
  if (!any) {
    struct text id = TEXT_ZERO;
    set(e, A_BIND, address.at, address.len);
    text_addf(&id, "%s-%.*s", own, SHOWN(address));
    set_word(e, A_ID, id.at);
    text_free(&id);
  }
  kept = entry_add(e, A_FLAGS, OPERATION_SET, e->place);
  kept->values = flags.values;
}

/* Of "address,address:name" what is before the last colon; null if there is none. Brackets go. */
static char const *colon_of(char const *name)
{
  return prefix(name, "tcpmux/") ? NULL : strrchr(name, ':');
}

static void add_entries(struct parser *p, struct line const *l)
{
  char const *first = l->words.list[NAME], *colon = colon_of(first), *name = colon ? colon + 1 : first;
  char const *at, *end;
  if (colon && !colon[1] && l->words.count == 1) {
    free(p->addresses);
    p->addresses = memory_copy(first, (size_t)(colon - first));
    return;
  }
  at = colon ? first : p->addresses ? p->addresses : "";
  end = colon ? colon : at + strlen(at);
  if (prefix(name, "tcpmux/"))
    at = end;
  do {
    char const *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
    struct span address = {at, (size_t)(stop - at)};
    if (address.len > 1 && *address.at == '[' && address.at[address.len - 1] == ']')
      address = (struct span){address.at + 1, address.len - 2};
    add_entry(p, l, name, address);
    at = comma ? comma + 1 : end;
  } while (at < end);
}

/* --- The file ----------------------------------------------------------------------------------------------- */

/* What belongs to a line is known when the next one begins with no blank: that would go on with it. */
static void finish(struct parser *p, struct line *l)
{
  if (l->words.count > 0)
    add_entries(p, l);
  values_free(&l->words);
}

void inetdconf_parse(struct config *c, char const *file, char const *bytes, size_t len)
{
  struct parser p = {.config = c, .place = {file, 0}};
  struct line open = {.words = {.list = NULL}};
  char const *at = bytes, *end = bytes + len;
  while (at < end) {
    struct span line = span_take_line(&at, end), word;
    char const *in = line.at;
    bool goes_on = line.len > 0 && is_space(*line.at);
    p.place.line++;
    if (line.len > CONFIG_LINE_MAX || memchr(line.at, '\0', line.len)) {
      remark(&c->remarks, p.place, REMARK_LOST, "a line of more than %d octets, or with a NUL",
             CONFIG_LINE_MAX);
      continue;
    }
    if (!take_word(&in, line.at + line.len, &word))
      continue;
    if (*word.at == '#')
      continue;
    if (!goes_on || open.words.count == 0) {
      finish(&p, &open);
      open.place = p.place;
    }
    take_words(&open.words, line);
  }
  finish(&p, &open);
  free(p.addresses);
}
