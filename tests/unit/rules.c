/* Compiled rules: order of the keys, what a verdict waits for, files that are damaged, replaced or odd. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rules.h"
#include "tap.h"

static char path[] = "/tmp/ucspi-rules.XXXXXX";

struct record {
  char const *key;
  char const *data;
  size_t data_len;
};
#define DATA(text) (text), sizeof(text) - 1
#define ALLOW(key)                                                                                           \
  {                                                                                                          \
    (key), "", 0                                                                                             \
  }
#define DENY(key)                                                                                            \
  {                                                                                                          \
    (key), DATA("D\0")                                                                                       \
  }

static void write_rules(char const *name, struct record const *record, size_t count,
                        struct rules_index const *index)
{
  struct cdb_make make;
  int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  cdb_make_start(&make, fd);
  for (size_t i = 0; i < count; i++)
    cdb_make_add(&make, record[i].key, (unsigned)strlen(record[i].key), record[i].data,
                 (unsigned)record[i].data_len);
  if (index) {
    uint8_t data[RULES_INDEX_SIZE];
    rules_index_encode(data, index);
    cdb_make_add(&make, RULES_INDEX_KEY, 1, data, sizeof data);
  }
  if (cdb_make_finish(&make) == -1)
    abort();
  close(fd);
}
#define WRITE(list, index) write_rules(path, (list), sizeof(list) / sizeof *(list), (index))

static struct rules_query query(char const *ip, char const *host, char const *info)
{
  struct rules_query q = {.host = host, .info = info};
  if (!address_parse(&q.address, ip))
    abort();
  return q;
}

static struct rules_verdict look(struct rules *r, struct rules_query q)
{
  static struct rules_verdict v;
  if (rules_lookup(r, &q, &v, NULL, NULL) == -1)
    snprintf(v.key, sizeof v.key, "error %d", errno);
  return v;
}

/* The key that decides, or "default". */
static char const *decides(struct rules *r, struct rules_query q)
{
  static struct rules_verdict v;
  v = look(r, q);
  return v.decision == RULES_DEFAULT && v.key[0] == '\0' ? "default" : v.key;
}

static struct rules_index full_index(uint8_t kinds)
{
  struct rules_index index = {.kinds = kinds};
  unsigned int const v4[] = {32, 31, 24, 23, 16, 12, 8, 0}, v6[] = {128, 64, 32, 0};
  for (size_t i = 0; i < sizeof v4 / sizeof *v4; i++)
    rules_index_add_network(&index, ADDRESS_IPV4, v4[i]);
  for (size_t i = 0; i < sizeof v6 / sizeof *v6; i++)
    rules_index_add_network(&index, ADDRESS_IPV6, v6[i]);
  return index;
}

static void first_match_wins(void)
{
  static struct record const all[] = {ALLOW("joe@10.1.2.3"),
                                      ALLOW("joe@=a.b.example"),
                                      ALLOW("10.1.2.3"),
                                      ALLOW("=a.b.example"),
                                      ALLOW("10.1.2.2/31"),
                                      ALLOW("10.1.2."),
                                      ALLOW("10.1.2.0/23"),
                                      ALLOW("10.1."),
                                      ALLOW("10.0.0.0/12"),
                                      ALLOW("10."),
                                      ALLOW("0.0.0.0/0"),
                                      ALLOW("=.b.example"),
                                      ALLOW("=.example"),
                                      ALLOW("="),
                                      ALLOW("")};
  struct rules_index const index = full_index(RULES_KINDS_ALL);
  struct rules r;
  size_t const count = sizeof all / sizeof *all;

  for (size_t from = 0; from < count; from++) {
    write_rules(path, all + from, count - from, &index);
    ok(rules_open(&r, path, RULES_SNAPSHOT) == 0, "rules from '%s' on can be opened", all[from].key);
    is_string(decides(&r, query("10.1.2.3", "a.b.example", "joe")), all[from].key,
              "the first in the order of tcprules(5) decides");
    rules_close(&r);
  }
}

#define TRIED_SIZE 1000

