/* sqlrow.c - see sqlrow.h. */
#include "sqlrow.h"

#include <string.h>
#include <strings.h>

#include "decimal.h"
#include "span.h"

/* As tcprules has it: printable characters without blank, comma, quote or =. */
static bool is_of_name(char c)
{
  return c > ' ' && c <= '~' && c != ',' && c != '"' && c != '=';
}

/* The variable at *at, of which something is left; appends its item. */
static char const *take_variable(char **out, char const **at, char const *end)
{
  char const *start = *at;
  *(*out)++ = '+';
  while (*at < end && is_of_name(**at))
    *(*out)++ = *(*at)++;
  if (*at == start || *at == end || **at != '=')
    return "its env is not a list of NAME=value";
  while (*at < end && **at != ',') {
    if (**at == '\\' && *at + 1 < end && (*at)[1] == ',')
      (*at)++;
    *(*out)++ = *(*at)++;
  }
  *(*out)++ = '\0';
  return NULL;
}

static char const *parse_env(struct sqlrow *r, struct sqlrow_text const *env)
{
  char const *at = env->at, *end = at + env->len;
  char *out = r->edits;
  if (env->len > SQLROW_ENV_MAX)
    return "its env is too long";
  if (env->len > 0 && memchr(env->at, '\0', env->len))
    return "its env has a NUL";
  while (at < end) {
    char const *problem = NULL;
    if (*at == ',' || span_is_blank(*at))
      at++;
    else
      problem = take_variable(&out, &at, end);
    if (problem)
      return problem;
  }
  r->row.edits_len = (size_t)(out - r->edits);
  return NULL;
}

static char const *parse_port(uint16_t *port, struct sqlrow_text const *text)
{
  static char const wrong[] = "its port is no number from 0 to 65535";
  char digits[8];
  unsigned int number;
  if (!text->at)
    return NULL;
  if (!span_copy(digits, sizeof digits, (struct span){text->at, text->len}) ||
      !decimal_parse(&number, digits, 0, 65535))
    return wrong;
  *port = (uint16_t)number;
  return NULL;
}

static char const *parse_decision(bool *deny, struct sqlrow_text const *text)
{
  static struct {
    char const *word;
    bool deny;
  } const known[] = {{"", false},       {"A", false}, {"ALLOW", false},
                     {"ACCEPT", false}, {"D", true},  {"DENY", true}};
  char word[8];
  char const *at, *end;
  struct span first;
  if (!text->at)
    return NULL;
  if (text->len > SQLROW_ENV_MAX)
    return "its decision is too long";
  at = text->at;
  end = at + text->len;
  first = span_take_word(&at, end);
  if (span_take_word(&at, end).len == 0 && span_copy(word, sizeof word, first))
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
      if (strcasecmp(word, known[i].word) == 0) {
        *deny = known[i].deny;
        return NULL;
      }
  return "its decision is neither D nor A nor empty";
}

enum sqlrow_result sqlrow_parse(struct sqlrow *r, struct sqlrow_text const field[SQLROW_FIELDS])
{
  struct sqlrow_text const *address = &field[SQLROW_IPRULES];
  char const *problem;
  r->row = (struct ruletable_row){.text = address->at, .text_len = address->len, .edits = r->edits};
  r->problem =
      address->at ? addresspattern_parse(&r->pattern, address->at, address->len) : "it has no iprules";
  if (!r->problem)
    r->problem = parse_decision(&r->row.deny, &field[SQLROW_DECISION]);
  if (r->problem)
    return SQLROW_BAD;
  problem = parse_port(&r->row.port, &field[SQLROW_PORT]);
  r->problem = field[SQLROW_ENV].at ? parse_env(r, &field[SQLROW_ENV]) : NULL;
  if (problem)
    r->problem = problem;
  if (!r->problem)
    return SQLROW_GOOD;
  /* A port that can't be read has been left 0, which is every port, and of a list that can't nothing is set. */
  return r->row.deny ? SQLROW_REFUSES : SQLROW_BAD;
}
