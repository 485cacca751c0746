/* ruletable.c - whatever stands in the rows of a table: each is good, refuses, or is refused as a whole; who is asked about is
 * told what its pattern says by itself; and an image of any octets is refused or asked without harm. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dbconf.h"
#include "ruletable.h"
#include "sqlrow.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

static struct sqlrow row;
static struct rules_verdict verdict;
static char edits[RULETABLE_EDITS_SIZE];

/* Octets up to the separator. */
static struct sqlrow_text take(uint8_t const **at, uint8_t const *end, uint8_t separator)
{
  uint8_t const *stop = memchr(*at, separator, (size_t)(end - *at));
  struct sqlrow_text t = {(char const *)*at, (size_t)((stop ? stop : end) - *at)};
  *at = stop ? stop + 1 : end;
  return t;
}

static void ask(struct ruletable const *t, struct address const *a, bool *denied)
{
  *denied = ruletable_lookup(t, a, 25, &verdict, edits) == -1 || verdict.decision == RULES_DENY;
  struct rules_edit edit;
  size_t position = 0;
  while (verdict.edits_len <= sizeof edits && rules_edit_next(&verdict, &position, &edit))
    must(strlen(edit.variable) > 0);
}

static void ask_rows(uint8_t const *data, size_t size, struct address const *a)
{
  struct ruletable_builder b = RULETABLE_BUILDER_ZERO;
  struct ruletable t = RULETABLE_ZERO;
  uint8_t const *at = data, *end = data + size;
  bool deny = false, denied;
  int fd;
  while (at < end) {
    struct sqlrow_text line = take(&at, end, '\n'), field[SQLROW_FIELDS];
    uint8_t const *in = (uint8_t const *)line.at, *line_end = in + line.len;
    for (int i = 0; i < SQLROW_FIELDS; i++)
      field[i] = take(&in, line_end, '\t');
    if (sqlrow_parse(&row, field) == SQLROW_BAD) {
      must(row.problem != NULL);
      continue;
    }
    if (row.row.deny && (row.row.port == 0 || row.row.port == 25) && addresspattern_matches(&row.pattern, a))
      deny = true;
    must(ruletable_add(&b, &row.pattern, &row.row) == 0);
  }
  fd = ruletable_finish(&b);
  must(fd != -1 && ruletable_open(&t, fd) == 0);
  ask(&t, a, &denied);
  must(!deny || denied);
  close(fd);
  ruletable_close(&t);
  ruletable_builder_free(&b);
}

static void ask_image(uint8_t const *data, size_t size, struct address const *a)
{
  struct ruletable t;
  bool denied;
  int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  must(fd != -1 && write(fd, data, size) == (ssize_t)size);
  must(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0);
  if (ruletable_open(&t, fd) == 0)
    ask(&t, a, &denied);
  ruletable_close(&t);
  close(fd);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  struct address a = {.family = ADDRESS_IPV4, .octet = {10, 0, 0, 1}};
  struct dbconf c;
  if (size < 1)
    return 0;
  if (data[0] & 1)
    a = (struct address){.family = ADDRESS_IPV6, .octet = {0x20, 1, 0xd, 0xb8, [15] = 1}};
  dbconf_parse(&c, (char const *)data + 1, size - 1);
  if (data[0] & 2)
    ask_image(data + 1, size - 1, &a);
  else
    ask_rows(data + 1, size - 1, &a);
  return 0;
}
