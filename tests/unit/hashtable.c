/* hashtable.c - counts by key, against a plain list: whatever is stored, replaced and removed, and in whatever
 * order, nothing is lost and nothing comes back. */
#include <errno.h>
#include <stdlib.h>

#include "tap.h"
#include "unforked.h"

/* The table gets no memory while this is set. */
static int scarce;

static void *scarce_resize(void *memory, size_t old_count, size_t new_count, size_t size)
{
  if (!scarce || new_count == 0)
    return unforked_resize(memory, old_count, new_count, size);
  errno = ENOMEM;
  return NULL;
}

#define unforked_resize scarce_resize
#include "../../src/lib/hashtable.c" /* NOLINT(bugprone-suspicious-include) */
#undef unforked_resize

#define KEY HASHTABLE_KEY_SIZE

static void make_key(uint8_t key[KEY], uint64_t number)
{
  memset(key, 0, KEY);
  memcpy(key + 3, &number, sizeof number);
}

static uint32_t get(struct hashtable const *t, uint64_t number)
{
  uint8_t key[KEY];
  make_key(key, number);
  return hashtable_get(t, key);
}

static int set(struct hashtable *t, uint64_t number, uint32_t value)
{
  uint8_t key[KEY];
  make_key(key, number);
  return hashtable_set(t, key, value);
}

static size_t slots_in_use(struct hashtable const *t)
{
  size_t n = 0;
  for (size_t i = 0; i < t->capacity; i++)
    n += t->slot[i].value != 0;
  return n;
}

/* The promises that every function relies on. */
static bool is_sound(struct hashtable const *t)
{
  return (t->capacity & (t->capacity - 1)) == 0 && (t->capacity == 0 || t->count < t->capacity) &&
         slots_in_use(t) == t->count;
}

static void basics(void)
{
  struct hashtable t;
  hashtable_init(&t);
  ok(t.slot == NULL && t.count == 0, "a new table holds nothing and has allocated nothing");
  ok(get(&t, 1) == 0, "a key is not found in an empty table");
  ok(set(&t, 1, 0) == 0 && t.slot == NULL, "removing from an empty table does nothing");
  ok(set(&t, 1, 5) == 0 && get(&t, 1) == 5 && t.count == 1, "a value is found under its key");
  ok(get(&t, 2) == 0, "... and under no other");
  ok(set(&t, 1, UINT32_MAX) == 0 && get(&t, 1) == UINT32_MAX && t.count == 1, "it can be replaced");
  ok(set(&t, 2, 0) == 0 && t.count == 1 && get(&t, 1) == UINT32_MAX,
     "removing what is not there changes nothing");
  ok(set(&t, 1, 0) == 0 && get(&t, 1) == 0 && t.count == 0, "0 removes");
  ok(set(&t, 1, 0) == 0 && t.count == 0, "... and does no harm the second time");
  ok(set(&t, 1, 6) == 0 && get(&t, 1) == 6 && is_sound(&t), "what was removed can be stored again");
  hashtable_free(&t);
  ok(t.slot == NULL && t.count == 0 && t.capacity == 0 && get(&t, 1) == 0, "a freed table is empty");
  ok(set(&t, 3, 7) == 0 && get(&t, 3) == 7, "... and can be used again");
  hashtable_free(&t);
}

/* So many keys that for each octet some that differ in it alone are neighbours in the table. */
static void every_octet_counts(void)
{
  enum { VALUES = 255 };
  struct hashtable t;
  bool stored = true, found = true;
  hashtable_init(&t);
  for (uint32_t i = 0; i < KEY * VALUES; i++) {
    uint8_t key[KEY] = {0};
    key[i / VALUES] = (uint8_t)(i % VALUES + 1);
    stored = stored && hashtable_get(&t, key) == 0 && hashtable_set(&t, key, i + 1) == 0;
  }
  for (uint32_t i = 0; i < KEY * VALUES; i++) {
    uint8_t key[KEY] = {0};
    key[i / VALUES] = (uint8_t)(i % VALUES + 1);
    found = found && hashtable_get(&t, key) == i + 1;
  }
  ok(stored && found && t.count == KEY * VALUES, "keys that differ in any one octet are different keys");
  hashtable_free(&t);
}