static void record_tried(char const *key, void *context)
{
  char *all = context;
  size_t len = strlen(all);
  snprintf(all + len, TRIED_SIZE - len, "%s ", key);
}

static void only_kinds_in_use_are_tried(void)
{
  static struct record const some[] = {ALLOW("10.1.2.3"), DENY("10.")};
  struct rules_index index = {0};
  struct rules_verdict v;
  struct rules_query q = query("10.9.9.9", "Host.Example.ORG", "joe");
  struct rules r;
  char tried[TRIED_SIZE] = "";

  rules_index_add_network(&index, ADDRESS_IPV4, 32);
  rules_index_add_network(&index, ADDRESS_IPV4, 8);
  WRITE(some, &index);
  ok(rules_open(&r, path, RULES_MAPPED) == 0 && r.needs == 0, "rules on addresses alone need no names");
  rules_lookup(&r, &q, &v, record_tried, tried);
  is_string(tried, "10.9.9.9 10. ", "lengths and kinds that no rule has cost no probe");
  rules_close(&r);

  WRITE(some, NULL);
  ok(rules_open(&r, path, RULES_MAPPED) == 0 && r.needs == (RULES_NEED_HOST | RULES_NEED_INFO),
     "a file made by ucspi-tcp may need names");
  q = query("11.9.9.9", "Host.Example.ORG", "Joe");
  tried[0] = '\0';
  rules_lookup(&r, &q, &v, record_tried, tried);
  is_string(tried,
            "Joe@11.9.9.9 Joe@=host.example.org 11.9.9.9 =host.example.org 11.9.9. 11.9. 11. =.example.org "
            "=.org =  ",
            "all its kinds of keys are tried, host names in small letters");
  tried[0] = '\0';
  q = query("2001:DB8:0::1", NULL, NULL);
  rules_lookup(&r, &q, &v, record_tried, tried);
  is_string(tried, "2001:db8::1  ", "an IPv6 peer has no dotted prefixes");
  rules_close(&r);
}

static void networks_of_both_families(void)
{
  static struct record const list[] = {DENY("2001:db8::/32"), ALLOW("2001:db8:0:1::/64"), ALLOW("::1"),
                                       DENY("::/0"), DENY("10.1.2.2/31")};
  struct rules_index const index = full_index(0);
  struct rules_verdict v;
  struct rules r;
  WRITE(list, &index);
  rules_open(&r, path, RULES_SNAPSHOT);
  v = look(&r, query("2001:db8:0:1::9", NULL, NULL));
  ok(v.decision == RULES_ALLOW && strcmp(v.key, "2001:db8:0:1::/64") == 0, "a /64 comes before its /32");
  v = look(&r, query("2001:db8:0:2::9", NULL, NULL));
  ok(v.decision == RULES_DENY && strcmp(v.key, "2001:db8::/32") == 0, "a /32 denies the rest");
  is_string(decides(&r, query("::1", NULL, NULL)), "::1", "a whole IPv6 address");
  is_string(decides(&r, query("fe80::1", NULL, NULL)), "::/0", "::/0 is every IPv6 peer");
  is_string(decides(&r, query("10.1.2.3", NULL, NULL)), "10.1.2.2/31", "a /31");
  is_string(decides(&r, query("::ffff:10.1.2.3", NULL, NULL)), "10.1.2.2/31",
            "a mapped peer is an IPv4 peer");
  is_string(decides(&r, query("10.1.2.4", NULL, NULL)), "default", "no match is the default");
  v = look(&r, query("10.1.2.4", NULL, NULL));
  ok(v.decision == RULES_DEFAULT, "the default has its own decision");
  rules_close(&r);
}

static unsigned int waits(struct rules *r, char const *ip, char const *host, char const *info,
                          unsigned int pending)
{
  struct rules_query q = query(ip, host, info);
  q.pending = pending;
  return look(r, q).waits;
}

