/* limits.c - see limits.h. */
#include "limits.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <skalibs/djbunix.h>

#include "clock.h"
#include "decimal.h"
#include "report.h"
#include "rules.h"

#define LOAD_VALID_MS 1000
#define NETWORK_BITS4 24
#define NETWORK_BITS6 56

struct wanted {
  unsigned int per_address, per_network, load; /* UINT_MAX: no limit */
};

int limits_read_concurrency(struct limits *l)
{
  char line[64];
  ssize_t len = openreadnclose(l->concurrency_file, line, sizeof line - 1);
  if (len == -1)
    return -1;
  line[len] = '\0';
  line[strcspn(line, "\n")] = '\0';
  for (size_t end = strlen(line); end > 0 && strchr(" \t\r", line[end - 1]); end--)
    line[end - 1] = '\0';
  if (decimal_parse(&l->concurrency, line, 1, INT_MAX))
    return 0;
  errno = EINVAL;
  return -1;
}

char const *limits_problem(int error)
{
  return error == EINVAL ? "its first line is not a number from 1 to 2147483647" : strerror(error);
}

static void make_key(uint8_t key[HASHTABLE_KEY_SIZE], struct address const *a, unsigned int bits)
{
  struct address masked = *a;
  address_mask(&masked, bits);
  memset(key, 0, HASHTABLE_KEY_SIZE);
  key[0] = (uint8_t)a->family;
  memcpy(key + 1, masked.octet, sizeof masked.octet);
}

static void address_key(struct limits const *l, uint8_t key[HASHTABLE_KEY_SIZE], struct address const *a)
{
  make_key(key, a, a->family == ADDRESS_IPV6 ? l->address_bits6 : 32);
}

static void network_key(uint8_t key[HASHTABLE_KEY_SIZE], struct address const *a)
{
  make_key(key, a, a->family == ADDRESS_IPV6 ? NETWORK_BITS6 : NETWORK_BITS4);
}

/* A limit that is no number, or beyond RULES_LIMIT_MAX, admits nobody: tcprules would have refused it, so that the file is foreign. */
static void lower(unsigned int *limit, char const *value)
{
  unsigned int n = 0;
  decimal_parse(&n, value, 0, RULES_LIMIT_MAX);
  if (n < *limit)
    *limit = n;
}

static void rule_limits(struct wanted *w, struct rules_verdict const *verdict)
{
  static struct {
    char const *name;
    size_t offset;
  } const variable[] = {{"MAXPERIP=", offsetof(struct wanted, per_address)},
                        {"MAXCONNIP=", offsetof(struct wanted, per_address)},
                        {"MAXCONNC=", offsetof(struct wanted, per_network)},
                        {"MAXLOAD=", offsetof(struct wanted, load)}};
  struct rules_edit edit;
  size_t position = 0;
  while (rules_edit_next(verdict, &position, &edit)) {
    if (edit.action != RULES_SET || strncmp(edit.variable, "MAX", 3) != 0)
      continue;
    for (size_t i = 0; i < sizeof variable / sizeof variable[0]; i++) {
      size_t len = strlen(variable[i].name);
      if (strncmp(edit.variable, variable[i].name, len) == 0)
        lower((unsigned int *)(void *)((char *)w + variable[i].offset), edit.variable + len);
    }
  }
}

/* The rule may not be the one that will decide: so far it can't lower what -C says, nor limit anything else. */
static void provisional_limits(struct wanted *w, unsigned int per_address)
{
  bool raised = w->per_address != UINT_MAX && w->per_address > per_address;
  *w = (struct wanted){.per_address = raised && per_address != 0 ? w->per_address : UINT_MAX,
                       .per_network = UINT_MAX,
                       .load = UINT_MAX};
}

static unsigned int current_load(struct limits *l)
{
  int64_t now = clock_ms();
  double average;
  if (now >= l->load_until_ms) {
    if (getloadavg(&average, 1) == 1) {
      l->load = (unsigned int)(average * 100);
      l->load_until_ms = now + LOAD_VALID_MS;
    } else if (l->load_until_ms == 0)
      return UINT_MAX; /* never known: the limit can't be held, so it is taken as reached */
  }
  return l->load;
}

static enum outcome refuse(struct connection *c, enum refusal refusal, unsigned int number)
{
  c->refusal = refusal;
  c->number = number;
  return DENY;
}

static enum outcome no_memory(struct limits *l, struct connection *c)
{
  report_shortage(l->report, c, "count who comes");
  return DENY;
}

enum outcome limits_stage(void *limits, struct connection *c)
{
  struct limits *l = limits;
  struct wanted wanted = {.per_address = UINT_MAX, .per_network = UINT_MAX, .load = UINT_MAX};
  uint8_t address[HASHTABLE_KEY_SIZE], network[HASHTABLE_KEY_SIZE];
  uint32_t in_address, in_network;

  if (c->verdict)
    rule_limits(&wanted, c->verdict);
  if (c->verdict && c->verdict->waits != 0)
    provisional_limits(&wanted, l->per_address);
  if (wanted.per_address == UINT_MAX && l->per_address != 0)
    wanted.per_address = l->per_address;

  address_key(l, address, &c->remote);
  network_key(network, &c->remote);
  /* The others; the second time that it is asked, with another verdict perhaps, the connection is counted itself. */
  in_address = hashtable_get(&l->addresses, address) - (c->counted ? 1 : 0);
  in_network = hashtable_get(&l->networks, network) - (c->counted ? 1 : 0);
  if (in_address >= wanted.per_address)
    return refuse(c, REFUSAL_PERIP, wanted.per_address);
  if (in_network >= wanted.per_network)
    return refuse(c, REFUSAL_PERNET, wanted.per_network);
  if (wanted.load != UINT_MAX && current_load(l) > wanted.load)
    return refuse(c, REFUSAL_LOAD, 0);
  if (c->counted)
    return PASS;

  if (hashtable_set(&l->addresses, address, in_address + 1) == -1)
    return no_memory(l, c);
  if (hashtable_set(&l->networks, network, in_network + 1) == -1) {
    hashtable_set(&l->addresses, address, in_address);
    return no_memory(l, c);
  }
  c->counted = true;
  c->from_address = in_address + 1;
  return PASS;
}

static void count_down(struct hashtable *t, uint8_t const key[HASHTABLE_KEY_SIZE])
{
  uint32_t n = hashtable_get(t, key);
  if (n > 0)
    hashtable_set(t, key, n - 1);
}

void limits_leave(struct limits *l, struct address const *remote)
{
  uint8_t key[HASHTABLE_KEY_SIZE];
  address_key(l, key, remote);
  count_down(&l->addresses, key);
  network_key(key, remote);
  count_down(&l->networks, key);
}
