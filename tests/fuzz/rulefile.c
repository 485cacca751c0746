/* rulefile.c - rules as text: however the bytes arrive, the same records come out; a record can be written as text
 * and compiles back; the lenient mode changes nothing of what is right; and a lookup in the compiled file finds what
 * a simple search through the records finds. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rulefile.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

/* Of the records of one text, as many are looked up; the rest is only compared. */
#define RECORDS_MAX 48

struct copy {
  struct rulefile_record record; /* its key and data are allocated */
};

struct collection {
  struct copy list[RECORDS_MAX];
  size_t count;
  size_t complaints;
  uint64_t digest; /* of all records and complaints */
  struct rules_index index;
};

static void must(int condition)
{
  if (!condition)
    abort();
}

static void *duplicate(void const *bytes, size_t len)
{
  void *copy = malloc(len + 1);
  must(copy != NULL);
  memcpy(copy, bytes, len);
  return copy;
}

static void digest(struct collection *c, void const *bytes, size_t len)
{
  unsigned char const *p = bytes;
  for (size_t i = 0; i < len; i++)
    c->digest = (c->digest ^ p[i]) * 0x100000001b3;
  c->digest = (c->digest ^ 256) * 0x100000001b3;
}

static int collect(void *context, struct rulefile_record const *record)
{
  struct collection *c = context;
  bool deny;
  must(memchr(record->key, '\0', record->key_len) == NULL);
  must(rules_data_sound(record->data, record->data_len, &deny));
  digest(c, record->key, record->key_len);
  digest(c, record->data, record->data_len);
  digest(c, &record->line, sizeof record->line);
  c->index.kinds = (uint8_t)(c->index.kinds | record->kind);
  if (record->family != ADDRESS_NONE)
    rules_index_add_network(&c->index, record->family, record->bits);
  if (c->count < RECORDS_MAX) {
    struct rulefile_record *copy = &c->list[c->count++].record;
    *copy = *record;
    copy->key = duplicate(record->key, record->key_len);
    copy->data = duplicate(record->data, record->data_len);
  }
  return 0;
}

static void note_complaint(void *context, struct rulefile_complaint const *complaint)
{
  struct collection *c = context;
  must(complaint->what != NULL && complaint->line > 0);
  must(complaint->expected[0] != '\0' &&
       memchr(complaint->expected, '\0', sizeof complaint->expected) != NULL);
  c->complaints++;
  digest(c, complaint->found, complaint->found_len);
  digest(c, &complaint->problem, sizeof complaint->problem);
}

static void forget(struct collection *c)
{
  for (size_t i = 0; i < c->count; i++) {
    free((void *)(uintptr_t)c->list[i].record.key);
    free((void *)(uintptr_t)c->list[i].record.data);
  }
  c->count = 0;
}

static struct rulefile file;

static void compile(struct collection *c, uint8_t const *data, size_t size, bool lenient, size_t portion)
{
  struct rulefile_sink const sink = {collect, note_complaint, c};
  c->count = c->complaints = 0;
  c->digest = 0;
  c->index = (struct rules_index){.kinds = 0};
  rulefile_start(&file, &sink, lenient);
  for (size_t at = 0; at < size; at += portion) {
    size_t len = portion < size - at ? portion : size - at;
    char *bytes = duplicate(data + at, len);
    must(rulefile_feed(&file, bytes, len) == 0);
    free(bytes);
  }
  must(rulefile_end(&file) == 0);
}

static void check_text(struct collection const *c, bool lenient)
{
  static char line[RULEFILE_LINE_MAX];
  static struct rulefile scratch;
  for (size_t i = 0; i < c->count; i++) {
    size_t len = 0;
    enum rulefile_text text = rulefile_print(line, &len, &c->list[i].record, &c->index, &scratch);
    must(lenient || text == RULEFILE_RULE);
    must(text != RULEFILE_IMPOSSIBLE);
  }
}

/* --- Lookup, and the simple search ---------------------------------------------------------------------- */

static struct rulefile_record const *search(struct collection const *c, char const *key)
{
  for (size_t i = 0; i < c->count; i++)
    if (c->list[i].record.key_len == strlen(key) && memcmp(c->list[i].record.key, key, strlen(key)) == 0)
      return &c->list[i].record;
  return NULL;
}

/* All keys that tcprules(5) names for this peer, one after the other, until one is found. */
static struct rulefile_record const *search_peer(struct collection const *c, struct rules_query const *q)
{
  char address[ADDRESS_TEXT_SIZE], key[RULES_KEY_SIZE];
  struct rulefile_record const *found = NULL;
  struct address a = q->address;
  address_unmap(&a);
  address_print(address, &a);

#define TRY(...)                                                                                             \
  do {                                                                                                       \
    if (!found) {                                                                                            \
      snprintf(key, sizeof key, __VA_ARGS__);                                                                \
      found = search(c, key);                                                                                \
    }                                                                                                        \
  } while (0)

