/* text.c and remarks.c of inetd-import - what is written into scripts is one word, or one comment. */
#include <stdlib.h>

#include "../../src/inetd-import/remarks.h"
#include "tap.h"

static char const *word(char const *string)
{
  static struct text t;
  text_free(&t);
  text_add_word(&t, string);
  return t.at;
}

static void words_are_quoted(void)
{
  is_string(word("/usr/sbin/in.ftpd"), " /usr/sbin/in.ftpd", "what is plain stays plain");
  is_string(word(""), " ''", "an empty word is there");
  is_string(word("a b"), " 'a b'", "blanks are quoted");
  is_string(word("$(id)"), " '$(id)'", "what a shell would run is quoted");
  is_string(word("a'b"), " 'a'\\''b'", "an apostrophe ends the quotation, and is escaped");
  is_string(word("''"), " ''\\'''\\'''", "so do two");
  is_string(word("~"), " '~'", "a tilde is quoted");
  is_string(word("\xff\n"), " '\xff\n'", "octets of any value are kept");
}

/* The shell itself says what it makes of all octets. */
static void the_shell_agrees(void)
{
  struct text command = TEXT_ZERO;
  char all[256], got[600];
  size_t len;
  FILE *shell;
  for (int i = 1; i < 256; i++)
    all[i - 1] = (char)i;
  all[255] = '\0';
  text_add(&command, "LC_ALL=C; export LC_ALL; printf %s");
  text_add_word(&command, all);
  shell = popen(command.at, "r");
  len = shell ? fread(got, 1, sizeof got, shell) : 0;
  if (shell)
    pclose(shell);
  ok(len == 255 && memcmp(got, all, 255) == 0, "a shell takes a word of all octets for that word");
  text_free(&command);
}

static void comments_are_one_line(void)
{
  struct remarks r = {.list = NULL};
  struct text line = TEXT_ZERO;
  remark(&r, (struct place){"a\nb", 7}, REMARK_LOST, "c\td%s", "\n\x1b[2J");
  remark(&r, (struct place){"f", 0}, REMARK_NOTE, "%s", "x");
  remark_print(&line, &r.list[0]);
  is_string(line.at, "a?b:7: c?d??[2J", "control characters are shown as question marks");
  text_free(&line);
  remark_print(&line, &r.list[1]);
  is_string(line.at, "f: x", "a file as a whole has no line");
  ok(remarks_lost(&r) == 1, "notes are no losses");
  text_free(&line);
  remarks_free(&r);
}

int main(void)
{
  words_are_quoted();
  the_shell_agrees();
  comments_are_one_line();
  return tap_done();
}
