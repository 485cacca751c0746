/* ruletable.c - see ruletable.h. The image: a head, then masks, slots of a hash table, rows, rests of patterns, and strings.
 * A slot's key is an address under a mask, the mask's number, and a port; its value is the first of the rows that have
 * this key, which are chained in their order. */
#include "ruletable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transfer.h"

#if defined(MFD_ALLOW_SEALING) && defined(F_ADD_SEALS)
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#endif

enum { PORTS_ALL = 1, PORTS_ONE = 2 };

struct ruletable_image_row {
  uint32_t next; /* row + 1 of the same key, 0: none. Always a later one */
  uint32_t rest; /* rest + 1, or 0 */
  uint32_t text, edits, edits_len;
  uint16_t text_len;
  uint8_t family, deny;
};

struct head {
  char magic[16];
  uint64_t seed[2];
  uint64_t masks, slots, rows, rests, strings; /* how many of each; slots are a power of two */
};

static char const magic[16] = "ucspi rules 1";

/* --- Making one ---------------------------------------------------------------------------------------------------- */

/* Makes room for `more` elements behind `count`. False with errno. */
static bool grow(void **at, size_t *room, size_t count, size_t more, size_t size)
{
  size_t wanted = *room ? *room : 64;
  void *bigger;
  if (count > UINT32_MAX - 1 || more > UINT32_MAX - 1 - count) {
    errno = EFBIG;
    return false;
  }
  if (count + more <= *room)
    return true;
  while (wanted < count + more)
    wanted *= 2;
  bigger = reallocarray(*at, wanted, size);
  if (!bigger)
    return false;
  *at = bigger;
  *room = wanted;
  return true;
}
#define GROW(array, room, count, more) grow((void **)&(array), &(room), (count), (more), sizeof *(array))

/* Its number, or -1 with errno. There are few: a mask of a network's length, or of whole parts. */
static long mask_number(struct ruletable_builder *b, struct addresspattern const *p)
{
  struct ruletable_mask *new;
  for (size_t i = 0; i < b->masks; i++)
    if (b->mask[i].family == (uint8_t)p->family && memcmp(b->mask[i].mask, p->mask, sizeof p->mask) == 0)
      return (long)i;
  if (b->masks > UINT16_MAX) {
    errno = EFBIG;
    return -1;
  }
  if (!GROW(b->mask, b->mask_room, b->masks, 1))
    return -1;
  new = &b->mask[b->masks];
  memset(new, 0, sizeof *new);
  new->family = (uint8_t)p->family;
  memcpy(new->mask, p->mask, sizeof new->mask);
  return (long)b->masks++;
}

/* Its place among the strings; false with errno. */
static bool add_string(struct ruletable_builder *b, char const *text, size_t len, uint32_t *place)
{
  if (!GROW(b->strings, b->strings_room, b->strings_len, len))
    return false;
  if (len > 0)
    memcpy(b->strings + b->strings_len, text, len);
  *place = (uint32_t)b->strings_len;
  b->strings_len += len;
  return true;
}

/* The last row's if they are the same, as they often are. */
static bool add_edits(struct ruletable_builder *b, struct ruletable_row const *row,
                      struct ruletable_image_row *out)
{
  struct ruletable_image_row const *last = b->rows > 0 ? &b->row[b->rows - 1] : NULL;
  out->edits_len = (uint32_t)row->edits_len;
  if (row->edits_len > 0 && last && last->edits_len == row->edits_len &&
      memcmp(b->strings + last->edits, row->edits, row->edits_len) == 0) {
    out->edits = last->edits;
    return true;
  }
  return add_string(b, row->edits, row->edits_len, &out->edits);
}

static void make_key(uint8_t key[HASHTABLE_KEY_SIZE], uint8_t const octets[16], uint8_t const mask[16],
                     size_t number, uint16_t port)
{
  for (size_t i = 0; i < 16; i++)
    key[i] = octets[i] & mask[i];
  key[16] = (uint8_t)(number >> 8);
  key[17] = (uint8_t)number;
  key[18] = (uint8_t)(port >> 8);
  key[19] = (uint8_t)port;
}

