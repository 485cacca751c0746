/* rewrite.c - see rewrite.h. Where djbdns skips a line that is no rule, we call it an error: a rule that is
 * mistyped sends connections to another host. */
#include "rewrite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "span.h"

/* A name with all its alternatives while rules are applied; one that grows beyond it is no name. */
#define UNFINISHED_SIZE 16384

struct unfinished {
  char text[UNFINISHED_SIZE];
  size_t len;
};

static char small(char octet)
{
  if (octet >= 'A' && octet <= 'Z')
    return (char)(octet - 'A' + 'a');
  return octet;
}

static bool same_but_case(char const *a, char const *b, size_t len)
{
  for (size_t i = 0; i < len; i++)
    if (small(a[i]) != small(b[i]))
      return false;
  return true;
}

static bool is_rule(struct span line)
{
  if (line.len == 0 || line.at[0] == '\0' || !strchr("=*?-", line.at[0]))
    return false;
  for (size_t i = 0; i < line.len; i++)
    if (line.at[i] < 33 || line.at[i] > 126)
      return false;
  return memchr(line.at, ':', line.len);
}

static bool is_skipped(struct span line)
{
  return line.len == 0 || line.at[0] == '#';
}

/* The line that begins at *at, without LF and blanks at its end; *at becomes the beginning of the next. */
static struct span take_line(char const **at, char const *end)
{
  struct span line = span_take_line(at, end);
  while (line.len > 0 && span_is_blank(line.at[line.len - 1]))
    line.len--;
  return line;
}

/* The caller has seen to it that there is room. */
static void append(struct rewrite *r, char const *octets, size_t len)
{
  memcpy(r->rules + r->len, octets, len);
  r->len += len;
}

static int allocate(struct rewrite *r, size_t size)
{
  *r = (struct rewrite)REWRITE_ZERO;
  r->rules = malloc(size);
  return r->rules ? 0 : -1;
}

int rewrite_parse(struct rewrite *r, char const *text, size_t len, size_t *line)
{
  char const *at = text;
  *r = (struct rewrite)REWRITE_ZERO;
  if (len > REWRITE_FILE_MAX) {
    errno = EFBIG;
    return -1;
  }
  /* The NUL of a rule stands where its LF was, which the last may lack. */
  if (allocate(r, len + 1) < 0)
    return -1;
  for (size_t number = 1; at < text + len; number++) {
    struct span found = take_line(&at, text + len);
    if (is_skipped(found))
      continue;
    if (!is_rule(found)) {
      rewrite_free(r);
      *line = number;
      errno = EINVAL;
      return -1;
    }
    append(r, found.at, found.len);
    append(r, "", 1);
  }
  return 0;
}

/* Appends what makes an alternative of a domain: "+.domain". */
static void append_domain(struct rewrite *r, struct span word)
{
  char domain[HOSTNAME_SIZE];
  bool is_root = word.len == 1 && word.at[0] == '.';
  if (!is_root && word.at[0] == '.') {
    word.at++;
    word.len--;
  }
  if (is_root)
    append(r, "+", 1);
  else if (span_copy(domain, sizeof domain, word) && hostname_clean(domain, domain)) {
    append(r, "+.", 2);
    append(r, domain, strlen(domain));
  }
}

int rewrite_from_domains(struct rewrite *r, char const *domains)
{
  static char const first_kind[] = "?:", second[] = "*.:";
  char const *end = domains + strlen(domains);
  struct span word;
  /* The shortest word, one octet and a blank, becomes three octets. */
  if (allocate(r, sizeof first_kind + sizeof second + 3 * (size_t)(end - domains)) < 0)
    return -1;
  append(r, first_kind, strlen(first_kind));
  while ((word = span_take_word(&domains, end)).len > 0)
    append_domain(r, word);
  if (r->len == strlen(first_kind)) {
    r->len = 0;
    return 0;
  }
  append(r, "", 1);
  append(r, second, sizeof second);
  return 0;
}

static bool has_any_of(char const *octets, size_t len, char const *sought)
{
  for (size_t i = 0; i < len; i++)
    if (octets[i] != '\0' && strchr(sought, octets[i]))
      return true;
  return false;
}

/* False if the result has no room. */
static bool apply_rule(struct unfinished *name, char const *rule)
{
  char const *from = rule + 1, *colon = strchr(from, ':'), *to = colon + 1;
  size_t from_len = (size_t)(colon - from), to_len = strlen(to), before;

  if (name->len < from_len)
    return true;
  before = name->len - from_len;
  if (!same_but_case(from, name->text + before, from_len) || (rule[0] == '=' && before > 0) ||
      (rule[0] == '?' && has_any_of(name->text, before, ".:[]")))
    return true;
  name->len = rule[0] == '-' ? 0 : before;
  if (to_len > sizeof name->text - name->len)
    return false;
  memcpy(name->text + name->len, to, to_len);
  name->len += to_len;
  return true;
}

static bool apply_rules(struct rewrite const *r, struct unfinished *name)
{
  for (size_t at = 0; at < r->len; at += strlen(r->rules + at) + 1)
    if (!apply_rule(name, r->rules + at))
      return false;
  return true;
}

static bool join(char out[HOSTNAME_SIZE], struct span prefix, struct span rest)
{
  if (prefix.len >= HOSTNAME_SIZE || rest.len >= HOSTNAME_SIZE - prefix.len)
    return false;
  memcpy(out, prefix.at, prefix.len);
  memcpy(out + prefix.len, rest.at, rest.len);
  out[prefix.len + rest.len] = '\0';
  return strlen(out) == prefix.len + rest.len && hostname_clean(out, out);
}

/* The part of text that ends at its first '+', or all of it. */
static struct span until_plus(char const *text, size_t len)
{
  char const *plus = len == 0 ? NULL : memchr(text, '+', len);
  return (struct span){text, plus ? (size_t)(plus - text) : len};
}

static size_t split(struct unfinished const *name, char (*out)[HOSTNAME_SIZE], size_t size)
{
  char const *end = name->text + name->len;
  struct span prefix = until_plus(name->text, name->len), rest = {end, 0};
  char const *at = prefix.at + prefix.len;
  size_t count = 0;
  do {
    if (at < end)
      rest = until_plus(at + 1, (size_t)(end - at - 1));
    if (count < size && join(out[count], prefix, rest))
      count++;
    at = rest.at + rest.len;
  } while (at < end);
  return count;
}

size_t rewrite_apply(struct rewrite const *r, char const *name, char (*out)[HOSTNAME_SIZE], size_t size)
{
  struct unfinished unfinished = {.len = strlen(name)};
  if (unfinished.len > sizeof unfinished.text)
    return 0;
  memcpy(unfinished.text, name, unfinished.len);
  return apply_rules(r, &unfinished) ? split(&unfinished, out, size) : 0;
}

void rewrite_free(struct rewrite *r)
{
  free(r->rules);
  *r = (struct rewrite)REWRITE_ZERO;
}