/* The figure is what openssl mac (SIPHASH, 8 octets) says about octets 0-19 under the key 0-15, which the reference
 * implementation reads as little-endian words: here they are written as such, whatever this machine's order. */
static void the_hash_is_siphash(void)
{
  enum { CAPACITY = 1 << 16 };
  uint64_t const expected = 0xbed65cf21aa2ee98u;
  uint64_t const word[2] = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
  uint32_t const rest = 0x13121110u;
  struct hashtable t = {.capacity = CAPACITY, .seed = {word[0], word[1]}};
  uint8_t key[KEY];
  t.slot = calloc(CAPACITY, sizeof *t.slot);
  memcpy(key, word, sizeof word);
  memcpy(key + sizeof word, &rest, sizeof rest);
  ok(t.slot && hashtable_set(&t, key, 1) == 0 && t.slot[expected & (CAPACITY - 1)].value == 1,
     "a key's place is chosen by SipHash-2-4 under the seed");
  hashtable_free(&t);
}

static void seeds_differ(void)
{
  struct hashtable a, b;
  hashtable_init(&a);
  hashtable_init(&b);
  ok(memcmp(a.seed, b.seed, sizeof a.seed) != 0, "no two tables have the same seed");
}

static void growth(void)
{
  enum { MANY = 100000 };
  struct hashtable t;
  bool stored = true, found = true, sound = true, removed = true;
  size_t largest;
  hashtable_init(&t);
  for (uint32_t i = 1; i <= MANY; i++) {
    stored = stored && set(&t, i, i) == 0 && t.count == i;
    /* Nothing may get lost at the moment of growing. */
    if (t.capacity != 0 && t.count == t.capacity / 2)
      for (uint32_t j = 1; j <= i; j++)
        found = found && get(&t, j) == j;
  }
  ok(stored, "a table grows as keys are stored");
  for (uint32_t i = 1; i <= MANY; i++)
    found = found && get(&t, i) == i;
  ok(found, "... and keeps them all");
  ok(is_sound(&t) && t.count <= t.capacity / 4 * 3, "... filling at most three quarters");
  ok(t.capacity <= MANY * 3, "... and not much less: %zu slots for %d keys", t.capacity, (int)MANY);
  largest = t.capacity;
  for (uint32_t i = MANY; i > 0; i--) {
    uint32_t victim = (uint32_t)((uint64_t)i * 7919 % MANY + 1); /* each once: 7919 is prime to MANY */
    removed = removed && get(&t, victim) == victim && set(&t, victim, 0) == 0 && get(&t, victim) == 0;
    if (i % 9973 == 0)
      sound = sound && is_sound(&t) && t.count == i - 1;
  }
  ok(removed, "all can be removed in another order, each found until then");
  ok(sound && t.count == 0 && slots_in_use(&t) == 0 && t.capacity == largest, "... and nothing is left");
  hashtable_free(&t);
}

static void exchange(void)
{
  struct hashtable t;
  uint8_t key[KEY];
  uint32_t value = 7;
  hashtable_init(&t);
  make_key(key, 1);
  hashtable_fetch(&t, key);
  ok(hashtable_exchange(&t, key, 5, &value) == 0 && value == 0 && get(&t, 1) == 5,
     "a value is exchanged for none");
  hashtable_fetch(&t, key);
  ok(hashtable_exchange(&t, key, 6, &value) == 0 && value == 5 && get(&t, 1) == 6, "... for another");
  ok(hashtable_exchange(&t, key, 0, &value) == 0 && value == 6 && t.count == 0, "... and for none again");
  hashtable_free(&t);
}