int ruletable_add(struct ruletable_builder *b, struct addresspattern const *pattern,
                  struct ruletable_row const *row)
{
  struct ruletable_image_row *out;
  long number;
  if (b->rows >= RULETABLE_ROWS_MAX || row->text_len > UINT16_MAX || row->edits_len > RULETABLE_EDITS_SIZE) {
    errno = EFBIG;
    return -1;
  }
  number = mask_number(b, pattern);
  if (number == -1 || !GROW(b->row, b->row_room, b->rows, 1) || !GROW(b->key, b->key_room, b->rows, 1) ||
      !GROW(b->rest, b->rest_room, b->rests, 1))
    return -1;
  out = &b->row[b->rows];
  memset(out, 0, sizeof *out);
  out->family = (uint8_t)pattern->family;
  out->deny = row->deny;
  out->text_len = (uint16_t)row->text_len;
  if (!add_string(b, row->text, row->text_len, &out->text) || !add_edits(b, row, out))
    return -1;
  if (pattern->has_rest) {
    b->rest[b->rests++] = pattern->rest;
    out->rest = (uint32_t)b->rests;
  }
  b->mask[number].ports |= row->port == 0 ? PORTS_ALL : PORTS_ONE;
  make_key(b->key[b->rows], pattern->value, pattern->mask, (size_t)number, row->port);
  b->rows++;
  return 0;
}

/* So many rows before they are chained. */
#define FETCH_AHEAD 16

/* From the last row to the first, so that each becomes the head of those that follow it. */
static int chain_rows(struct ruletable_builder *b, struct hashtable *slots)
{
  if (hashtable_reserve(slots, b->rows + 1) == -1)
    return -1;
  for (size_t i = b->rows; i-- > 0;) {
    if (i >= FETCH_AHEAD)
      hashtable_fetch(slots, b->key[i - FETCH_AHEAD]);
    if (hashtable_exchange(slots, b->key[i], (uint32_t)i + 1, &b->row[i].next) == -1)
      return -1;
  }
  return 0;
}

#ifdef SEALS
static bool put(int fd, void const *at, size_t count, size_t size)
{
  return count == 0 || transfer_write(fd, at, count * size);
}

static int write_image(struct ruletable_builder const *b, struct hashtable const *slots)
{
  struct head h = {.seed = {slots->seed[0], slots->seed[1]},
                   .masks = b->masks,
                   .slots = slots->capacity,
                   .rows = b->rows,
                   .rests = b->rests,
                   .strings = b->strings_len};
  int fd = memfd_create("rules", MFD_CLOEXEC | MFD_ALLOW_SEALING), error;
  if (fd == -1)
    return -1;
  memcpy(h.magic, magic, sizeof h.magic);
  if (put(fd, &h, 1, sizeof h) && put(fd, b->mask, b->masks, sizeof *b->mask) &&
      put(fd, slots->slot, slots->capacity, sizeof *slots->slot) &&
      put(fd, b->row, b->rows, sizeof *b->row) && put(fd, b->rest, b->rests, sizeof *b->rest) &&
      put(fd, b->strings, b->strings_len, 1) && fcntl(fd, F_ADD_SEALS, SEALS) == 0)
    return fd;
  error = errno;
  close(fd);
  errno = error;
  return -1;
}
#else
static int write_image(struct ruletable_builder const *b, struct hashtable const *slots)
{
  (void)b;
  (void)slots;
  errno = ENOSYS;
  return -1;
}
#endif

int ruletable_finish(struct ruletable_builder *b)
{
  struct hashtable slots;
  int fd = -1, error;
  hashtable_init(&slots);
  if (chain_rows(b, &slots) == 0)
    fd = write_image(b, &slots);
  error = errno;
  hashtable_free(&slots);
  errno = error;
  return fd;
}

void ruletable_builder_free(struct ruletable_builder *b)
{
  free(b->row);
  free(b->key);
  free(b->rest);
  free(b->mask);
  free(b->strings);
  *b = (struct ruletable_builder)RULETABLE_BUILDER_ZERO;
}

/* --- Asking one ---------------------------------------------------------------------------------------------------- */

static int damaged(void)
{
  errno = EPROTO;
  return -1;
}

/* Where the parts of an image are. All counts are such that they end within it: is_whole(). Nothing in it is aligned. */
struct parts {
  struct head head;
  unsigned char const *masks, *slots, *rows, *rests, *strings;
};

