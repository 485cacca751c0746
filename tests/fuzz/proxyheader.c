/* proxyheader.c - whatever a proxy sends first, what is taken of it lies within it and within its bounds, is the same
 * however it arrives, and is the same again when it is written and read back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxyheader.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

/* A copy of exactly this size, so that the sanitizer sees a read past its end; to be freed. */
static uint8_t *copy_of(uint8_t const *octets, size_t count)
{
  uint8_t *copy = malloc(count ? count : 1);
  must(copy != NULL);
  if (count)
    memcpy(copy, octets, count);
  return copy;
}

static void check_text(struct proxyheader_text const *t, size_t longest, uint8_t const *octets, size_t length)
{
  must(t->octets || t->length == 0);
  must(t->length <= longest);
  if (t->octets)
    must((uint8_t const *)t->octets >= octets && (uint8_t const *)t->octets + t->length <= octets + length);
}

static void check_facts(struct proxyheader const *h, uint8_t const *octets, size_t length)
{
  check_text(&h->source_path, PROXYHEADER_PATH_MAX, octets, length);
  check_text(&h->destination_path, PROXYHEADER_PATH_MAX, octets, length);
  check_text(&h->authority, PROXYHEADER_TEXT_MAX, octets, length);
  check_text(&h->alpn, PROXYHEADER_TEXT_MAX, octets, length);
  check_text(&h->unique_id, PROXYHEADER_UNIQUE_ID_MAX, octets, length);
  check_text(&h->network_namespace, PROXYHEADER_TEXT_MAX, octets, length);
  check_text(&h->tls.version, PROXYHEADER_TEXT_MAX, octets, length);
  check_text(&h->tls.name, PROXYHEADER_TEXT_MAX, octets, length);
  check_text(&h->tls.cipher, PROXYHEADER_TEXT_MAX, octets, length);
  check_text(&h->tls.signature, PROXYHEADER_TEXT_MAX, octets, length);
  check_text(&h->tls.key, PROXYHEADER_TEXT_MAX, octets, length);
}

static void same_text(struct proxyheader_text const *a, struct proxyheader_text const *b)
{
  must(!a->octets == !b->octets && a->length == b->length);
  must(a->length == 0 || memcmp(a->octets, b->octets, a->length) == 0);
}

static void same(struct proxyheader const *a, struct proxyheader const *b)
{
  must(a->version == b->version && a->kind == b->kind && a->checksum == b->checksum);
  must(address_equal(&a->source, &b->source) && address_equal(&a->destination, &b->destination));
  must(a->source_port == b->source_port && a->destination_port == b->destination_port);
  same_text(&a->source_path, &b->source_path);
  same_text(&a->destination_path, &b->destination_path);
  same_text(&a->authority, &b->authority);
  same_text(&a->alpn, &b->alpn);
  same_text(&a->unique_id, &b->unique_id);
  same_text(&a->network_namespace, &b->network_namespace);
  must(a->has_tls == b->has_tls && a->tls.used == b->tls.used && a->tls.certificate == b->tls.certificate);
  must(a->tls.certificate_now == b->tls.certificate_now && a->tls.verify == b->tls.verify);
  same_text(&a->tls.version, &b->tls.version);
  same_text(&a->tls.name, &b->tls.name);
  same_text(&a->tls.cipher, &b->tls.cipher);
  same_text(&a->tls.signature, &b->tls.signature);
  same_text(&a->tls.key, &b->tls.key);
}

static void check_written(struct proxyheader const *h, size_t length)
{
  uint8_t out[PROXYHEADER_MAX], *copy;
  struct proxyheader again;
  struct proxyheader_result r;
  size_t written = proxyheader_write(out, sizeof out, h);
  /* A mapped address beside an IPv6 one may have been spelled shorter than we do. */
  must(written > 0 && (h->version == 1 ? written <= PROXYHEADER_LINE_MAX : written <= length));
  copy = copy_of(out, written);
  r = proxyheader_parse(&again, copy, written);
  must(r.state == PROXYHEADER_COMPLETE && r.length == written);
  same(h, &again);
  free(copy);
}

static void check_variables(struct proxyheader const *h)
{
  static struct environment e = ENVIRONMENT_ZERO;
  static char const *const none[] = {NULL};
  must(environment_load(&e, none, NULL) == 0);
  must(proxyheader_environment(h, &e) == 0);
  for (size_t i = 0; i < e.count; i++)
    for (char const *at = e.entry[i]; *at; at++)
      must((uint8_t)*at >= ' ' && *at != 127);
}

/* As somebody reads it who asks for no more than is surely needed; returns where he stops. */
static enum proxyheader_state read_as_needed(uint8_t const *data, size_t size, size_t *had)
{
  for (*had = 0;;) {
    struct proxyheader h;
    uint8_t *copy = copy_of(data, *had);
    struct proxyheader_result r = proxyheader_parse(&h, copy, *had);
    free(copy);
    if (r.state != PROXYHEADER_INCOMPLETE || *had == size)
      return r.state;
    must(r.needed > 0 && *had + r.needed <= PROXYHEADER_MAX);
    *had += r.needed < size - *had ? r.needed : size - *had;
  }
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  struct proxyheader h;
  struct proxyheader_result r;
  uint8_t *copy = copy_of(data, size);
  size_t had;
  enum proxyheader_state dribbled = read_as_needed(data, size, &had);

  r = proxyheader_parse(&h, copy, size);
  must(dribbled == r.state);
  must((r.state == PROXYHEADER_MALFORMED) == (r.reason != NULL));
  if (r.state == PROXYHEADER_COMPLETE) {
    must(r.length == had && r.length <= size && r.length <= PROXYHEADER_MAX);
    must(h.version == 2 || r.length <= PROXYHEADER_LINE_MAX);
    must((h.kind == PROXYHEADER_TCP) ==
         (h.source.family != ADDRESS_NONE && h.destination.family != ADDRESS_NONE));
    check_facts(&h, copy, r.length);
    check_written(&h, r.length);
    check_variables(&h);
  } else if (r.state == PROXYHEADER_INCOMPLETE)
    must(size < PROXYHEADER_MAX);
  free(copy);
  return 0;
}
