/* rules.c - see rules.h. The file is checked as a whole when it is opened; a lookup then costs one probe for
 * each kind of key in use, and no allocation. */
#include "rules.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#ifdef MFD_CLOEXEC
#include <sys/sendfile.h>
#endif

#include "namedfile.h"

#define CDB_TABLES    256
#define CDB_HEAD_SIZE (CDB_TABLES * 8)

/* Kernels stamp files with the time of the last timer tick, 10 ms ago at most. */
#define STAMP_GRAIN_NS 20000000

static bool index_has(uint8_t const *lengths, unsigned int bits)
{
  return lengths[bits / 8] >> (bits % 8) & 1;
}

void rules_index_add_network(struct rules_index *index, enum address_family family, unsigned int bits)
{
  uint8_t *lengths = family == ADDRESS_IPV4 ? index->lengths4 : index->lengths6;
  lengths[bits / 8] = (uint8_t)(lengths[bits / 8] | 1u << (bits % 8));
}

bool rules_index_has_network(struct rules_index const *index, enum address_family family, unsigned int bits)
{
  return index_has(family == ADDRESS_IPV4 ? index->lengths4 : index->lengths6, bits);
}

void rules_index_encode(uint8_t out[RULES_INDEX_SIZE], struct rules_index const *index)
{
  out[0] = RULES_INDEX_VERSION;
  out[1] = index->kinds;
  memcpy(out + 2, index->lengths4, sizeof index->lengths4);
  memcpy(out + 2 + sizeof index->lengths4, index->lengths6, sizeof index->lengths6);
}

static bool index_decode(struct rules_index *index, uint8_t const *data, size_t len)
{
  if (len != RULES_INDEX_SIZE || data[0] != RULES_INDEX_VERSION || (data[1] & ~RULES_KINDS_ALL) != 0)
    return false;
  index->kinds = data[1];
  memcpy(index->lengths4, data + 2, sizeof index->lengths4);
  memcpy(index->lengths6, data + 2 + sizeof index->lengths4, sizeof index->lengths6);
  return (index->lengths4[4] & 0xfe) == 0 && (index->lengths6[16] & 0xfe) == 0;
}

/* What ucspi-tcp's tcprules may have put into a file. */
static struct rules_index const index_of_ucspi_tcp = {
    .kinds = RULES_KINDS_ALL, .lengths4 = {0, 1, 1, 1, 1}, .lengths6 = {[16] = 1}};

static int read_index(struct rules *r)
{
  unsigned int kinds;
  switch (cdb_find(&r->cdb, RULES_INDEX_KEY, sizeof RULES_INDEX_KEY - 1)) {
  case 0: r->index = index_of_ucspi_tcp; break;
  case 1: {
    uint8_t const *data = cdb_getdata(&r->cdb);
    if (data && index_decode(&r->index, data, cdb_datalen(&r->cdb)))
      break;
    errno = EPROTO;
    return -1;
  }
  default: return -1;
  }
  kinds = r->index.kinds;
  r->needs = 0;
  if (kinds & (RULES_KIND_INFO_ADDRESS | RULES_KIND_INFO_HOST))
    r->needs |= RULES_NEED_INFO;
  if (kinds & (RULES_KIND_INFO_HOST | RULES_KIND_HOST | RULES_KIND_SUFFIX))
    r->needs |= RULES_NEED_HOST;
  return 0;
}

/* --- Soundness -----------------------------------------------------------------------------------------
 * tinycdb checks what a lookup touches. That is not enough: a slot of a table that a crash has zeroed says "no such
 * rule", which allows. So a file is read once, front to back, when it is opened: it must consist of records, then
 * of the 256 tables one behind the other, as all makers of cdbs write it, and the tables must have exactly one
 * slot for each record, where a lookup finds it. The order of slots is not that of records, so they are
 * compared by count and sum of what each says about a record. */

#define CDB_RECORD_HEAD_SIZE 8
#define CDB_SLOT_SIZE        8

struct tally {
  uint64_t count, sum;
};