static struct parts parts_of(struct ruletable const *t)
{
  struct parts p;
  memcpy(&p.head, t->image, sizeof p.head);
  p.masks = t->image + sizeof p.head;
  p.slots = p.masks + p.head.masks * sizeof(struct ruletable_mask);
  p.rows = p.slots + p.head.slots * sizeof(struct hashtable_slot);
  p.rests = p.rows + p.head.rows * sizeof(struct ruletable_image_row);
  p.strings = p.rests + p.head.rests * sizeof(union addresspattern_rest);
  return p;
}

static bool is_whole(struct ruletable const *t)
{
  struct head h;
  uint64_t size = sizeof h;
  if (t->size < sizeof h)
    return false;
  memcpy(&h, t->image, sizeof h);
  if (memcmp(h.magic, magic, sizeof magic) != 0 || h.masks > UINT16_MAX + 1u || h.slots > UINT32_MAX ||
      h.rows > RULETABLE_ROWS_MAX || h.rests > h.rows || h.strings > UINT32_MAX || h.slots == 0 ||
      (h.slots & (h.slots - 1)) != 0)
    return false;
  size += h.masks * sizeof(struct ruletable_mask) + h.slots * sizeof(struct hashtable_slot) +
          h.rows * sizeof(struct ruletable_image_row) + h.rests * sizeof(union addresspattern_rest) +
          h.strings;
  return size == t->size;
}

static bool is_sealed(int fd)
{
#ifdef SEALS
  int seals = fcntl(fd, F_GET_SEALS);
  return seals != -1 && (seals & SEALS) == SEALS;
#else
  (void)fd;
  return false;
#endif
}

int ruletable_open(struct ruletable *t, int fd)
{
  struct stat st;
  void *image;
  *t = (struct ruletable)RULETABLE_ZERO;
  if (!is_sealed(fd) || fstat(fd, &st) == -1 || st.st_size < (off_t)sizeof(struct head))
    return damaged();
  image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (image == MAP_FAILED)
    return -1;
  *t = (struct ruletable){.image = image, .size = (size_t)st.st_size};
  if (is_whole(t))
    return 0;
  ruletable_close(t);
  return damaged();
}

void ruletable_close(struct ruletable *t)
{
  if (t->image)
    munmap((void *)(uintptr_t)t->image, t->size);
  *t = (struct ruletable)RULETABLE_ZERO;
}

size_t ruletable_rows(struct ruletable const *t)
{
  return t->image ? (size_t)parts_of(t).head.rows : 0;
}

/* The first row + 1 with that key, or 0. However full the table is, it is gone through once at most. */
static uint32_t first_row(struct parts const *p, uint8_t const key[HASHTABLE_KEY_SIZE])
{
  uint64_t mask = p->head.slots - 1, at = hashtable_hash(p->head.seed, key);
  for (uint64_t i = 0; i < p->head.slots; i++) {
    struct hashtable_slot slot;
    memcpy(&slot, p->slots + ((at + i) & mask) * sizeof slot, sizeof slot);
    if (slot.value == 0 || memcmp(slot.key, key, sizeof slot.key) == 0)
      return slot.value;
  }
  return 0;
}

static int get_row(struct parts const *p, uint32_t number, struct ruletable_image_row *row)
{
  if (number >= p->head.rows)
    return damaged();
  memcpy(row, p->rows + number * sizeof *row, sizeof *row);
  return 0;
}

static int rest_matches(struct parts const *p, struct ruletable_image_row const *row, struct address const *a)
{
  union addresspattern_rest rest;
  if (row->rest == 0)
    return 1;
  if (row->rest > p->head.rests || row->family != (uint8_t)a->family)
    return damaged();
  memcpy(&rest, p->rests + (row->rest - 1) * sizeof rest, sizeof rest);
  return addresspattern_rest_matches(&rest, a);
}

static int add_chain(struct parts const *p, uint32_t first, struct address const *a,
                     struct ruletable_matches *m)
{
  uint32_t next = first;
  while (next != 0) {
    uint32_t number = next - 1;
    struct ruletable_image_row row;
    int matches;
    if (get_row(p, number, &row) == -1)
      return -1;
    matches = rest_matches(p, &row, a);
    if (matches == -1 || (row.next != 0 && row.next <= next))
      return damaged();
    if (matches && m->count == RULETABLE_MATCHES_MAX) {
      errno = E2BIG;
      return -1;
    }
    if (matches)
      m->row[m->count++] = number;
    next = row.next;
  }
  return 0;
}

