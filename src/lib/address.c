/* address.c - see address.h. IPv4 has its own scanner, because the C libraries disagree about leading zeros;
 * printing is our own because cdb keys and log lines must not change with the C library. */
#include "address.h"

#include <arpa/inet.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "decimal.h"

static uint8_t const mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool address_parse_ipv4(struct address *a, char const *text)
{
  struct address parsed = {.family = ADDRESS_IPV4};
  for (int part = 0; part < 4; part++) {
    unsigned int value = 0;
    size_t digits = 0;
    while (digits < 3 && text[digits] >= '0' && text[digits] <= '9')
      value = value * 10 + (unsigned int)(text[digits++] - '0');
    if (digits == 0 || value > 255 || (digits > 1 && text[0] == '0'))
      return false;
    parsed.octet[part] = (uint8_t)value;
    text += digits;
    if (*text++ != (part < 3 ? '.' : '\0'))
      return false;
  }
  *a = parsed;
  return true;
}

static bool scope_parse(uint32_t *scope, char const *zone)
{
  unsigned int index;
  char name[IF_NAMESIZE];
  if (decimal_parse(&index, zone, 1, UINT_MAX) && if_indextoname(index, name)) {
    *scope = index;
    return true;
  }
  *scope = if_nametoindex(zone);
  return *scope != 0;
}

bool address_parse(struct address *a, char const *text)
{
  char copy[INET6_ADDRSTRLEN];
  size_t len = strcspn(text, "%");
  struct address parsed = {.family = ADDRESS_IPV6};

  if (address_parse_ipv4(a, text))
    return true;
  if (len >= sizeof copy)
    return false;
  memcpy(copy, text, len);
  copy[len] = '\0';
  if (inet_pton(AF_INET6, copy, parsed.octet) != 1)
    return false;
  if (text[len] == '%' && !(address_is_link_local(&parsed) && scope_parse(&parsed.scope, text + len + 1)))
    return false;
  *a = parsed;
  return true;
}

static size_t print_ipv4(char *out, uint8_t const *octet)
{
  char *p = out;
  for (int i = 0; i < 4; i++) {
    p += decimal_print(p, octet[i]);
    *p++ = '.';
  }
  *--p = '\0';
  return (size_t)(p - out);
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 section 4.2). */
static void longest_zero_run(uint8_t const *octet, int *start, int *length)
{
  *start = -1;
  *length = 1;
  for (int i = 0; i < 8; i++) {
    int n = 0;
    while (i + n < 8 && octet[2 * (i + n)] == 0 && octet[2 * (i + n) + 1] == 0)
      n++;
    if (n > *length) {
      *start = i;
      *length = n;
    }
    i += n;
  }
}

static char const hex[] = "0123456789abcdef";

static size_t print_group(char *out, unsigned int group)
{
  size_t n = 0;
  for (int shift = 12; shift >= 0; shift -= 4)
    if (n > 0 || shift == 0 || group >> shift)
      out[n++] = hex[group >> shift & 15];
  return n;
}

static size_t print_ipv6(char *out, uint8_t const *octet)
{
  char *p = out;
  int run, run_length;

  if (memcmp(octet, mapped_prefix, sizeof mapped_prefix) == 0) {
    memcpy(out, "::ffff:", 7);
    return 7 + print_ipv4(out + 7, octet + 12);
  }
  longest_zero_run(octet, &run, &run_length);
  for (int i = 0; i < 8; i++) {
    if (i == run) {
      *p++ = ':';
      i += run_length - 1;
      if (i == 7)
        *p++ = ':';
      continue;
    }
    if (i > 0)
      *p++ = ':';
    p += print_group(p, (unsigned int)octet[2 * i] << 8 | octet[2 * i + 1]);
  }
  *p = '\0';
  return (size_t)(p - out);
}

size_t address_print(char out[ADDRESS_TEXT_SIZE], struct address const *a)
{
  switch (a->family) {
  case ADDRESS_IPV4: return print_ipv4(out, a->octet);
  case ADDRESS_IPV6: return print_ipv6(out, a->octet);
  case ADDRESS_NONE: break;
  }
  out[0] = '\0';
  return 0;
}

size_t address_print_mapped(char out[ADDRESS_TEXT_SIZE], struct address const *a)
{
  if (a->family != ADDRESS_IPV4)
    return address_print(out, a);
  memcpy(out, "::ffff:", 7);
  return 7 + print_ipv4(out + 7, a->octet);
}

size_t address_print_bracketed(char out[ADDRESS_TEXT_SIZE], struct address const *a)
{
  size_t len;
  if (a->family != ADDRESS_IPV6)
    return address_print(out, a);
  out[0] = '[';
  len = 1 + print_ipv6(out + 1, a->octet);
  out[len++] = ']';
  out[len] = '\0';
  return len;
}

