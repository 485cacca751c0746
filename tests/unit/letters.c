/* Options read by a table: each as its row, until there are none or one is a problem. */
#include "letters.h"

#include "tap.h"

struct row {
  char letter;
  bool with_argument;
  char const *text;
};

static struct row const rows[] = {
    {'a', false, "first"}, {'b', true, "second"}, {'4', false, "third"}, {'z', true, "last"}};

static bool takes_argument(void const *row)
{
  struct row const *r = row;
  return r->with_argument;
}

static struct letters const table = {rows, sizeof rows / sizeof rows[0], sizeof rows[0], takes_argument};

/* argv without a program's name, read to its end: "-x=text(argument) …", with the problem, then what is left. */
static char const *reading(struct letters const *of, char const *const *words)
{
  static char result[500];
  char const *argv[10] = {"program"};
  struct letters_reader reader;
  struct row const *row;
  int argc = 1;
  size_t len = 0;
  while ((argv[argc] = words[argc - 1]))
    argc++;
  reader = letters_reader(of, argc, argv);
  result[0] = '\0';
  while ((row = letters_next(&reader)))
    len += (size_t)snprintf(result + len, sizeof result - len, "%s=%s(%s) ", reader.name, row->text,
                            reader.argument ? reader.argument : "");
  if (reader.problem)
    snprintf(result + len, sizeof result - len, "%s%s", reader.name, reader.problem);
  else
    snprintf(result + len, sizeof result - len, "%d left", argc - reader.state.ind);
  return result;
}

#define READ(...) reading(&table, (char const *const[]){__VA_ARGS__, NULL})

int main(void)
{
  struct letters const empty = {rows, 0, sizeof rows[0], takes_argument};

  is_string(READ("-a", "-b", "x", "-zy", "host", "-a"), "-a=first() -b=second(x) -z=last(y) 2 left",
            "options are read up to the first word that is none");
  is_string(READ("-4ab", "x"), "-4=third() -a=first() -b=second(x) 0 left", "... several in one word");
  is_string(READ("-a", "--", "-b"), "-a=first() 1 left", "... or up to --");
  is_string(READ("host"), "1 left", "there may be none");
  is_string(READ("-b", ""), "-b=second() 0 left", "an argument may be empty");
  is_string(READ("-b", "-a"), "-b=second(-a) 0 left", "... or look like an option");
  is_string(READ("-a", "-B", "-z"), "-a=first() -B is not an option",
            "a letter that no row has is a problem");
  is_string(READ("-:"), "-: is not an option", "... even a colon");
  is_string(READ("-ab"), "-a=first() -b needs an argument", "an option that lacks its argument is another");
  is_string(reading(&empty, (char const *const[]){"-a", NULL}), "-a is not an option",
            "a table without rows has no options");
  return tap_done();
}