static void verdicts_wait_for_what_may_change_them(void)
{
  static struct record const list[] = {DENY("10.1.2.3"), DENY("10."), ALLOW("")};
  unsigned int const host = RULES_NEED_HOST, info = RULES_NEED_INFO, both = host | info;
  struct rules_index index = full_index(0);
  struct rules r;

  WRITE(list, &index);
  rules_open(&r, path, RULES_MAPPED);
  ok(waits(&r, "10.1.2.3", NULL, NULL, both) == 0 && waits(&r, "9.9.9.9", NULL, NULL, both) == 0,
     "nothing is waited for when no rule asks for names");
  rules_close(&r);

  index = full_index(RULES_KINDS_ALL);
  WRITE(list, &index);
  rules_open(&r, path, RULES_MAPPED);
  ok(waits(&r, "10.1.2.3", NULL, NULL, host) == 0, "a whole address does not wait for a host name alone");
  ok(waits(&r, "10.1.2.3", NULL, NULL, both) == both, "a whole address waits for ident and what it leads to");
  ok(waits(&r, "10.1.2.3", NULL, "joe", host) == host, "info@=host waits for the host once ident is known");
  ok(waits(&r, "10.1.2.3", "h", NULL, info) == info, "and for ident once the host is known");
  ok(waits(&r, "10.9.9.9", NULL, NULL, host) == host, "a network waits for =host");
  ok(waits(&r, "10.9.9.9", NULL, NULL, 0) == 0, "facts that are missing for good are not waited for");
  ok(waits(&r, "9.9.9.9", NULL, NULL, both) == both, "the empty key waits for everything");
  rules_close(&r);

  index = full_index(RULES_KIND_SUFFIX);
  WRITE(list, &index);
  rules_open(&r, path, RULES_MAPPED);
  ok(waits(&r, "10.9.9.9", NULL, NULL, both) == 0, "a network does not wait for suffixes, which come later");
  ok(waits(&r, "9.9.9.9", NULL, NULL, both) == host, "the empty key waits for suffixes, not for ident");
  rules_close(&r);

  index = full_index(RULES_KIND_INFO_HOST);
  WRITE(list, &index);
  rules_open(&r, path, RULES_MAPPED);
  ok(waits(&r, "10.9.9.9", NULL, NULL, host) == 0, "info@=host can't match without ident");
  rules_close(&r);
}

static void edits_are_stepped_through(void)
{
  static struct record const list[] = {{"1.1.1.1", DATA("D\0+DIEMSG=go\0-OLD\0+A=\0")},
                                       {"1.1.1.2", DATA("")},
                                       {"1.1.1.3", DATA("+A=b")},
                                       {"1.1.1.4", DATA("X\0")},
                                       {"1.1.1.5", DATA("\0")},
                                       {"1.1.1.6", DATA("+A\0")},
                                       {"1.1.1.7", DATA("DENY\0")},
                                       {"1.1.1.8", DATA("-\0")},
                                       {"1.1.1.9", DATA("+A=b\0D\0")}};
  struct rules_verdict v;
  struct rules_edit edit;
  struct rules r;
  size_t offset = 0;

  WRITE(list, NULL);
  rules_open(&r, path, RULES_MAPPED);
  v = look(&r, query("1.1.1.1", NULL, NULL));
  ok(v.decision == RULES_DENY, "D denies");
  ok(rules_edit_next(&v, &offset, &edit) && edit.action == RULES_SET, "the first edit sets");
  is_string(edit.variable, "DIEMSG=go", "with name and value");
  ok(rules_edit_next(&v, &offset, &edit) && edit.action == RULES_UNSET, "the second edit unsets");
  is_string(edit.variable, "OLD", "with a name");
  ok(rules_edit_next(&v, &offset, &edit) && edit.action == RULES_SET, "the third edit sets");
  is_string(edit.variable, "A=", "an empty value");
  ok(!rules_edit_next(&v, &offset, &edit), "there are no more");
  offset = 0;
  is_string(rules_next_value(&v, &offset, "A"), "", "a variable's value is found by its name");
  ok(!rules_next_value(&v, &offset, "A"), "... once");
  offset = 0;
  ok(!rules_next_value(&v, &offset, "OLD"), "... not one that is unset");
  ok(!rules_next_value(&v, &offset, "DIEM"), "... nor by the beginning of its name");
  offset = 0;
  v = look(&r, query("1.1.1.2", NULL, NULL));
  ok(v.decision == RULES_ALLOW && !rules_edit_next(&v, &offset, &edit), "empty data allow");
  for (int digit = '3'; digit <= '8'; digit++) {
    char ip[] = "1.1.1.0";
    struct rules_query q;
    ip[6] = (char)digit;
    q = query(ip, NULL, NULL);
    errno = 0;
    ok(rules_lookup(&r, &q, &v, NULL, NULL) == -1 && errno == EPROTO,
       "data of an unknown form are an error (%c)", digit);
  }
  v = look(&r, query("1.1.1.9", NULL, NULL));
  ok(v.decision == RULES_DENY, "D denies wherever it stands");
  rules_close(&r);
}