static void no_memory(void)
{
  struct hashtable t, before;
  hashtable_init(&t);
  set(&t, 1, 5);
  while (t.count < t.capacity / 4 * 3)
    set(&t, t.count + 1, 5);
  before = t;
  scarce = 1;
  errno = 0;
  ok(set(&t, 0, 6) == -1 && errno == ENOMEM, "without memory to grow, storing fails");
  ok(t.slot == before.slot && t.count == before.count && t.capacity == before.capacity && get(&t, 0) == 0,
     "... and nothing has changed");
  ok(set(&t, 1, 4) == 0 && get(&t, 1) == 4, "... but a key that is there gets another value");
  ok(set(&t, 1, 0) == 0 && get(&t, 1) == 0, "... and can be removed");
  scarce = 0;
  hashtable_free(&t);
}

static void reserved(void)
{
  struct hashtable t, before;
  bool all = true;
  hashtable_init(&t);
  scarce = 1;
  errno = 0;
  ok(hashtable_reserve(&t, 1) == -1 && errno == ENOMEM && t.capacity == 0,
     "without memory there is no room to reserve");
  scarce = 0;
  ok(hashtable_reserve(&t, 1000) == 0, "with it there is");
  before = t;
  scarce = 1;
  for (uint32_t i = 0; i < 1000; i++)
    all = all && set(&t, i, i + 1) == 0;
  ok(all && t.slot == before.slot && is_sound(&t), "so many keys are stored without memory, where they are");
  ok(hashtable_reserve(&t, 1000) == 0 && hashtable_reserve(&t, 5) == 0 && t.slot == before.slot,
     "room that is there need not be made");
  ok(hashtable_reserve(&t, SIZE_MAX) == -1 && hashtable_reserve(&t, 100000) == -1 && t.slot == before.slot &&
         get(&t, 999) == 1000,
     "if it can't be made nothing has changed");
  scarce = 0;
  errno = 0;
  ok(hashtable_reserve(&t, SIZE_MAX / 8) == -1 && errno == ENOMEM,
     "... nor is there for more than can be counted");
  ok(hashtable_reserve(&t, 100000) == 0 && t.count == 1000 && get(&t, 999) == 1000,
     "more room leaves the keys");
  hashtable_free(&t);
}

/* As under a stream of clients from ever new addresses. */
static void churn(void)
{
  enum { ALIVE = 40, TURNS = 300000 };
  struct hashtable t;
  bool all = true;
  hashtable_init(&t);
  for (uint32_t i = 0; i < TURNS; i++) {
    all = all && set(&t, i, i + 1) == 0;
    if (i >= ALIVE)
      all = all && set(&t, i - ALIVE, 0) == 0 && t.count == ALIVE;
  }
  for (uint32_t i = TURNS - ALIVE; i < TURNS; i++)
    all = all && get(&t, i) == i + 1;
  ok(all && get(&t, TURNS - ALIVE - 1) == 0, "%d keys of %d that came and went are the right ones",
     (int)ALIVE, (int)TURNS);
  ok(t.capacity == 64 && is_sound(&t), "... and have not made the table grow");
  hashtable_free(&t);
}

/* --- Clusters that wrap around the end --------------------------------------------------------------------
 * In a table of 16 slots keys are collected whose home is one of the last or first slots. Stored in every order
 * and removed in every order they form each cluster that a removal may have to mend. */

enum { CLUSTER = 5, ORDERS = 120 };

/* Where key `number` goes if nothing is in its way. */
static size_t home_of(struct hashtable *t, uint64_t number)
{
  size_t home = 0;
  set(t, number, 1);
  while (t->slot[home].value == 0)
    home++;
  set(t, number, 0);
  return home;
}

static uint64_t find_key(struct hashtable *t, size_t home, uint64_t *from)
{
  while (home_of(t, *from) != home)
    ++*from;
  return (*from)++;
}

/* The n-th order of 0 to CLUSTER-1. */
static void make_order(unsigned int order[CLUSTER], unsigned int n)
{
  for (unsigned int i = 0; i < CLUSTER; i++)
    order[i] = i;
  for (unsigned int i = CLUSTER; i > 1; i--) {
    unsigned int j = n % i, swapped = order[i - 1];
    n /= i;
    order[i - 1] = order[j];
    order[j] = swapped;
  }
}

