/* letters.c - see letters.h. */
#include "letters.h"

static char const *row_at(struct letters const *table, size_t index)
{
  return (char const *)table->rows + index * table->row_size;
}

static void const *find(struct letters const *table, int letter)
{
  for (size_t i = 0; i < table->count; i++)
    if (*row_at(table, i) == letter)
      return row_at(table, i);
  return NULL;
}

/* The letters, a colon after each that takes an argument, and one in front so that a missing argument is told from an
 * unknown letter. */
static void write_letters(struct letters const *table, char text[LETTERS_SIZE])
{
  *text++ = ':';
  for (size_t i = 0; i < table->count && i < LETTERS_MAX; i++) {
    *text++ = *row_at(table, i);
    if (table->takes_argument(row_at(table, i)))
      *text++ = ':';
  }
  *text = '\0';
}

struct letters_reader letters_reader(struct letters const *table, int argc, char const *const *argv)
{
  struct letters_reader r = {
      .table = table, .argc = argc, .argv = argv, .name = "-", .state = SUBGETOPT_ZERO};
  write_letters(table, r.text);
  return r;
}

void const *letters_next(struct letters_reader *r)
{
  int letter = subgetopt_r(r->argc, r->argv, r->text, &r->state);
  if (letter == -1)
    return NULL;
  r->argument = r->state.arg;
  if (letter == ':' || letter == '?') {
    r->problem = letter == ':' ? " needs an argument" : " is not an option";
    r->name[1] = (char)r->state.problem;
    return NULL;
  }
  r->name[1] = (char)letter;
  return find(r->table, letter);
}
