/* waiting.c - connections that wait keep their order and their ids, and no id outlives its connection. */
#include "../../src/tcpserver/waiting.h"

#include <errno.h>
#include <stdlib.h>

#include "tap.h"

#define INDEX_MASK  ((1u << WAITING_INDEX_BITS) - 1)
#define GENERATIONS (1u << (32 - WAITING_INDEX_BITS))

static struct waiting_table table;

static void fresh(void)
{
  free(table.record);
  waiting_init(&table);
}

/* A record for a connection of that descriptor, which stands for the connection here. */
static struct waiting *add(int fd)
{
  struct connection c = {.fd = fd};
  return waiting_add(&table, &c, WAITING_NAMES_UNSENT, fd);
}

/* Takes all out of a list, oldest first: true if their descriptors are from, from + step … */
static bool comes_out(enum waiting_list list, int from, int step, int count)
{
  struct waiting *w;
  int n = 0;
  bool right = waiting_count(&table, list) == (uint32_t)count;
  for (; (w = waiting_first(&table, list)); n++) {
    right = right && w->connection.fd == from + n * step;
    waiting_move(&table, w, WAITING_FREE);
  }
  return right && n == count && waiting_count(&table, list) == 0;
}

static void test_empty(void)
{
  static uint32_t const id[] = {0, 1, INDEX_MASK, INDEX_MASK + 1, UINT32_MAX};
  bool none = true;
  fresh();
  for (int list = 0; list < WAITING_LISTS; list++)
    none = none && !waiting_first(&table, (enum waiting_list)list) &&
           waiting_count(&table, (enum waiting_list)list) == 0;
  ok(none && waiting_total(&table) == 0, "a new table is empty");
  for (size_t i = 0; i < sizeof id / sizeof id[0]; i++)
    none = none && !waiting_find(&table, id[i]);
  ok(none, "no id is found in it");
}

static void test_record(void)
{
  struct waiting *w;
  fresh();
  w = add(7);
  if (!w)
    abort();
  ok(w->connection.fd == 7 && w->since_ms == 7 && w->list == WAITING_NAMES_UNSENT,
     "a new record holds its connection and is in the list it was meant for");
  ok(waiting_find(&table, w->id) == w && waiting_first(&table, WAITING_NAMES_UNSENT) == w &&
         waiting_total(&table) == 1,
     "it is found by its id and by its list");
  ok(!waiting_find(&table, w->id + 1) && !waiting_find(&table, w->id + INDEX_MASK + 1) &&
         !waiting_find(&table, UINT32_MAX),
     "no other id is");
  waiting_move(&table, w, WAITING_NAMES_ASKED);
  ok(!waiting_first(&table, WAITING_NAMES_UNSENT) && waiting_first(&table, WAITING_NAMES_ASKED) == w &&
         w->list == WAITING_NAMES_ASKED && waiting_find(&table, w->id) == w,
     "another list, the same id");
}

static void test_ids(void)
{
  struct waiting *w;
  uint32_t first, last, id;
  bool differs = true, kept = true;
  fresh();
  w = add(1);
  first = last = w->id;
  waiting_move(&table, w, WAITING_FREE);
  ok(!waiting_find(&table, first) && waiting_total(&table) == 0, "a freed record is not found by its id");
  ok(!waiting_find(&table, w->id), "nor by the one that comes next");
  for (uint32_t n = 1; n < GENERATIONS; n++) {
    w = add(1);
    id = w->id;
    differs =
        differs && id != first && id != last && !waiting_find(&table, last) && !waiting_find(&table, first);
    kept = kept && (id & INDEX_MASK) == (first & INDEX_MASK) && waiting_find(&table, id) == w;
    last = id;
    waiting_move(&table, w, WAITING_FREE);
  }
  ok(differs, "a record that is used again has another id, %u times over", GENERATIONS - 1);
  ok(kept, "and is found by that one alone");
  ok(table.used == 1, "one record was enough for all of them");
  w = add(1);
  ok(w->id == first && waiting_find(&table, first) == w, "then the ids begin again");
}

static void test_order(void)
{
  struct waiting *w[9];
  uint32_t id[9];
  fresh();
  for (int i = 0; i < 9; i++)
    id[i] = add(i)->id;
  for (int i = 0; i < 9; i++)
    w[i] = waiting_find(&table, id[i]);
  ok(comes_out(WAITING_NAMES_UNSENT, 0, 1, 9), "who came first leaves first");
  for (int i = 0; i < 9; i++)
    w[i] = add(i);
  for (int i = 0; i < 9; i += 2)
    waiting_move(&table, w[i], WAITING_NAMES_ASKED);
  ok(comes_out(WAITING_NAMES_UNSENT, 1, 2, 4),
     "those that stay keep their order, the first and the last having left");
  for (int i = 8; i >= 0; i -= 2)
    waiting_move(&table, w[i], WAITING_DUE);
  ok(comes_out(WAITING_DUE, 8, -2, 5), "in the next list it is the order in which they came to that");
  w[0] = add(0);
  w[1] = add(1);
  waiting_move(&table, w[0], WAITING_NAMES_UNSENT);
  ok(comes_out(WAITING_NAMES_UNSENT, 1, -1, 2), "who is moved to his own list is the last there");
}

static void test_growth(void)
{
  int const many = 5000;
  uint32_t *id = calloc((size_t)many, sizeof *id);
  bool found = true;
  fresh();
  for (int i = 0; id && i < many; i++)
    id[i] = add(i)->id;
  for (int i = 0; id && i < many; i++) {
    struct waiting *w = waiting_find(&table, id[i]);
    found = found && w && w->connection.fd == i && w->id == id[i];
  }
  ok(found, "%d records keep ids and connections while the table grows", many);
  ok(waiting_total(&table) == (uint32_t)many, "and all of them count");
  ok(comes_out(WAITING_NAMES_UNSENT, 0, 1, many), "in their order");
  for (int i = 0; i < many; i++)
    add(i);
  ok(table.used == (uint32_t)many, "as many again take the same records");
  free(id);
}

static void test_bound(void)
{
  uint32_t n = 0;
  fresh();
  while (n <= WAITING_MAX && add(1))
    n++;
  ok(n == WAITING_MAX, "%d may wait", WAITING_MAX);
  errno = 0;
  ok(!add(1) && errno == ENOMEM && waiting_total(&table) == WAITING_MAX,
     "one more may not, and nothing changes");
  waiting_move(&table, waiting_first(&table, WAITING_NAMES_UNSENT), WAITING_FREE);
  ok(add(2) != NULL, "until one leaves");
  fresh();
}

int main(void)
{
  test_empty();
  test_record();
  test_ids();
  test_order();
  test_growth();
  test_bound();
  return tap_done();
}