static bool holds_exactly(struct hashtable const *t, uint64_t const key[CLUSTER], bool const there[CLUSTER])
{
  for (uint32_t i = 0; i < CLUSTER; i++)
    if (get(t, key[i]) != (there[i] ? i + 1 : 0))
      return false;
  return is_sound(t);
}

static bool one_pair_of_orders(struct hashtable *t, uint64_t const key[CLUSTER], unsigned int storing,
                               unsigned int removing)
{
  unsigned int order[CLUSTER];
  bool there[CLUSTER] = {false};
  make_order(order, storing);
  for (unsigned int i = 0; i < CLUSTER; i++) {
    if (set(t, key[order[i]], order[i] + 1) == -1)
      return false;
    there[order[i]] = true;
  }
  make_order(order, removing);
  for (unsigned int i = 0; i < CLUSTER; i++) {
    if (set(t, key[order[i]], 0) == -1)
      return false;
    there[order[i]] = false;
    if (!holds_exactly(t, key, there))
      return false;
  }
  return t->count == 0;
}

static void wraparound(size_t const home[CLUSTER], char const *name)
{
  struct hashtable t;
  uint64_t key[CLUSTER], from = 1;
  unsigned int failed = 0;
  hashtable_init(&t);
  for (unsigned int i = 0; i < CLUSTER; i++)
    key[i] = find_key(&t, home[i], &from);
  for (unsigned int storing = 0; storing < ORDERS; storing++)
    for (unsigned int removing = 0; removing < ORDERS; removing++)
      failed += !one_pair_of_orders(&t, key, storing, removing);
  ok(failed == 0 && t.capacity == 16, "%s: removed in any order, the others are still found", name);
  hashtable_free(&t);
}

/* --- Random steps ------------------------------------------------------------------------------------------ */

enum { UNIVERSE = 600, STEPS = 200000 };

static bool random_steps_agree(unsigned int seed)
{
  static uint32_t model[UNIVERSE];
  struct hashtable t;
  size_t count = 0;
  bool agree = true;
  srandom(seed);
  memset(model, 0, sizeof model);
  hashtable_init(&t);
  for (unsigned int step = 0; step < STEPS && agree; step++) {
    /* The keys in use become more and fewer in turn, so that the table is nearly empty and nearly full. */
    uint32_t i = (uint32_t)random() % UNIVERSE;
    bool removes = random() % 8 < (step / 5000 % 2 ? 6 : 2);
    uint32_t value = removes ? 0 : (uint32_t)random() + 1;
    count = count - (model[i] != 0) + (value != 0);
    model[i] = value;
    agree = set(&t, i, value) == 0 && t.count == count && get(&t, i) == value;
    if (step % 256 == 0 || step == STEPS - 1) {
      agree = agree && is_sound(&t);
      for (uint32_t j = 0; j < UNIVERSE; j++)
        agree = agree && get(&t, j) == model[j];
    }
  }
  hashtable_free(&t);
  return agree;
}

int main(void)
{
  basics();
  every_octet_counts();
  the_hash_is_siphash();
  seeds_differ();
  growth();
  exchange();
  no_memory();
  reserved();
  churn();
  wraparound((size_t const[CLUSTER]){15, 15, 15, 15, 15}, "five keys of the last slot");
  wraparound((size_t const[CLUSTER]){14, 15, 15, 0, 0}, "keys on both sides of the end");
  wraparound((size_t const[CLUSTER]){13, 15, 14, 0, 1}, "keys that each have a slot of their own there");
  wraparound((size_t const[CLUSTER]){14, 14, 15, 15, 1}, "keys that push others over the end");
  wraparound((size_t const[CLUSTER]){7, 7, 8, 8, 7}, "keys in the middle");
  for (unsigned int seed = 1; seed <= 5; seed++)
    ok(random_steps_agree(seed), "random steps agree with a plain list (seed %u)", seed);
  return tap_done();
}
