/* command.c - see command.h. */
#include "command.h"

#include <strings.h>

enum { LETTERS = 4 };

static struct {
  char const letters[LETTERS + 1];
  enum command command;
} const commands[] = {
    {"helo", COMMAND_HARMLESS}, {"ehlo", COMMAND_HARMLESS}, {"mail", COMMAND_HARMLESS},
    {"rset", COMMAND_HARMLESS}, {"noop", COMMAND_HARMLESS}, {"quit", COMMAND_QUIT},
};

static enum command command_of(struct command_reader const *r)
{
  size_t len = r->len;
  if (!r->is_over && len > 0 && r->word[len - 1] == '\r')
    len--;
  /* A word that fills its room may have lost more, but is too long either way. */
  for (size_t i = 0; len == LETTERS && i < sizeof commands / sizeof *commands; i++)
    if (strncasecmp(r->word, commands[i].letters, LETTERS) == 0)
      return commands[i].command;
  return COMMAND_OTHER;
}

bool command_read(struct command_reader *r, char octet, enum command *command)
{
  static struct command_reader const empty = COMMAND_READER_ZERO;
  if (octet == '\n') {
    *command = command_of(r);
    *r = empty;
    return true;
  }
  if (octet == ' ')
    r->is_over = true;
  if (!r->is_over && r->len < COMMAND_WORD_MAX)
    r->word[r->len++] = octet;
  return false;
}
