/* starttls.c - see starttls.h. */
#include "starttls.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What a line of the server's means. */
enum meaning { GOES_ON, REPLY_IS_GOOD, REPLY_IS_BAD };

struct protocol {
  char const *name;
  enum meaning (*judge)(struct starttls *s);
  char const *command[3]; /* after each good reply; null: TLS begins. %s is the name */
};

void starttls_begin(struct starttls *s, enum starttls_protocol protocol, char const *name)
{
  memset(s, 0, sizeof *s);
  s->protocol = protocol;
  snprintf(s->name, sizeof s->name, "%s", name);
}

/* The line begins with it, in whatever case, and a blank or nothing follows. */
static bool begins_with(char const *line, char const *word)
{
  size_t len = strlen(word);
  return strncasecmp(line, word, len) == 0 && (line[len] == '\0' || line[len] == ' ');
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* RFC 5321 section 4.2.1: a hyphen behind the code says that there are more lines. */
static enum meaning judge_smtp(struct starttls *s)
{
  static char const *const wanted[] = {"220", "250", "220"};
  bool coded = is_digit(s->line[0]) && is_digit(s->line[1]) && is_digit(s->line[2]);
  if (!coded || (s->line[3] != '-' && s->line[3] != ' ' && s->line[3] != '\0') ||
      memcmp(s->line, wanted[s->step], 3) != 0)
    return REPLY_IS_BAD;
  if (s->step == 1 && s->line[3] && begins_with(s->line + 4, "STARTTLS"))
    s->offered = true;
  if (s->line[3] == '-')
    return GOES_ON;
  if (s->step == 1 && !s->offered) {
    snprintf(s->reason, sizeof s->reason, "the server does not offer STARTTLS");
    return REPLY_IS_BAD;
  }
  return REPLY_IS_GOOD;
}

static enum meaning judge_pop3(struct starttls *s)
{
  return begins_with(s->line, "+OK") ? REPLY_IS_GOOD : REPLY_IS_BAD;
}

/* Whoever is logged in already (PREAUTH) can't start TLS any more. */
static enum meaning judge_imap(struct starttls *s)
{
  if (s->step == 0)
    return begins_with(s->line, "* OK") ? REPLY_IS_GOOD : REPLY_IS_BAD;
  if (s->line[0] == '*' && s->line[1] == ' ')
    return begins_with(s->line, "* BYE") ? REPLY_IS_BAD : GOES_ON;
  return begins_with(s->line, "a OK") ? REPLY_IS_GOOD : REPLY_IS_BAD;
}

static struct protocol const protocols[] = {
    [STARTTLS_SMTP] = {"smtp", judge_smtp, {"EHLO %s\r\n", "STARTTLS\r\n", NULL}},
    [STARTTLS_POP3] = {"pop3", judge_pop3, {"STLS\r\n", NULL}},
    [STARTTLS_IMAP] = {"imap", judge_imap, {"a STARTTLS\r\n", NULL}},
};

enum starttls_protocol starttls_protocol_named(char const *name)
{
  for (size_t i = STARTTLS_SMTP; i < sizeof protocols / sizeof protocols[0]; i++)
    if (strcmp(name, protocols[i].name) == 0)
      return (enum starttls_protocol)i;
  return STARTTLS_NONE;
}

static enum starttls_result fail(struct starttls *s, char const *why)
{
  snprintf(s->reason, sizeof s->reason, "%s", why);
  return STARTTLS_FAILED;
}

/* The server's own words, unless something better is known. */
static enum starttls_result fail_with_line(struct starttls *s)
{
  if (!s->reason[0])
    snprintf(s->reason, sizeof s->reason, "the server says %.150s", s->line[0] ? s->line : "nothing");
  for (char *c = s->reason; *c; c++)
    if (*c < ' ' || *c > '~')
      *c = '?';
  return STARTTLS_FAILED;
}

static enum starttls_result go_on(struct starttls *s, size_t left)
{
  char const *command = protocols[s->protocol].command[s->step++];
  if (!command && left > 0)
    return fail(s, "the server has sent more than the go-ahead, unencrypted");
  if (!command)
    return STARTTLS_GO;
  if (left > 0 && s->protocol != STARTTLS_IMAP)
    return fail(s, "the server answers before it is asked");
  if (s->step == 1 && s->protocol == STARTTLS_SMTP)
    snprintf(s->command, sizeof s->command, "EHLO %s\r\n", s->name);
  else
    snprintf(s->command, sizeof s->command, "%s", command);
  return STARTTLS_SEND;
}

/* The line is there, without its end. */
static enum starttls_result take_line(struct starttls *s, size_t left)
{
  if (s->len > 0 && s->line[s->len - 1] == '\r')
    s->len--;
  s->line[s->len] = '\0';
  s->len = 0;
  if (++s->lines > STARTTLS_LINES_MAX)
    return fail(s, "the server says too much");
  switch (protocols[s->protocol].judge(s)) {
  case GOES_ON: return STARTTLS_MORE;
  case REPLY_IS_BAD: return fail_with_line(s);
  case REPLY_IS_GOOD: break;
  }
  return go_on(s, left);
}

enum starttls_result starttls_take(struct starttls *s, char const *octets, size_t count)
{
  enum starttls_result result = STARTTLS_MORE;
  for (size_t i = 0; i < count; i++) {
    enum starttls_result next;
    if (octets[i] == '\0')
      return fail(s, "the server has sent a NUL");
    if (octets[i] != '\n') {
      if (s->len == sizeof s->line - 1)
        return fail(s, "the server has sent a line that is too long");
      s->line[s->len++] = octets[i];
      continue;
    }
    next = take_line(s, count - i - 1);
    if (next == STARTTLS_GO && result == STARTTLS_SEND)
      return fail(s, "the server answers before it is asked");
    if (next == STARTTLS_FAILED || next == STARTTLS_GO)
      return next;
    if (next == STARTTLS_SEND)
      result = STARTTLS_SEND;
  }
  return result;
}
