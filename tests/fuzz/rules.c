/* rules.c - a compiled file of any bytes, or a sound one with some bytes changed: opening and looking up may fail, but
 * never crash, and never give an answer that points out of the file. After the first octet, which chooses:
 *   R   the rest is the file
 *   B   octet n; n changes of four octets (offset/16 of 16 bits, offset%16, value); then records until the end: an
 *       octet each for the lengths of key and data, key, data */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rules.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

static int empty_file(void)
{
  static int fd = -1;
  if (fd == -1)
    fd = memfd_create("rules", MFD_CLOEXEC);
  must(fd != -1 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
  return fd;
}

static void make_cdb(int fd, uint8_t const *data, size_t size)
{
  struct cdb_make make;
  must(cdb_make_start(&make, fd) == 0);
  while (size >= 2 && size - 2 >= (size_t)data[0] + data[1]) {
    must(cdb_make_add(&make, data + 2, data[0], data + 2 + data[0], data[1]) == 0);
    size -= 2 + (size_t)data[0] + data[1];
    data += 2 + (size_t)data[0] + data[1];
  }
  must(cdb_make_finish(&make) == 0);
}

static void build(int fd, uint8_t const *data, size_t size)
{
  size_t changes;
  if (size == 0)
    return;
  changes = data[0] % 16;
  if (size < 1 + 4 * changes)
    return;
  make_cdb(fd, data + 1 + 4 * changes, size - 1 - 4 * changes);
  for (uint8_t const *change = data + 1; changes > 0; changes--, change += 4) {
    off_t end = lseek(fd, 0, SEEK_END);
    off_t offset = ((off_t)change[0] << 8 | change[1]) * 16 + change[2] % 16;
    must(pwrite(fd, change + 3, 1, offset % end) == 1);
  }
}

static void touch_key(char const *key, void *context)
{
  size_t *tried = context;
  must(strlen(key) < RULES_KEY_SIZE);
  (*tried)++;
}

static void check_verdict(struct rules const *r, struct rules_verdict const *v)
{
  char const *start = (char const *)r->cdb.cdb_mem;
  struct rules_edit edit;
  size_t offset = 0, edits = 0;
  if (v->decision == RULES_DEFAULT) {
    must(v->edits_len == 0 && v->key[0] == '\0');
    return;
  }
  must(v->edits >= start && v->edits_len <= r->cdb.cdb_fsize &&
       (size_t)(v->edits - start) <= r->cdb.cdb_fsize - v->edits_len);
  while (rules_edit_next(v, &offset, &edit)) {
    must(strlen(edit.variable) < v->edits_len);
    must(edit.action == RULES_UNSET || strchr(edit.variable, '=') != NULL);
    edits++;
  }
  must(offset == v->edits_len && edits <= v->edits_len / 2);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static char const *const host[] = {NULL, "a.b.example"};
  static char const *const info[] = {NULL, "joe"};
  static char const *const peer[] = {"127.0.0.1", "10.1.2.3", "::1", "2001:db8::1"};
  int fd = empty_file();
  char path[40];
  struct rules r = RULES_ZERO;

  if (size == 0)
    return 0;
  if (data[0] == 'B')
    build(fd, data + 1, size - 1);
  else
    must(write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (rules_refresh(&r, path, size % 2 ? RULES_SNAPSHOT : RULES_MAPPED) == -1) {
    must(r.file == -1 && r.copy == -1);
    return 0;
  }
  for (size_t i = 0; i < sizeof peer / sizeof *peer; i++)
    for (size_t h = 0; h < sizeof host / sizeof *host; h++)
      for (size_t n = 0; n < sizeof info / sizeof *info; n++) {
        static struct rules_verdict v;
        struct rules_query q = {.host = host[h], .info = info[n], .pending = (unsigned int)size % 4};
        size_t tried = 0;
        must(address_parse(&q.address, peer[i]));
        if (rules_lookup(&r, &q, &v, touch_key, &tried) == 0)
          check_verdict(&r, &v);
        must(tried <= 150 && (v.waits & ~q.pending) == 0);
      }
  rules_close(&r);
  return 0;
}