static void first_of_two_equal_keys_wins(void)
{
  static struct record const list[] = {DENY("1.1.1.1"), ALLOW("1.1.1.1")};
  struct rules r;
  WRITE(list, NULL);
  rules_open(&r, path, RULES_MAPPED);
  ok(look(&r, query("1.1.1.1", NULL, NULL)).decision == RULES_DENY, "the first of two equal keys wins");
  rules_close(&r);
}

static void long_names_are_refused(void)
{
  static struct record const list[] = {ALLOW("")};
  static char longest[RULES_KEY_SIZE + 10];
  struct rules_verdict v;
  struct rules_query q;
  struct rules r;
  WRITE(list, NULL);
  rules_open(&r, path, RULES_MAPPED);
  memset(longest, 'a', sizeof longest - 1);
  q = query("1.1.1.1", NULL, longest);
  ok(rules_lookup(&r, &q, &v, NULL, NULL) == -1 && errno == ENAMETOOLONG, "an endless ident is an error");
  q = query("1.1.1.1", longest, NULL);
  ok(rules_lookup(&r, &q, &v, NULL, NULL) == -1 && errno == ENAMETOOLONG, "an endless host name is an error");
  longest[512] = '\0';
  q = query("1.1.1.1", longest + 512 - 255, longest);
  ok(rules_lookup(&r, &q, &v, NULL, NULL) == 0, "the longest legal ones fit");
  rules_close(&r);
  ok(rules_lookup(&r, &q, &v, NULL, NULL) == -1 && errno == EBADF,
     "closed rules are an error, not an answer");
}

static char image[100000];
static size_t image_size;

static void load_image(void)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  image_size = (size_t)read(fd, image, sizeof image);
  close(fd);
}

static void store_image(size_t size)
{
  int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);
  if (write(fd, image, size) != (ssize_t)size)
    abort();
  close(fd);
}

static int open_error(enum rules_source source)
{
  struct rules r;
  errno = 0;
  if (rules_open(&r, path, source) == 0) {
    rules_close(&r);
    return 0;
  }
  return errno;
}

static void truncated_files_are_errors(void)
{
  static struct record const list[] = {DENY("1.1.1.1"), ALLOW("10."), DENY("")};
  struct rules_index const index = full_index(0);
  size_t refused[2] = {0, 0};
  for (int indexed = 0; indexed < 2; indexed++) {
    WRITE(list, indexed ? &index : NULL);
    load_image();
    for (size_t size = 0; size < image_size; size++) {
      store_image(size);
      refused[indexed] += open_error(size % 2 ? RULES_MAPPED : RULES_SNAPSHOT) == EPROTO;
    }
    ok(refused[indexed] == image_size, "a file cut off at any of its %zu bytes is an error", image_size);
    store_image(image_size);
    ok(open_error(RULES_MAPPED) == 0, "the whole one is not");
    store_image(image_size + 1);
    ok(open_error(RULES_MAPPED) == EPROTO, "one with a byte too many is");
  }
}