/* Mixed (as in splitmix64), so that errors in two records or slots do not cancel out in the sum. */
static void tally_add(struct tally *t, uint32_t hash, uint32_t position)
{
  uint64_t x = (uint64_t)hash << 32 | position;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  t->count++;
  t->sum += x ^ x >> 31;
}

/* The records fill the file from the end of the head to `end`. */
static bool tally_records(struct tally *t, unsigned char const *file, uint32_t end)
{
  uint32_t position = CDB_HEAD_SIZE;
  while (position < end) {
    uint32_t left = end - position, key_len, data_len;
    if (left < CDB_RECORD_HEAD_SIZE)
      return false;
    left -= CDB_RECORD_HEAD_SIZE;
    key_len = cdb_unpack(file + position);
    data_len = cdb_unpack(file + position + 4);
    if (key_len > left || data_len > left - key_len)
      return false;
    tally_add(t, cdb_hash(file + position + CDB_RECORD_HEAD_SIZE, key_len), position);
    position += CDB_RECORD_HEAD_SIZE + key_len + data_len;
  }
  return true;
}

static uint32_t slot_position(unsigned char const *table, uint32_t slot)
{
  return cdb_unpack(table + (size_t)slot * CDB_SLOT_SIZE + 4);
}

/* Half of the slots are used. A lookup starts at the slot that the hash names and ends at an unused one, so
 * that there may be none between that and the record's. */
static bool tally_table(struct tally *t, unsigned char const *table, uint32_t slots, unsigned int number)
{
  uint32_t used = 0, run = 0; /* used slots directly before this one, around the end of the table too */
  while (run < slots && slot_position(table, slots - 1 - run) != 0)
    run++;
  for (uint32_t i = 0; i < slots; i++) {
    uint32_t position = slot_position(table, i), hash, home;
    if (position == 0) {
      run = 0;
      continue;
    }
    hash = cdb_unpack(table + (size_t)i * CDB_SLOT_SIZE);
    home = (hash >> 8) % slots;
    if (hash % CDB_TABLES != number || (i >= home ? i - home : slots - home + i) > run)
      return false;
    tally_add(t, hash, position);
    used++;
    run++;
  }
  return used == slots / 2 && slots % 2 == 0;
}

static bool file_sound(struct cdb *cdb, uint32_t size)
{
  unsigned char const *file = cdb_get(cdb, size, 0);
  struct tally records = {0}, slots = {0};
  uint32_t end;
  if (!file || size < CDB_HEAD_SIZE)
    return false;
  end = cdb_unpack(file);
  if (end < CDB_HEAD_SIZE || end > size || !tally_records(&records, file, end))
    return false;
  for (unsigned int i = 0; i < CDB_TABLES; i++) {
    uint32_t table = cdb_unpack(file + (size_t)8 * i), length = cdb_unpack(file + (size_t)8 * i + 4);
    if (table != end || length > (size - end) / CDB_SLOT_SIZE ||
        !tally_table(&slots, file + table, length, i))
      return false;
    end += length * CDB_SLOT_SIZE;
  }
  return end == size && slots.count == records.count && slots.sum == records.sum;
}

