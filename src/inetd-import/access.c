/* access.c - see access.h. */
#include "access.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "hostname.h"

static void add_key(struct access *a, char const *key, bool deny)
{
  if ((a->count & (a->count - 1)) == 0) {
    size_t room = a->count ? 2 * a->count : 1;
    a->keys = memory_more(a->keys, room, sizeof *a->keys);
    a->deny = memory_more(a->deny, room, sizeof *a->deny);
  }
  a->keys[a->count] = memory_copy(key, strlen(key));
  a->deny[a->count++] = deny;
}

/* In the spelling that tcprules gives it, so that equal networks are equal. */
static void add_network(struct access *a, struct network n, bool deny)
{
  char address[ADDRESS_TEXT_SIZE];
  struct text key = TEXT_ZERO;
  network_unmap(&n);
  address_mask(&n.address, n.bits);
  address_print(address, &n.address);
  text_add(&key, address);
  if (n.bits < address_bits(&n.address))
    text_addf(&key, "/%u", n.bits);
  add_key(a, key.at, deny);
  text_free(&key);
}

/* xinetd: octets of 0 at the end stand for any. */
static unsigned int wildcard_bits(struct address const *ipv4)
{
  unsigned int octets = 4;
  while (octets > 0 && ipv4->octet[octets - 1] == 0)
    octets--;
  return 8 * octets;
}

static bool add_address(struct access *a, char const *value, bool deny)
{
  struct network n;
  if (!address_parse(&n.address, value) || strchr(value, '%'))
    return false;
  n.bits = n.address.family == ADDRESS_IPV4 ? wildcard_bits(&n.address) : 128;
  add_network(a, n, deny);
  return true;
}

static bool add_cidr(struct access *a, char const *value, bool deny)
{
  struct network network;
  if (!network_parse(&network, value))
    return false;
  add_network(a, network, deny);
  return true;
}

/* a.b.c.{d,e,f}, with the braces last, and at any of the parts but the first. */
static bool add_factorized(struct access *a, char const *value, char const *brace, bool deny)
{
  char const *at = brace + 1, *close = strchr(at, '}');
  size_t parts = 1;
  if (!close || close[1] || close[-1] == ',' || brace == value || brace[-1] != '.' ||
      (size_t)(brace - value) > 12)
    return false;
  for (char const *p = value; p < brace; p++)
    parts += *p == '.';
  if (parts > 4)
    return false;
  while (at < close) {
    size_t len = strcspn(at, ",}");
    struct text text = TEXT_ZERO;
    bool added;
    text_add_bytes(&text, value, (size_t)(brace - value));
    text_add_bytes(&text, at, len);
    for (size_t i = parts; i < 4; i++)
      text_add(&text, ".0");
    added = len > 0 && add_address(a, text.at, deny);
    text_free(&text);
    if (!added)
      return false;
    at += len + 1;
  }
  return at > brace + 1;
}

static bool add_network_name(struct access *a, char const *name, bool deny, access_networks *networks)
{
  struct address address = {.family = ADDRESS_IPV4};
  unsigned int number, octets = networks ? networks(name, &number) : 0;
  if (octets == 0)
    return false;
  for (unsigned int i = 0; i < octets && i < 4; i++)
    address.octet[i] = (uint8_t)(number >> (8 * (octets - 1 - i)));
  add_network(a, (struct network){address, wildcard_bits(&address)}, deny);
  return true;
}

static bool add_name(struct access *a, char const *value, bool deny)
{
  char clean[HOSTNAME_SIZE];
  struct text key = TEXT_ZERO;
  bool suffix = *value == '.', digits = value[strspn(value, "0123456789.")] == '\0';
  /* What looks like an address and is none: 10.1 would be 10.0.0.1 to xinetd. */
  if (digits || !hostname_clean(clean, value + suffix))
    return false;
  text_addf(&key, suffix ? "=.%s" : "=%s", clean);
  add_key(a, key.at, deny);
  text_free(&key);
  a->names = true;
  a->names_allowed |= !deny;
  return true;
}

bool access_add(struct access *a, char const *value, bool deny, access_networks *networks, char const **why)
{
  size_t before = a->count;
  char const *slash = strchr(value, '/'), *brace = strchr(value, '{');
  bool added;
  if (slash) {
    *why = "expected an address, '/' and the length of a network";
    added = add_cidr(a, value, deny);
  } else if (brace) {
    *why = "expected an IPv4 address whose last part is numbers in braces";
    added = add_factorized(a, value, brace, deny);
  } else {
    *why = "expected an address, the name of a network, of a host, or '.' and a domain";
    added =
        add_address(a, value, deny) || add_network_name(a, value, deny, networks) || add_name(a, value, deny);
  }
  while (!added && a->count > before)
    free(a->keys[--a->count]);
  return added;
}

struct sorted {
  char *key;
  size_t at;
  bool deny;
};

static int by_key(void const *one, void const *other)
{
  struct sorted const *a = one, *b = other;
  int order = strcmp(a->key, b->key);
  return order ? order : (a->deny < b->deny) - (a->deny > b->deny);
}

static int by_place(void const *one, void const *other)
{
  struct sorted const *a = one, *b = other;
  return (a->at > b->at) - (a->at < b->at);
}

void access_settle(struct access *a)
{
  struct sorted *list;
  size_t kept = 0;
  if (a->count == 0)
    return;
  list = memory_more(NULL, a->count, sizeof *list);
  for (size_t i = 0; i < a->count; i++)
    list[i] = (struct sorted){a->keys[i], i, a->deny[i]};
  qsort(list, a->count, sizeof *list, by_key);
  for (size_t i = 0; i < a->count; i++)
    if (kept > 0 && strcmp(list[kept - 1].key, list[i].key) == 0)
      free(list[i].key);
    else
      list[kept++] = list[i];
  qsort(list, kept, sizeof *list, by_place);
  for (size_t i = 0; i < kept; i++) {
    a->keys[i] = list[i].key;
    a->deny[i] = list[i].deny;
  }
  a->count = kept;
  free(list);
}

void access_free(struct access *a)
{
  for (size_t i = 0; i < a->count; i++)
    free(a->keys[i]);
  free(a->keys);
  free(a->deny);
  *a = (struct access){.count = 0};
}
