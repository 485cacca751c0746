/* address.c - parsing agrees with the system's inet_pton, printing with its inet_ntop, and both with each other;
 * networks contain what was masked to make them. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

static void check_against_system(struct address const *a, bool parsed, char const *text)
{
  uint8_t octet[16] = {0};
  if (strchr(text, '%'))
    return; /* inet_pton knows no zones */
  if (inet_pton(AF_INET, text, octet) == 1)
    must(parsed && a->family == ADDRESS_IPV4);
  else if (inet_pton(AF_INET6, text, octet) == 1)
    must(parsed && a->family == ADDRESS_IPV6);
  else {
    must(!parsed);
    return;
  }
  must(memcmp(a->octet, octet, sizeof octet) == 0 && a->scope == 0);
}

static void check_printing(struct address const *a)
{
  static uint8_t const low[10] = {0};
  char text[ADDRESS_TEXT_SIZE], other[ADDRESS_TEXT_SIZE];
  struct address back;
  must(address_print(text, a) == strlen(text));
  must(address_parse(&back, text));
  back.scope = a->scope; /* it is not printed */
  must(address_equal(a, &back));
  /* For IPv4 addresses in IPv6 ones the C library has spellings of its own. */
  if (a->family == ADDRESS_IPV6 && memcmp(a->octet, low, sizeof low) != 0) {
    must(inet_ntop(AF_INET6, a->octet, other, sizeof other) != NULL);
    must(strcmp(text, other) == 0);
  }
  must(address_print_bracketed(text, a) == strlen(text));
  must(address_print_mapped(text, a) == strlen(text));
  must(address_parse(&back, text) && back.family == ADDRESS_IPV6);
  address_unmap(&back);
  if (a->family == ADDRESS_IPV4)
    must(address_equal(a, &back));
}

static void check_networks(struct address const *a)
{
  for (unsigned int bits = 0; bits <= address_bits(a); bits++) {
    struct network n = {.address = *a, .bits = bits};
    struct address outside;
    address_mask(&n.address, bits);
    must(address_in_network(a, &n) && address_in_network(&n.address, &n));
    if (bits == 0)
      continue;
    outside = *a;
    outside.octet[(bits - 1) / 8] ^= (uint8_t)(0x80 >> ((bits - 1) % 8));
    must(!address_in_network(&outside, &n));
  }
}

static void check_socket_address(struct address const *a)
{
  struct sockaddr_storage ss;
  struct address back, unmapped = *a;
  uint16_t port = 0;
  must(address_to_sockaddr(&ss, a, 4711) > 0);
  must(address_from_sockaddr(&back, &port, (struct sockaddr *)&ss));
  address_unmap(&unmapped);
  must(address_equal(&back, &unmapped) && port == 4711);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  struct address a;
  bool parsed;
  /* A copy of exactly this size, so that the sanitizer sees a read past its end. */
  char *text = malloc(size + 1);
  must(text != NULL);
  memcpy(text, data, size);
  text[size] = '\0';
  parsed = address_parse(&a, text);
  check_against_system(&a, parsed, text);
  if (parsed) {
    check_printing(&a);
    check_networks(&a);
    check_socket_address(&a);
  }
  free(text);
  return 0;
}