static bool same_time(struct timespec a, struct timespec b)
{
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_file(struct stat const *a, struct stat const *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
         same_time(a->st_mtim, b->st_mtim) && same_time(a->st_ctim, b->st_ctim);
}

/* A file written to just now could be written to again without a visible change of its time stamps. A stamp
 * from the future says that clocks differ, and proves nothing either way. */
static bool stamps_are_old(struct stat const *st)
{
  struct timespec now;
  int64_t age_s;
  clock_gettime(CLOCK_REALTIME, &now);
  age_s = (int64_t)now.tv_sec - (int64_t)st->st_ctim.tv_sec;
  if (age_s > 2 || age_s < -2)
    return true;
  return age_s * 1000000000 + (now.tv_nsec - st->st_ctim.tv_nsec) > STAMP_GRAIN_NS;
}

static int open_regular(struct rules *r, char const *path)
{
  r->file = namedfile_open(path, &r->seen);
  if (r->file == -1)
    return -1;
  if ((uint64_t)r->seen.st_size > UINT32_MAX) {
    errno = EFBIG; /* positions in a cdb have 32 bits */
    return -1;
  }
  r->settled = stamps_are_old(&r->seen);
  return 0;
}

/* Copies the file into anonymous memory, so that an overwrite in place (cp new.cdb rules.cdb) can neither
 * kill us with SIGBUS nor show us half of each. Where the system can't, the file itself is used. */
static int take_snapshot(struct rules *r)
{
#ifdef MFD_CLOEXEC
  struct stat after;
  off_t copied = 0;
  r->copy = memfd_create("rules", MFD_CLOEXEC);
  if (r->copy == -1)
    return errno == ENOSYS ? 0 : -1;
  while (copied < r->seen.st_size) {
    ssize_t n = sendfile(r->copy, r->file, &copied, (size_t)(r->seen.st_size - copied));
    if (n == 0)
      break;
    if (n == -1 && errno != EINTR)
      return -1;
  }
  if (fstat(r->file, &after) == -1)
    return -1;
  /* Not the change time: another file that is moved into the place of this one changes it, too. */
  if (copied != r->seen.st_size || after.st_size != r->seen.st_size ||
      !same_time(r->seen.st_mtim, after.st_mtim)) {
    errno = EPROTO;
    return -1;
  }
#else
  (void)r;
#endif
  return 0;
}

static int open_sound(struct rules *r, char const *path, enum rules_source source)
{
  if (open_regular(r, path) == -1)
    return -1;
  if (source == RULES_SNAPSHOT && take_snapshot(r) == -1)
    return -1;
  if (cdb_init(&r->cdb, r->copy == -1 ? r->file : r->copy) == -1)
    return -1;
  if (!file_sound(&r->cdb, (uint32_t)r->seen.st_size)) {
    errno = EPROTO;
    return -1;
  }
  return read_index(r);
}

int rules_open(struct rules *r, char const *path, enum rules_source source)
{
  *r = (struct rules)RULES_ZERO;
  if (open_sound(r, path, source) == -1) {
    rules_close(r);
    return -1;
  }
  return 0;
}

void rules_close(struct rules *r)
{
  int saved = errno;
  cdb_free(&r->cdb);
  if (r->copy != -1)
    close(r->copy);
  if (r->file != -1)
    close(r->file);
  *r = (struct rules)RULES_ZERO;
  errno = saved;
}

int rules_refresh(struct rules *r, char const *path, enum rules_source source)
{
  struct stat now;
  if (r->file != -1) {
    int found = stat(path, &now);
    if (found == 0 && r->settled && same_file(&now, &r->seen))
      return 0;
    rules_close(r);
    if (found == -1)
      return -1;
  }
  return rules_open(r, path, source);
}

bool rules_data_sound(char const *data, size_t len, bool *deny)
{
  *deny = false;
  while (len > 0) {
    char const *end = memchr(data, '\0', len);
    if (!end)
      return false;
    switch (data[0]) {
    case 'D':
      if (end != data + 1)
        return false;
      *deny = true;
      break;
    case '+':
      if (!memchr(data, '=', (size_t)(end - data)))
        return false;
      break;
    case '-':
      if (end == data + 1)
        return false;
      break;
    default: return false;
    }
    len -= (size_t)(end + 1 - data);
    data = end + 1;
  }
  return true;
}

bool rules_edit_next(struct rules_verdict const *v, size_t *offset, struct rules_edit *edit)
{
  while (*offset < v->edits_len) {
    char const *item = v->edits + *offset;
    *offset += strlen(item) + 1; /* rules_lookup saw a NUL at the end of each item */
    if (item[0] == 'D')
      continue;
    edit->action = item[0] == '+' ? RULES_SET : RULES_UNSET;
    edit->variable = item + 1;
    return true;
  }
  return false;
}

char const *rules_next_value(struct rules_verdict const *v, size_t *offset, char const *name)
{
  struct rules_edit edit;
  size_t len = strlen(name);
  while (rules_edit_next(v, offset, &edit))
    if (edit.action == RULES_SET && strncmp(edit.variable, name, len) == 0 && edit.variable[len] == '=')
      return edit.variable + len + 1;
  return NULL;
}

/* --- Lookup --------------------------------------------------------------------------------------------
 * The steps of tcprules(5) in their order. Each returns MATCH, NO_MATCH or DAMAGED; the first that is not
 * NO_MATCH ends the lookup. The key under trial is built in the verdict itself. */

enum outcome { DAMAGED = -1, NO_MATCH = 0, MATCH = 1 };

struct lookup {
  struct rules *r;
  struct rules_verdict *v;
  struct address address;
  char const *host, *info;
  unsigned int pending;
  size_t address_len;
  char address_text[ADDRESS_TEXT_SIZE];
  void (*tried)(char const *key, void *context);
  void *context;
};

/* Looks the first len bytes of v->key up. */
static enum outcome probe(struct lookup *l, size_t len)
{
  struct rules_verdict *v = l->v;
  struct cdb *cdb = &l->r->cdb;
  int found;
  bool deny;

  v->key[len] = '\0';
  if (l->tried)
    l->tried(v->key, l->context);
  found = cdb_find(cdb, v->key, (unsigned int)len);
  if (found <= 0)
    return found == 0 ? NO_MATCH : DAMAGED;
  v->edits_len = cdb_datalen(cdb);
  v->edits = cdb_getdata(cdb);
  if (!v->edits || !rules_data_sound(v->edits, v->edits_len, &deny)) {
    errno = EPROTO;
    return DAMAGED;
  }
  v->decision = deny ? RULES_DENY : RULES_ALLOW;
  return MATCH;
}

static char small_letter(char byte)
{
  if (byte < 'A' || byte > 'Z')
    return byte;
  return (char)(byte - 'A' + 'a');
}

/* Appends text at *len, small letters for capitals if it is a host name; false if the key gets too long. */
static bool append(struct lookup *l, size_t *len, char const *text, bool is_host)
{
  for (; *text; text++) {
    if (*len >= RULES_KEY_SIZE - 1)
      return false;
    char *end = l->v->key + (*len)++;
    *end = *text;
    if (is_host)
      *end = small_letter(*end);
  }
  return true;
}

static bool uses(struct lookup const *l, enum rules_kind kind)
{
  return (l->r->index.kinds & kind) != 0;
}

/* True if rules that ask for `facts` can be tried. If some fact is still to come, it is noted that the
 * verdict waits for it; if one is missing for good, such rules do not matter. */
static bool known(struct lookup *l, unsigned int facts)
{
  unsigned int missing = 0;
  if ((facts & RULES_NEED_HOST) && !l->host)
    missing |= RULES_NEED_HOST;
  if ((facts & RULES_NEED_INFO) && !l->info)
    missing |= RULES_NEED_INFO;
  if (missing != 0 && (missing & ~l->pending) == 0)
    l->v->waits |= missing;
  return missing == 0;
}

static enum outcome too_long(void)
{
  errno = ENAMETOOLONG;
  return DAMAGED;
}

static enum outcome try_info_at_address(struct lookup *l)
{
  size_t len = 0;
  if (!uses(l, RULES_KIND_INFO_ADDRESS) || !known(l, RULES_NEED_INFO))
    return NO_MATCH;
  if (!append(l, &len, l->info, false) || !append(l, &len, "@", false) ||
      !append(l, &len, l->address_text, false))
    return too_long();
  return probe(l, len);
}

static enum outcome try_info_at_host(struct lookup *l)
{
  size_t len = 0;
  if (!uses(l, RULES_KIND_INFO_HOST) || !known(l, RULES_NEED_INFO | RULES_NEED_HOST))
    return NO_MATCH;
  if (!append(l, &len, l->info, false) || !append(l, &len, "@=", false) || !append(l, &len, l->host, true))
    return too_long();
  return probe(l, len);
}

static uint8_t const *lengths_of(struct lookup const *l)
{
  return l->address.family == ADDRESS_IPV4 ? l->r->index.lengths4 : l->r->index.lengths6;
}

static enum outcome try_address(struct lookup *l)
{
  if (l->address.family == ADDRESS_NONE || !index_has(lengths_of(l), address_bits(&l->address)))
    return NO_MATCH;
  memcpy(l->v->key, l->address_text, l->address_len);
  return probe(l, l->address_len);
}

static enum outcome try_host(struct lookup *l)
{
  size_t len = 0;
  if (!uses(l, RULES_KIND_HOST) || !known(l, RULES_NEED_HOST))
    return NO_MATCH;
  if (!append(l, &len, "=", false) || !append(l, &len, l->host, true))
    return too_long();
  return probe(l, len);
}

/* "10.1.2." is how ucspi-tcp writes 10.1.2.0/24. */
static size_t print_dotted_prefix(struct lookup *l, unsigned int bits)
{
  size_t len = 0;
  for (unsigned int dots = bits / 8; dots > 0; len++)
    if (l->address_text[len] == '.')
      dots--;
  memcpy(l->v->key, l->address_text, len);
  return len;
}

static size_t print_network(struct lookup *l, unsigned int bits)
{
  struct address masked = l->address;
  char *p = l->v->key;
  address_mask(&masked, bits);
  p += address_print(p, &masked);
  *p++ = '/';
  if (bits >= 100)
    *p++ = (char)('0' + bits / 100);
  if (bits >= 10)
    *p++ = (char)('0' + bits / 10 % 10);
  *p++ = (char)('0' + bits % 10);
  return (size_t)(p - l->v->key);
}

static enum outcome try_networks(struct lookup *l)
{
  uint8_t const *lengths = lengths_of(l);
  enum outcome outcome = NO_MATCH;
  for (unsigned int bits = address_bits(&l->address); bits-- > 0 && outcome == NO_MATCH;) {
    bool dotted = l->address.family == ADDRESS_IPV4 && bits % 8 == 0 && bits > 0;
    if (index_has(lengths, bits))
      outcome = probe(l, dotted ? print_dotted_prefix(l, bits) : print_network(l, bits));
  }
  return outcome;
}

static enum outcome try_suffixes(struct lookup *l)
{
  enum outcome outcome = NO_MATCH;
  if (!uses(l, RULES_KIND_SUFFIX) || !known(l, RULES_NEED_HOST))
    return NO_MATCH;
  l->v->key[0] = '=';
  for (char const *dot = strchr(l->host, '.'); dot && outcome == NO_MATCH; dot = strchr(dot + 1, '.')) {
    size_t len = 1;
    if (!append(l, &len, dot, true))
      return too_long();
    outcome = probe(l, len);
  }
  return outcome == NO_MATCH ? probe(l, 1) : outcome;
}

static enum outcome try_everybody(struct lookup *l)
{
  return probe(l, 0);
}

static enum outcome (*const steps[])(struct lookup *) = {
    try_info_at_address, try_info_at_host, try_address, try_host, try_networks, try_suffixes, try_everybody};

int rules_lookup(struct rules *r, struct rules_query const *q, struct rules_verdict *v,
                 void (*tried)(char const *key, void *context), void *context)
{
  struct lookup l = {.r = r,
                     .v = v,
                     .address = q->address,
                     .host = q->host,
                     .info = q->info,
                     .pending = q->pending,
                     .tried = tried,
                     .context = context};
  enum outcome outcome = NO_MATCH;

  v->decision = RULES_DEFAULT;
  v->waits = 0;
  v->edits = "";
  v->edits_len = 0;
  if (r->file == -1) {
    v->key[0] = '\0';
    errno = EBADF;
    return -1;
  }
  address_unmap(&l.address);
  l.address_len = address_print(l.address_text, &l.address);
  for (size_t i = 0; i < sizeof steps / sizeof *steps && outcome == NO_MATCH; i++)
    outcome = steps[i](&l);
  if (outcome == NO_MATCH)
    v->key[0] = '\0';
  return outcome == DAMAGED ? -1 : 0;
}