size_t address_print_labels(char out[ADDRESS_LABELS_SIZE], struct address const *a)
{
  char *p = out;
  for (size_t i = address_bits(a) / 8; i-- > 0; *p++ = '.') {
    if (a->family == ADDRESS_IPV4) {
      p += decimal_print(p, a->octet[i]);
    } else {
      *p++ = hex[a->octet[i] & 15];
      *p++ = '.';
      *p++ = hex[a->octet[i] >> 4];
    }
  }
  *p = '\0';
  return (size_t)(p - out);
}

void address_unmap(struct address *a)
{
  if (a->family != ADDRESS_IPV6 || memcmp(a->octet, mapped_prefix, sizeof mapped_prefix) != 0)
    return;
  a->family = ADDRESS_IPV4;
  a->scope = 0;
  memcpy(a->octet, a->octet + 12, 4);
  memset(a->octet + 4, 0, 12);
}

bool address_is_any(struct address const *a)
{
  static uint8_t const zero[16] = {0};
  return a->family != ADDRESS_NONE && memcmp(a->octet, zero, sizeof zero) == 0;
}

bool address_is_link_local(struct address const *a)
{
  return a->family == ADDRESS_IPV6 && ((a->octet[0] == 0xfe && (a->octet[1] & 0xc0) == 0x80) ||
                                       (a->octet[0] == 0xff && (a->octet[1] & 0x0f) == 0x02));
}

bool address_equal(struct address const *a, struct address const *b)
{
  return a->family == b->family && memcmp(a->octet, b->octet, sizeof a->octet) == 0 &&
         (a->scope == b->scope || !address_is_link_local(a));
}

unsigned int address_bits(struct address const *a)
{
  return a->family == ADDRESS_IPV4 ? 32 : a->family == ADDRESS_IPV6 ? 128 : 0;
}

void address_mask(struct address *a, unsigned int bits)
{
  a->scope = 0;
  for (unsigned int i = 0; i < sizeof a->octet; i++) {
    if (bits >= 8)
      bits -= 8;
    else {
      a->octet[i] = (uint8_t)(a->octet[i] & ~(0xffu >> bits));
      bits = 0;
    }
  }
}

bool address_in_network(struct address const *a, struct network const *n)
{
  unsigned int bytes = n->bits / 8, rest = n->bits % 8;
  if (a->family != n->address.family || memcmp(a->octet, n->address.octet, bytes) != 0)
    return false;
  return rest == 0 || ((a->octet[bytes] ^ n->address.octet[bytes]) & ~(0xffu >> rest) & 0xff) == 0;
}

void network_unmap(struct network *n)
{
  unsigned int prefix = 8 * sizeof mapped_prefix;
  if (n->address.family != ADDRESS_IPV6 || n->bits < prefix)
    return;
  address_unmap(&n->address);
  if (n->address.family == ADDRESS_IPV4)
    n->bits -= prefix;
}

bool network_parse(struct network *n, char const *text)
{
  char front[ADDRESS_TEXT_SIZE];
  size_t len = strcspn(text, "/");
  if (len >= sizeof front || memchr(text, '%', len))
    return false;
  memcpy(front, text, len);
  front[len] = '\0';
  if (!address_parse(&n->address, front))
    return false;
  n->bits = address_bits(&n->address);
  if (text[len] && !decimal_parse(&n->bits, text + len + 1, 0, n->bits))
    return false;
  network_unmap(n);
  return true;
}

bool network_has_host_bits(struct network const *n)
{
  struct address masked = n->address;
  address_mask(&masked, n->bits);
  return !address_equal(&masked, &n->address);
}

bool address_from_sockaddr(struct address *a, uint16_t *port, struct sockaddr const *sa)
{
  memset(a, 0, sizeof *a);
  if (sa->sa_family == AF_INET) {
    struct sockaddr_in const *in = (struct sockaddr_in const *)(void const *)sa;
    a->family = ADDRESS_IPV4;
    memcpy(a->octet, &in->sin_addr, 4);
    *port = ntohs(in->sin_port);
    return true;
  }
  if (sa->sa_family == AF_INET6) {
    struct sockaddr_in6 const *in6 = (struct sockaddr_in6 const *)(void const *)sa;
    a->family = ADDRESS_IPV6;
    memcpy(a->octet, &in6->sin6_addr, 16);
    a->scope = in6->sin6_scope_id;
    *port = ntohs(in6->sin6_port);
    address_unmap(a);
    return true;
  }
  return false;
}

socklen_t address_to_sockaddr(struct sockaddr_storage *ss, struct address const *a, uint16_t port)
{
  memset(ss, 0, sizeof *ss);
  if (a->family == ADDRESS_IPV4) {
    struct sockaddr_in *in = (struct sockaddr_in *)ss;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    memcpy(&in->sin_addr, a->octet, 4);
    return sizeof *in;
  }
  if (a->family == ADDRESS_IPV6) {
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    in6->sin6_scope_id = a->scope;
    memcpy(&in6->sin6_addr, a->octet, 16);
    return sizeof *in6;
  }
  return 0;
}
