/* rewrite.c - whatever the rules and the name are, only clean names come out, and a smaller room gives the first of
 * them. Before the first LF: 'd' for local domains or anything else for a file of rules, then the name; what follows
 * is the domains or the file. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rewrite.h"

#define NAMES_MAX 8

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

/* A copy of exactly this size, so that the sanitizer sees a read past its end; with a NUL if it is to be text. */
static char *copy_of(uint8_t const *octets, size_t count, bool is_text)
{
  size_t room = count + is_text;
  char *copy = malloc(room ? room : 1);
  must(copy != NULL);
  if (count)
    memcpy(copy, octets, count);
  if (is_text)
    copy[count] = '\0';
  return copy;
}

static void check_line(uint8_t const *octets, size_t count, size_t line)
{
  size_t lines = 1;
  for (size_t i = 0; i < count; i++)
    lines += octets[i] == '\n';
  must(line >= 1 && line <= lines);
}

/* Whether there are rules. */
static bool take_rules(struct rewrite *r, bool domains, uint8_t const *octets, size_t count)
{
  char *text = copy_of(octets, count, domains);
  size_t line = 0;
  int result;
  if (domains) {
    result = rewrite_from_domains(r, text);
    must(result == 0);
  } else {
    result = rewrite_parse(r, text, count, &line);
    if (result < 0) {
      must(r->rules == NULL && (errno == EFBIG || errno == EINVAL));
      if (errno == EINVAL)
        check_line(octets, count, line);
    }
  }
  free(text);
  return result == 0;
}

static void check_names(struct rewrite const *r, char const *name)
{
  char out[NAMES_MAX][HOSTNAME_SIZE], fewer[NAMES_MAX][HOSTNAME_SIZE];
  size_t count = rewrite_apply(r, name, out, NAMES_MAX);
  must(count <= NAMES_MAX);
  for (size_t i = 0; i < count; i++)
    must(hostname_is_clean(out[i]));
  for (size_t room = 0; room < NAMES_MAX; room++) {
    size_t found = rewrite_apply(r, name, fewer, room);
    must(found == (count < room ? count : room));
    for (size_t i = 0; i < found; i++)
      must(strcmp(out[i], fewer[i]) == 0);
  }
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  struct rewrite r = REWRITE_ZERO;
  uint8_t const *newline = size ? memchr(data, '\n', size) : NULL;
  size_t name_len = newline ? (size_t)(newline - data) : 0;
  char *name;
  if (name_len < 1)
    return 0;
  name = copy_of(data + 1, name_len - 1, true);
  if (take_rules(&r, data[0] == 'd', newline + 1, size - name_len - 1)) {
    check_names(&r, name);
    rewrite_free(&r);
  }
  free(name);
  return 0;
}