  if (q->info)
    TRY("%s@%s", q->info, address);
  if (q->info && q->host)
    TRY("%s@=%s", q->info, q->host);
  TRY("%s", address);
  if (q->host)
    TRY("=%s", q->host);
  for (unsigned int bits = address_bits(&a); bits-- > 0;) {
    struct address masked = a;
    address_mask(&masked, bits);
    address_print(address, &masked);
    if (a.family == ADDRESS_IPV4 && bits == 24)
      TRY("%d.%d.%d.", a.octet[0], a.octet[1], a.octet[2]);
    else if (a.family == ADDRESS_IPV4 && bits == 16)
      TRY("%d.%d.", a.octet[0], a.octet[1]);
    else if (a.family == ADDRESS_IPV4 && bits == 8)
      TRY("%d.", a.octet[0]);
    else
      TRY("%s/%u", address, bits);
  }
  if (q->host) {
    for (char const *p = q->host; *p; p++)
      if (*p == '.')
        TRY("=%s", p);
    TRY("=");
  }
  TRY("%s", "");
  return found;
}

static void check_peer(struct rules *r, struct collection const *c, struct rules_query const *q)
{
  static struct rules_verdict v;
  struct rulefile_record const *expected = search_peer(c, q);
  bool deny;
  must(rules_lookup(r, q, &v, NULL, NULL) == 0);
  must(v.waits == 0);
  if (!expected) {
    must(v.decision == RULES_DEFAULT);
    return;
  }
  must(strlen(v.key) == expected->key_len && memcmp(v.key, expected->key, expected->key_len) == 0);
  must(v.edits_len == expected->data_len && memcmp(v.edits, expected->data, v.edits_len) == 0);
  must(rules_data_sound(expected->data, expected->data_len, &deny));
  must(v.decision == (deny ? RULES_DENY : RULES_ALLOW));
}

/* With host and ident still to come: if nothing is waited for, they change nothing. */
static void check_waiting(struct rules *r, struct rules_query const *q)
{
  static struct rules_verdict early, late;
  struct rules_query pending = {.address = q->address, .pending = RULES_NEED_HOST | RULES_NEED_INFO};
  must(rules_lookup(r, &pending, &early, NULL, NULL) == 0);
  must(rules_lookup(r, q, &late, NULL, NULL) == 0);
  must((early.waits & ~r->needs) == 0);
  if (early.waits == 0)
    must(early.decision == late.decision && strcmp(early.key, late.key) == 0);
  if (early.waits == RULES_NEED_HOST) {
    struct rules_query named = {.address = q->address, .host = q->host};
    static struct rules_verdict v;
    must(rules_lookup(r, &named, &v, NULL, NULL) == 0);
    must(v.decision == late.decision && strcmp(v.key, late.key) == 0);
  }
}

static void check_lookups(struct collection const *c)
{
  static char const *const host[] = {NULL, "a.b.example", "example", "mail.example.org"};
  static char const *const info[] = {NULL, "joe", "a:b"};
  static char const *const peer[] = {"127.0.0.1", "10.1.2.3", "::1", "2001:db8::1", "::ffff:10.1.2.3"};
  static int fd = -1;
  uint8_t index[RULES_INDEX_SIZE];
  char path[40];
  struct cdb_make make;
  struct rules r;
  size_t addresses = sizeof peer / sizeof *peer;

  if (fd == -1)
    fd = memfd_create("rules", MFD_CLOEXEC);
  must(fd != -1 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
  must(cdb_make_start(&make, fd) == 0);
  for (size_t i = 0; i < c->count; i++)
    must(cdb_make_add(&make, c->list[i].record.key, (unsigned)c->list[i].record.key_len,
                      c->list[i].record.data, (unsigned)c->list[i].record.data_len) == 0);
  rules_index_encode(index, &c->index);
  must(cdb_make_add(&make, RULES_INDEX_KEY, 1, index, sizeof index) == 0 && cdb_make_finish(&make) == 0);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  must(rules_open(&r, path, RULES_MAPPED) == 0);
  for (size_t i = 0; i < addresses + (c->count < 4 ? c->count : 4); i++) {
    struct rules_query q = {.host = NULL};
    char text[ADDRESS_TEXT_SIZE] = "";
    if (i < addresses)
      must(address_parse(&q.address, peer[i]));
    else { /* an address that a rule names */
      struct rulefile_record const *record = &c->list[i - addresses].record;
      snprintf(text, sizeof text, "%.*s", (int)(record->key_len < 45 ? record->key_len : 45), record->key);
      text[strcspn(text, "/")] = '\0';
      if (!address_parse(&q.address, text) || q.address.scope != 0)
        continue;
    }
    q.host = host[(c->digest + i) % (sizeof host / sizeof *host)];
    q.info = info[(c->digest / 16 + i) % (sizeof info / sizeof *info)];
    check_peer(&r, c, &q);
    check_waiting(&r, &q);
  }
  rules_close(&r);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static struct collection strict, pieces, lenient;
  size_t portion = size ? 1 + data[size - 1] % 13 : 1;

  compile(&strict, data, size, false, size ? size : 1);
  compile(&pieces, data, size, false, portion);
  must(strict.digest == pieces.digest);
  must(file.errors == strict.complaints);
  compile(&lenient, data, size, true, portion);
  must(lenient.complaints == strict.complaints && lenient.count >= strict.count);
  if (strict.complaints == 0)
    must(lenient.digest == strict.digest);
  check_text(&strict, false);
  check_text(&lenient, true);
  check_lookups(&strict);
  check_lookups(&lenient);
  forget(&strict);
  forget(&pieces);
  forget(&lenient);
  return 0;
}