static void wild_positions_are_errors(void)
{
  static struct record const list[] = {DENY("1.1.1.1"), ALLOW("10."), DENY("")};
  unsigned int const wild[] = {0, 1, 2047, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};
  static char good[sizeof image];
  size_t wrong = 0;
  WRITE(list, NULL);
  load_image();
  memcpy(good, image, image_size);
  for (size_t at = 0; at < 2048; at += 8)
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
      cdb_pack(wild[i], (unsigned char *)image + at);
      store_image(image_size);
      wrong += open_error(RULES_MAPPED) != EPROTO;
      memcpy(image, good, image_size);
    }
  ok(wrong == 0, "a table that starts outside is an error");

  /* Whatever four bytes behind the header become: an error or some answer, but no crash (see also the
   * sanitizers), and never a verdict that points out of the file. */
  for (size_t at = 2048; at + 4 <= image_size; at++)
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
      struct rules r;
      cdb_pack(wild[i], (unsigned char *)image + at);
      store_image(image_size);
      if (rules_open(&r, path, RULES_MAPPED) == 0) {
        struct rules_verdict v = look(&r, query("1.1.1.1", "a.b", "c"));
        size_t offset = 0;
        struct rules_edit edit;
        while (rules_edit_next(&v, &offset, &edit))
          wrong += edit.variable[0] == 'q';
        rules_close(&r);
      }
      memcpy(image, good, image_size);
    }
  ok(wrong == 0, "no four bytes crash a lookup");
}

/* The first slot of the table that has slots, from table `number` on; its number of slots in *slots. */
static size_t used_table(size_t number, size_t *slots)
{
  for (; number < 256; number++) {
    unsigned char const *head = (unsigned char *)image + 8 * number;
    *slots = cdb_unpack(head + 4);
    if (*slots > 0)
      return cdb_unpack(head);
  }
  abort();
}

static int stored_error(char const *good)
{
  int result[2];
  store_image(image_size);
  result[0] = open_error(RULES_MAPPED);
  result[1] = open_error(RULES_SNAPSHOT);
  memcpy(image, good, image_size);
  return result[0] == result[1] ? result[0] : -1;
}

static void tables_that_do_not_fit_the_records_are_errors(void)
{
  static char good[sizeof image];
  static struct record list[300];
  static char key[300][16];
  unsigned char *bytes = (unsigned char *)image;
  size_t slots, table, tables, used = 0, from = 0, to = 0, moved = 0, wrong = 0;

  for (unsigned int i = 0; i < 300; i++) {
    snprintf(key[i], sizeof key[i], "10.0.%u.%u", i / 256, i % 256);
    list[i] = (struct record){key[i], DATA("D\0")};
  }
  WRITE(list, NULL);
  load_image();
  memcpy(good, image, image_size);
  tables = cdb_unpack(bytes);

  memset(image + tables, 0, image_size - tables);
  ok(stored_error(good) == EPROTO, "tables of zeros are an error");
  table = used_table(0, &slots);
  memset(image + table, 0, slots * 8);
  ok(stored_error(good) == EPROTO, "one table of zeros is");
  memset(image + image_size / 2, 0, image_size - image_size / 2);
  ok(stored_error(good) == EPROTO, "a second half of zeros is");
  memset(image + 2048, 0, tables - 2048);
  ok(stored_error(good) == EPROTO, "records of zeros are");
  memset(image, 0, 2048);
  ok(stored_error(good) == EPROTO, "a head of zeros is");
  memset(image, 0, image_size);
  ok(stored_error(good) == EPROTO, "nothing but zeros is");

  /* Every slot: emptied, and pointed to other places; every unused one used. */
  for (size_t slot = tables; slot < image_size; slot += 8) {
    uint32_t position = cdb_unpack(bytes + slot + 4);
    uint32_t const elsewhere[] = {0,
                                  1,
                                  2047,
                                  2048,
                                  (uint32_t)tables - 1,
                                  (uint32_t)tables,
                                  0xffffffff,
                                  position + 1,
                                  position == 0 ? 2048 : position + 18};
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
      if (elsewhere[i] == position)
        continue;
      cdb_pack(elsewhere[i], bytes + slot + 4);
      wrong += stored_error(good) != EPROTO;
    }
    used += position != 0;
    if (position != 0) {
      bytes[slot] ^= 1;
      wrong += stored_error(good) != EPROTO;
    }
  }
  ok(used == 300 && wrong == 0, "each slot that says anything else is");

  /* Two slots changed so that the positions are still all there: exchanged, and moved out of reach. */
  for (size_t slot = tables; slot < image_size; slot += 8)
    if (cdb_unpack(bytes + slot + 4) != 0) {
      from = to;
      to = slot;
    }
  memcpy(image + from + 4, good + to + 4, 4);
  memcpy(image + to + 4, good + from + 4, 4);
  ok(stored_error(good) == EPROTO, "two slots with each other's records are");
  for (size_t number = 0; number < 256; number++) {
    table = cdb_unpack(bytes + 8 * number);
    if (cdb_unpack(bytes + 8 * number + 4) != 2)
      continue;
    memcpy(image + table, good + table + 8, 8);
    memcpy(image + table + 8, good + table, 8);
    wrong += stored_error(good) != EPROTO;
    moved++;
  }
  ok(moved > 0 && wrong == 0, "a slot behind an unused one, where no lookup comes, is");

  for (size_t i = 0; i < 300; i++)
    for (size_t field = 0; field < 8; field += 4) {
      size_t at = 2048, left = i;
      for (; left > 0; left--)
        at += 8 + cdb_unpack(bytes + at) + cdb_unpack(bytes + at + 4);
      cdb_pack(cdb_unpack(bytes + at + field) + (i % 2 ? 1 : -1U), bytes + at + field);
      wrong += stored_error(good) != EPROTO;
    }
  ok(wrong == 0, "a record with another length is");
  image[2048 + 8] ^= 1;
  ok(stored_error(good) == EPROTO, "another key is");
  ok(stored_error(good) == 0, "and the file as it was written is none");
  write_rules(path, NULL, 0, NULL);
  ok(open_error(RULES_MAPPED) == 0, "nor is one without rules");
}