static int compare(void const *a, void const *b)
{
  uint32_t const *x = a, *y = b;
  return *x < *y ? -1 : *x > *y;
}

int ruletable_find(struct ruletable const *t, struct address const *a, uint16_t port,
                   struct ruletable_matches *m)
{
  struct parts p;
  m->count = 0;
  if (!t->image)
    return damaged();
  p = parts_of(t);
  for (size_t i = 0; i < p.head.masks; i++) {
    struct ruletable_mask mask;
    uint8_t key[HASHTABLE_KEY_SIZE];
    memcpy(&mask, p.masks + i * sizeof mask, sizeof mask);
    if (mask.family != ADDRESS_NONE && mask.family != (uint8_t)a->family)
      continue;
    make_key(key, a->octet, mask.mask, i, 0);
    if ((mask.ports & PORTS_ALL) && add_chain(&p, first_row(&p, key), a, m) == -1)
      return -1;
    make_key(key, a->octet, mask.mask, i, port);
    if (port != 0 && (mask.ports & PORTS_ONE) && add_chain(&p, first_row(&p, key), a, m) == -1)
      return -1;
  }
  if (m->count > 1)
    qsort(m->row, m->count, sizeof *m->row, compare);
  return 0;
}

static bool is_within(struct parts const *p, uint32_t at, uint32_t len)
{
  return at <= p->head.strings && len <= p->head.strings - at;
}

int ruletable_get(struct ruletable const *t, uint32_t row, struct ruletable_row *out)
{
  struct parts p = parts_of(t);
  struct ruletable_image_row r;
  bool denies;
  if (get_row(&p, row, &r) == -1)
    return -1;
  if (!is_within(&p, r.text, r.text_len) || !is_within(&p, r.edits, r.edits_len))
    return damaged();
  *out = (struct ruletable_row){.text = (char const *)p.strings + r.text,
                                .text_len = r.text_len,
                                .deny = r.deny != 0,
                                .edits = (char const *)p.strings + r.edits,
                                .edits_len = r.edits_len};
  return rules_data_sound(out->edits, out->edits_len, &denies) ? 0 : damaged();
}

static void take_key(struct rules_verdict *v, struct ruletable_row const *row)
{
  size_t len = row->text_len < sizeof v->key ? row->text_len : sizeof v->key - 1;
  memcpy(v->key, row->text, len);
  v->key[len] = '\0';
}

/* One row's stay where they are. */
static int take_edits(struct rules_verdict *v, struct ruletable_row const *row, char *edits)
{
  if (row->edits_len == 0)
    return 0;
  if (v->edits_len == 0) {
    v->edits = row->edits;
    v->edits_len = row->edits_len;
    return 0;
  }
  if (v->edits_len + row->edits_len > RULETABLE_EDITS_SIZE) {
    errno = E2BIG;
    return -1;
  }
  if (v->edits != edits)
    memcpy(edits, v->edits, v->edits_len);
  memcpy(edits + v->edits_len, row->edits, row->edits_len);
  v->edits = edits;
  v->edits_len += row->edits_len;
  return 0;
}

int ruletable_lookup(struct ruletable const *t, struct address const *a, uint16_t port,
                     struct rules_verdict *v, char edits[RULETABLE_EDITS_SIZE])
{
  struct ruletable_matches m;
  v->decision = RULES_DEFAULT;
  v->waits = 0;
  v->key[0] = '\0';
  v->edits = edits;
  v->edits_len = 0;
  if (ruletable_find(t, a, port, &m) == -1)
    return -1;
  for (size_t i = 0; i < m.count; i++) {
    struct ruletable_row row;
    if (ruletable_get(t, m.row[i], &row) == -1 || take_edits(v, &row, edits) == -1)
      return -1;
    if (v->decision == RULES_DEFAULT || (row.deny && v->decision == RULES_ALLOW)) {
      take_key(v, &row);
      v->decision = row.deny ? RULES_DENY : RULES_ALLOW;
    }
  }
  return 0;
}