static void a_bad_index_is_an_error(void)
{
  static struct record const short_one[] = {{"/", DATA("\1\0")}};
  static struct record const version[] = {{"/", DATA("\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")}};
  static struct record const kind[] = {{"/", DATA("\1\20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")}};
  static struct record const bit33[] = {{"/", DATA("\1\0\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")}};
  static struct record const good[] = {{"/", DATA("\1\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")}};
  WRITE(short_one, NULL);
  ok(open_error(RULES_MAPPED) == EPROTO, "an index of the wrong length is an error");
  WRITE(version, NULL);
  ok(open_error(RULES_MAPPED) == EPROTO, "an index of a later version is an error");
  WRITE(kind, NULL);
  ok(open_error(RULES_MAPPED) == EPROTO, "an unknown kind of rule is an error");
  WRITE(bit33, NULL);
  ok(open_error(RULES_MAPPED) == EPROTO, "a length beyond the family's is an error");
  WRITE(good, NULL);
  ok(open_error(RULES_MAPPED) == 0, "a sound index is not");
}

static void odd_files_are_errors(void)
{
  unlink(path);
  ok(open_error(RULES_MAPPED) == ENOENT, "a missing file is ENOENT");
  mkfifo(path, 0600);
  ok(open_error(RULES_SNAPSHOT) == EPROTO, "a FIFO is an error and does not block");
  unlink(path);
  mkdir(path, 0700);
  ok(open_error(RULES_SNAPSHOT) == EISDIR, "a folder is an error");
  rmdir(path);
  store_image(0);
  ok(open_error(RULES_SNAPSHOT) == EPROTO, "an empty file is an error");
  if (truncate(path, 5000000000) == 0)
    ok(open_error(RULES_MAPPED) == EFBIG, "a file over 4 GiB is an error");
}

/* Puts the time stamps far enough back that a change must show. */
static void settle(struct rules *r)
{
  r->settled = true;
}

static void replaced_files_take_effect(void)
{
  static struct record const deny[] = {DENY("1.1.1.1")}, allow[] = {ALLOW("1.1.1.1")};
  char other[sizeof path + 4];
  struct rules r = RULES_ZERO;
  int file;

  snprintf(other, sizeof other, "%s.new", path);
  unlink(path);
  ok(rules_refresh(&r, path, RULES_SNAPSHOT) == -1 && errno == ENOENT, "refresh without a file is ENOENT");
  WRITE(deny, NULL);
  ok(rules_refresh(&r, path, RULES_SNAPSHOT) == 0, "and opens it when it is there");
  settle(&r);
  file = r.file;
  ok(rules_refresh(&r, path, RULES_SNAPSHOT) == 0 && r.file == file, "an unchanged file stays open");
  ok(look(&r, query("1.1.1.1", NULL, NULL)).decision == RULES_DENY, "it denies");

  write_rules(other, allow, 1, NULL);
  rename(other, path);
  ok(look(&r, query("1.1.1.1", NULL, NULL)).decision == RULES_DENY,
     "a new file changes nothing before refresh");
  ok(rules_refresh(&r, path, RULES_SNAPSHOT) == 0, "refresh takes the new file");
  ok(look(&r, query("1.1.1.1", NULL, NULL)).decision == RULES_ALLOW, "it allows");

  WRITE(deny, NULL);
  rules_refresh(&r, path, RULES_SNAPSHOT);
  if (truncate(path, 100) == -1)
    abort();
  ok(look(&r, query("1.1.1.1", NULL, NULL)).decision == RULES_DENY,
     "a snapshot survives that its file is cut off in place");
  ok(rules_refresh(&r, path, RULES_SNAPSHOT) == -1 && errno == EPROTO, "refresh then reports the damage");
  ok(r.file == -1 && r.copy == -1, "and closes");
  WRITE(allow, NULL);
  ok(rules_refresh(&r, path, RULES_SNAPSHOT) == 0, "the next refresh tries again");
  unlink(path);
  ok(rules_refresh(&r, path, RULES_SNAPSHOT) == -1 && errno == ENOENT, "a file that went away is ENOENT");
  rules_close(&r);
}

/* The clock that stamps files ticks every few milliseconds: stamps of two writes may well be equal. */
static void quick_overwrites_are_seen(void)
{
  static struct record const deny[] = {DENY("1.1.1.1")}, other[] = {DENY("1.1.1.2")};
  struct rules r = RULES_ZERO;
  int missed = 0;
  for (int round = 0; round < 50; round++) {
    WRITE(deny, NULL);
    rules_refresh(&r, path, RULES_SNAPSHOT);
    WRITE(other, NULL);
    rules_refresh(&r, path, RULES_SNAPSHOT);
    missed += look(&r, query("1.1.1.1", NULL, NULL)).decision != RULES_DEFAULT;
  }
  ok(missed == 0, "an overwrite of the same size within one tick of the clock is seen");
  rules_close(&r);
}

static void descriptors_are_closed(void)
{
  static struct record const deny[] = {DENY("1.1.1.1")};
  struct rules r;
  int before, after;
  WRITE(deny, NULL);
  before = dup(0);
  close(before);
  for (int i = 0; i < 20; i++) {
    rules_open(&r, path, RULES_SNAPSHOT);
    if (i == 0)
      ok((fcntl(r.file, F_GETFD) & FD_CLOEXEC) && (r.copy == -1 || (fcntl(r.copy, F_GETFD) & FD_CLOEXEC)),
         "descriptors do not leak into programs");
    rules_close(&r);
    store_image(10);
    rules_open(&r, path, RULES_SNAPSHOT);
    WRITE(deny, NULL);
  }
  after = dup(0);
  close(after);
  ok(before == after, "descriptors are closed whether opening succeeds or fails");
}

int main(void)
{
  int fd = mkstemp(path);
  close(fd);
  first_match_wins();
  only_kinds_in_use_are_tried();
  networks_of_both_families();
  verdicts_wait_for_what_may_change_them();
  edits_are_stepped_through();
  first_of_two_equal_keys_wins();
  long_names_are_refused();
  truncated_files_are_errors();
  wild_positions_are_errors();
  tables_that_do_not_fit_the_records_are_errors();
  a_bad_index_is_an_error();
  odd_files_are_errors();
  replaced_files_take_effect();
  quick_overwrites_are_seen();
  descriptors_are_closed();
  unlink(path);
  return tap_done();
}
