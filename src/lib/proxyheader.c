/* proxyheader.c - see proxyheader.h. */
#include "proxyheader.h"

#include <string.h>

#include "decimal.h"

/* Version 2: a signature, version and command, family and protocol, and the length of what follows. */
#define SIGNATURE        "\r\n\r\n\0\r\nQUIT\n"
#define SIGNATURE_LENGTH 12
#define FIXED_LENGTH     16
#define IPV4_LENGTH      (4 + 4 + 2 + 2)
#define IPV6_LENGTH      (16 + 16 + 2 + 2)
#define UNIX_LENGTH      (PROXYHEADER_PATH_MAX + PROXYHEADER_PATH_MAX)

enum { COMMAND_LOCAL = 0, COMMAND_PROXY = 1 };
enum { FAMILY_UNSPECIFIED = 0, FAMILY_IPV4 = 1, FAMILY_IPV6 = 2, FAMILY_UNIX = 3 };
enum { PROTOCOL_UNSPECIFIED = 0, PROTOCOL_STREAM = 1, PROTOCOL_DATAGRAM = 2 };

/* A TLV: its type, two octets of length, the value. */
#define TLV_HEAD 3
enum {
  TLV_ALPN = 0x01,
  TLV_AUTHORITY = 0x02,
  TLV_CRC32C = 0x03,
  TLV_UNIQUE_ID = 0x05,
  TLV_SSL = 0x20,
  TLV_SSL_VERSION = 0x21,
  TLV_SSL_CN = 0x22,
  TLV_SSL_CIPHER = 0x23,
  TLV_SSL_SIG_ALG = 0x24,
  TLV_SSL_KEY_ALG = 0x25,
  TLV_NETNS = 0x30
};
#define CHECKSUM_LENGTH 4

/* Before the TLVs within the one about TLS: an octet of bits, and the result of verifying in four. */
#define SSL_HEAD 5
enum { SSL_USED = 1, SSL_CERTIFICATE_NOW = 2, SSL_CERTIFICATE_BEFORE = 4 };

enum alphabet { ANY_OCTETS, TEXT, TEXT_WITHOUT_BLANKS };

struct fact {
  uint8_t type;
  enum alphabet alphabet;
  size_t offset, longest;
};

static struct fact const facts[] = {
    {TLV_ALPN, ANY_OCTETS, offsetof(struct proxyheader, alpn), PROXYHEADER_TEXT_MAX},
    {TLV_AUTHORITY, TEXT_WITHOUT_BLANKS, offsetof(struct proxyheader, authority), PROXYHEADER_TEXT_MAX},
    {TLV_UNIQUE_ID, ANY_OCTETS, offsetof(struct proxyheader, unique_id), PROXYHEADER_UNIQUE_ID_MAX},
    {TLV_NETNS, TEXT, offsetof(struct proxyheader, network_namespace), PROXYHEADER_TEXT_MAX},
};
static struct fact const tls_facts[] = {
    {TLV_SSL_VERSION, TEXT, offsetof(struct proxyheader, tls.version), PROXYHEADER_TEXT_MAX},
    {TLV_SSL_CN, TEXT, offsetof(struct proxyheader, tls.name), PROXYHEADER_TEXT_MAX},
    {TLV_SSL_CIPHER, TEXT, offsetof(struct proxyheader, tls.cipher), PROXYHEADER_TEXT_MAX},
    {TLV_SSL_SIG_ALG, TEXT, offsetof(struct proxyheader, tls.signature), PROXYHEADER_TEXT_MAX},
    {TLV_SSL_KEY_ALG, TEXT, offsetof(struct proxyheader, tls.key), PROXYHEADER_TEXT_MAX},
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct proxyheader_result incomplete(size_t needed)
{
  return (struct proxyheader_result){.state = PROXYHEADER_INCOMPLETE, .needed = needed};
}

static struct proxyheader_result complete(size_t length)
{
  return (struct proxyheader_result){.state = PROXYHEADER_COMPLETE, .length = length};
}

static struct proxyheader_result malformed(char const *reason)
{
  return (struct proxyheader_result){.state = PROXYHEADER_MALFORMED, .reason = reason};
}

/* --- Text ----------------------------------------------------------------------------------------------- */

/* The length of the UTF-8 sequence (RFC 3629) at the beginning if it is a character that is no control; else 0. */
static size_t character_length(uint8_t const *at, size_t left)
{
  static struct {
    uint8_t first, last;               /* of its first octet */
    uint8_t second_first, second_last; /* of its second; the others are 0x80-0xbf */
    size_t length;
  } const form[] = {
      {0x20, 0x7e, 0, 0, 1},       {0xc2, 0xc2, 0xa0, 0xbf, 2}, {0xc3, 0xdf, 0x80, 0xbf, 2},
      {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
      {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
      {0xf4, 0xf4, 0x80, 0x8f, 4},
  };
  size_t i = 0;
  while (i < COUNT(form) && (at[0] < form[i].first || at[0] > form[i].last))
    i++;
  if (i == COUNT(form) || form[i].length > left)
    return 0;
  if (form[i].length > 1 && (at[1] < form[i].second_first || at[1] > form[i].second_last))
    return 0;
  for (size_t n = 2; n < form[i].length; n++)
    if (at[n] < 0x80 || at[n] > 0xbf)
      return 0;
  return form[i].length;
}

static bool is_in_alphabet(enum alphabet alphabet, uint8_t const *octets, size_t length)
{
  size_t at = 0, step;
  if (alphabet == ANY_OCTETS)
    return true;
  for (; at < length; at += step) {
    step = character_length(octets + at, length - at);
    if (step == 0 || (alphabet == TEXT_WITHOUT_BLANKS && octets[at] == ' '))
      return false;
  }
  return true;
}

/* --- Version 1 ------------------------------------------------------------------------------------------ */

enum { FIELDS = 4, FIELD_SIZE = 64 };

static char const no_end[] = "no CR LF within 107 octets";
static char const no_crlf[] = "a line that does not end in CR LF";
static char const not_fields[] = "not two addresses and two ports";

/* Where CR LF ends, or 0 if it is not there. */
static size_t line_length(uint8_t const *octets, size_t from, size_t count)
{
  for (size_t i = from; i + 1 < count && i + 1 < PROXYHEADER_LINE_MAX; i++)
    if (octets[i] == '\r' && octets[i + 1] == '\n')
      return i + 2;
  return 0;
}

/* What at least is missing from the fields of an unfinished line of TCP4 or TCP6: what makes them as short as can be. */
static size_t fields_need(uint8_t const *octets, size_t from, size_t end, size_t shortest_address)
{
  size_t field = 0, begun = 0, needed = 0;
  for (size_t i = from; i < end; i++) {
    begun = octets[i] == ' ' ? 0 : begun + 1;
    field += octets[i] == ' ';
  }
  for (; field < FIELDS; field++, begun = 0) {
    size_t shortest = field < 2 ? shortest_address : 1;
    needed += (begun < shortest ? shortest - begun : 0) + (field + 1 < FIELDS ? 1 : 0);
  }
  return needed;
}

static bool take_port(uint16_t *port, char const *text)
{
  unsigned int value;
  if ((text[0] == '0' && text[1] != '\0') || !decimal_parse(&value, text, 0, UINT16_MAX))
    return false;
  *port = (uint16_t)value;
  return true;
}

static bool take_address(struct address *a, char const *text, bool ipv6)
{
  if (!ipv6)
    return address_parse_ipv4(a, text);
  /* A zone would be of the proxy's machine. */
  if (strchr(text, '%') || !address_parse(a, text) || a->family != ADDRESS_IPV6)
    return false;
  address_unmap(a);
  return true;
}

static bool take_fields(char field[FIELDS][FIELD_SIZE], uint8_t const *at, uint8_t const *end)
{
  memset(field, 0, (size_t)FIELDS * FIELD_SIZE);
  for (size_t i = 0; i < FIELDS; i++) {
    uint8_t const *stop = i + 1 < FIELDS ? memchr(at, ' ', (size_t)(end - at)) : end;
    if (!stop || stop - at >= FIELD_SIZE || memchr(at, '\0', (size_t)(stop - at)))
      return false;
    memcpy(field[i], at, (size_t)(stop - at));
    at = stop + 1;
  }
  return true;
}

/* What is there of a line whose end is not. The bound is never met by waiting for it. */
static struct proxyheader_result parse_half_line(uint8_t const *octets, size_t from, size_t count, bool ipv6)
{
  bool ending = octets[count - 1] == '\r';
  size_t needed = fields_need(octets, from, count - ending, ipv6 ? sizeof "::" - 1 : sizeof "0.0.0.0" - 1);
  if (ending && needed > 0)
    return malformed(not_fields);
  needed += ending ? 1 : 2;
  return count + needed > PROXYHEADER_LINE_MAX ? malformed(no_end) : incomplete(needed);
}

static struct proxyheader_result parse_tcp_line(struct proxyheader *h, uint8_t const *octets, size_t from,
                                                size_t count, bool ipv6)
{
  char field[FIELDS][FIELD_SIZE];
  size_t length = line_length(octets, from, count);
  size_t end = length ? length - 2 : count - (octets[count - 1] == '\r');

  if (!length && count >= PROXYHEADER_LINE_MAX)
    return malformed(no_end);
  for (size_t i = from; i < end; i++) {
    if (octets[i] == '\r' || octets[i] == '\n')
      return malformed(no_crlf);
    if (octets[i] == ' ' && octets[i - 1] == ' ')
      return malformed(not_fields);
  }
  if (!length)
    return parse_half_line(octets, from, count, ipv6);
  if (!take_fields(field, octets + from, octets + end))
    return malformed(not_fields);
  if (!take_address(&h->source, field[0], ipv6) || !take_address(&h->destination, field[1], ipv6))
    return malformed("not an address of its family");
  if (!take_port(&h->source_port, field[2]) || !take_port(&h->destination_port, field[3]))
    return malformed("not a port");
  h->kind = PROXYHEADER_TCP;
  return complete(length);
}

static struct proxyheader_result parse_tcp4(struct proxyheader *h, uint8_t const *octets, size_t from,
                                            size_t count)
{
  h->version = 1;
  return parse_tcp_line(h, octets, from, count, false);
}

static struct proxyheader_result parse_tcp6(struct proxyheader *h, uint8_t const *octets, size_t from,
                                            size_t count)
{
  h->version = 1;
  return parse_tcp_line(h, octets, from, count, true);
}

/* Whatever comes before CR LF is ignored, as the protocol says. */
static struct proxyheader_result parse_unknown(struct proxyheader *h, uint8_t const *octets, size_t from,
                                               size_t count)
{
  size_t length = line_length(octets, from, count);
  h->version = 1;
  h->kind = PROXYHEADER_UNKNOWN;
  if (count > from && octets[from] != ' ' && octets[from] != '\r')
    return malformed("neither TCP4 nor TCP6 nor UNKNOWN");
  if (count > from + 1 && octets[from] == '\r' && octets[from + 1] != '\n')
    return malformed(no_crlf);
  if (length)
    return complete(length);
  if (count >= PROXYHEADER_LINE_MAX || (count == PROXYHEADER_LINE_MAX - 1 && octets[count - 1] != '\r'))
    return malformed(no_end);
  return incomplete(octets[count - 1] == '\r' ? 1 : 2);
}

/* --- Version 2 ------------------------------------------------------------------------------------------ */

static uint16_t number16(uint8_t const *at)
{
  return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t number32(uint8_t const *at)
{
  return (uint32_t)number16(at) << 16 | number16(at + 2);
}

/* RFC 4960 appendix B: the reflected polynomial 0x1edc6f41, four bits at a time. */
static uint32_t checksum_add(uint32_t crc, uint8_t const *octets, size_t count)
{
  static uint32_t const step[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                    0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                    0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
  for (size_t i = 0; i < count; i++) {
    crc ^= octets[i];
    crc = crc >> 4 ^ step[crc & 15];
    crc = crc >> 4 ^ step[crc & 15];
  }
  return crc;
}

/* Of a header in which the checksum's own four octets count as 0. */
static uint32_t checksum_of(uint8_t const *octets, size_t length, size_t place)
{
  static uint8_t const zeros[CHECKSUM_LENGTH];
  uint32_t crc = checksum_add(UINT32_MAX, octets, place);
  crc = checksum_add(crc, zeros, sizeof zeros);
  return ~checksum_add(crc, octets + place + CHECKSUM_LENGTH, length - place - CHECKSUM_LENGTH);
}

struct tlv {
  uint8_t type;
  uint8_t const *value;
  size_t length;
};

/* TLVs that are still to come. */
struct rest {
  uint8_t const *at, *end;
};

/* False at the end, and if what is left is no TLV: then the rest is not empty. */
static bool tlv_next(struct rest *r, struct tlv *tlv)
{
  if (r->end - r->at < TLV_HEAD)
    return false;
  *tlv = (struct tlv){.type = r->at[0], .value = r->at + TLV_HEAD, .length = number16(r->at + 1)};
  if ((size_t)(r->end - tlv->value) < tlv->length)
    return false;
  r->at = tlv->value + tlv->length;
  return true;
}

static bool are_tlvs(struct rest r)
{
  struct tlv tlv;
  while (tlv_next(&r, &tlv))
    ;
  return r.at == r.end;
}

static char const *verify_checksum(struct proxyheader *h, uint8_t const *octets, struct rest r)
{
  size_t length = (size_t)(r.end - octets);
  struct tlv tlv;
  while (tlv_next(&r, &tlv)) {
    if (tlv.type != TLV_CRC32C)
      continue;
    if (h->checksum)
      return "a TLV that comes twice";
    if (tlv.length != CHECKSUM_LENGTH)
      return "a checksum that is not four octets";
    if (checksum_of(octets, length, (size_t)(tlv.value - octets)) != number32(tlv.value))
      return "wrong checksum";
    h->checksum = true;
  }
  return NULL;
}

static struct proxyheader_text *text_of(struct proxyheader *h, struct fact const *fact)
{
  return (struct proxyheader_text *)(void *)((char *)h + fact->offset);
}

static char const *take_fact(struct proxyheader *h, struct fact const *list, size_t count,
                             struct tlv const *tlv)
{
  struct proxyheader_text *text;
  size_t i = 0;
  while (i < count && list[i].type != tlv->type)
    i++;
  if (i == count)
    return NULL;
  text = text_of(h, &list[i]);
  if (text->octets)
    return "a TLV that comes twice";
  if (tlv->length > list[i].longest)
    return "too long a TLV";
  if (!is_in_alphabet(list[i].alphabet, tlv->value, tlv->length))
    return "a TLV that is not text";
  text->octets = (char const *)tlv->value;
  text->length = tlv->length;
  return NULL;
}

static char const *take_tls(struct proxyheader *h, struct tlv const *outer)
{
  struct rest r = {outer->value + SSL_HEAD, outer->value + outer->length};
  char const *reason = NULL;
  struct tlv tlv;
  if (h->has_tls)
    return "a TLV that comes twice";
  if (outer->length < SSL_HEAD || !are_tlvs(r))
    return "a TLV with a wrong length";
  h->has_tls = true;
  h->tls.used = outer->value[0] & SSL_USED;
  h->tls.certificate_now = outer->value[0] & SSL_CERTIFICATE_NOW;
  h->tls.certificate = outer->value[0] & (SSL_CERTIFICATE_NOW | SSL_CERTIFICATE_BEFORE);
  h->tls.verify = number32(outer->value + 1);
  while (!reason && tlv_next(&r, &tlv))
    reason = take_fact(h, tls_facts, COUNT(tls_facts), &tlv);
  return reason;
}

static char const *take_facts(struct proxyheader *h, struct rest r)
{
  char const *reason = NULL;
  struct tlv tlv;
  while (!reason && tlv_next(&r, &tlv))
    reason = tlv.type == TLV_SSL ? take_tls(h, &tlv) : take_fact(h, facts, COUNT(facts), &tlv);
  return reason;
}

static void take_endpoint(struct address *a, uint16_t *port, enum address_family family,
                          uint8_t const *octets, uint8_t const *port_octets)
{
  *a = (struct address){.family = family};
  memcpy(a->octet, octets, address_bits(a) / 8);
  *port = number16(port_octets);
  address_unmap(a);
}

static struct proxyheader_text path(uint8_t const *octets)
{
  size_t length = strnlen((char const *)octets, PROXYHEADER_PATH_MAX);
  return (struct proxyheader_text){.octets = length ? (char const *)octets : NULL, .length = length};
}

static void take_addresses(struct proxyheader *h, unsigned int family, uint8_t const *at)
{
  switch (family) {
  case FAMILY_IPV4:
    take_endpoint(&h->source, &h->source_port, ADDRESS_IPV4, at, at + 8);
    take_endpoint(&h->destination, &h->destination_port, ADDRESS_IPV4, at + 4, at + 10);
    break;
  case FAMILY_IPV6:
    take_endpoint(&h->source, &h->source_port, ADDRESS_IPV6, at, at + 32);
    take_endpoint(&h->destination, &h->destination_port, ADDRESS_IPV6, at + 16, at + 34);
    break;
  case FAMILY_UNIX:
    h->source_path = path(at);
    h->destination_path = path(at + PROXYHEADER_PATH_MAX);
    break;
  }
}

static size_t addresses_length(unsigned int family)
{
  static size_t const length[] = {
      [FAMILY_IPV4] = IPV4_LENGTH, [FAMILY_IPV6] = IPV6_LENGTH, [FAMILY_UNIX] = UNIX_LENGTH};
  return family < COUNT(length) ? length[family] : 0;
}

/* What the first octets say, as soon as each is there. */
static char const *fixed_problem(uint8_t const *octets, size_t count)
{
  if (count > 12 && octets[12] >> 4 != 2)
    return "a version that is not 2";
  if (count > 12 && (octets[12] & 15) > COMMAND_PROXY)
    return "neither LOCAL nor PROXY";
  /* LOCAL has a family that nobody looks at. */
  if (count > 13 && (octets[12] & 15) == COMMAND_PROXY &&
      (octets[13] >> 4 > FAMILY_UNIX || (octets[13] & 15) > PROTOCOL_DATAGRAM))
    return "an unknown family or protocol";
  if (count >= FIXED_LENGTH && number16(octets + 14) > PROXYHEADER_MAX - FIXED_LENGTH)
    return "longer than 4096 octets";
  return NULL;
}

static struct proxyheader_result parse_binary(struct proxyheader *h, uint8_t const *octets, size_t from,
                                              size_t count)
{
  char const *reason = fixed_problem(octets, count);
  bool local, known;
  unsigned int family, protocol;
  size_t length, addresses;
  struct rest tlvs;

  (void)from;
  if (reason)
    return malformed(reason);
  if (count < FIXED_LENGTH)
    return incomplete(FIXED_LENGTH - count);
  length = FIXED_LENGTH + number16(octets + 14);
  local = (octets[12] & 15) == COMMAND_LOCAL;
  family = octets[13] >> 4;
  protocol = octets[13] & 15;
  addresses = addresses_length(family);
  /* Of the others neither form nor length of what follows is fixed. */
  known = !local && family != FAMILY_UNSPECIFIED && protocol != PROTOCOL_UNSPECIFIED;
  if (length - FIXED_LENGTH < addresses) {
    if (known)
      return malformed("too short for its addresses");
    addresses = length - FIXED_LENGTH;
  }
  if (count < length)
    return incomplete(length - count);

  h->version = 2;
  h->kind = local ? PROXYHEADER_LOCAL : PROXYHEADER_UNKNOWN;
  if (known && protocol == PROTOCOL_STREAM) {
    h->kind = family == FAMILY_UNIX ? PROXYHEADER_UNIX : PROXYHEADER_TCP;
    take_addresses(h, family, octets + FIXED_LENGTH);
  }
  tlvs = (struct rest){octets + FIXED_LENGTH + addresses, octets + length};
  if (!are_tlvs(tlvs))
    return known ? malformed("a TLV with a wrong length") : complete(length);
  reason = verify_checksum(h, octets, tlvs);
  if (!reason && !local)
    reason = take_facts(h, tlvs);
  return reason ? malformed(reason) : complete(length);
}

/* --- Both ----------------------------------------------------------------------------------------------- */

/* How a header may begin, how long it is at least, and what reads the rest. */
static struct {
  char const *octets;
  size_t length, shortest;
  struct proxyheader_result (*parse)(struct proxyheader *h, uint8_t const *octets, size_t from, size_t count);
} const beginning[] = {
    {"PROXY UNKNOWN", sizeof "PROXY UNKNOWN" - 1, sizeof "PROXY UNKNOWN\r\n" - 1, parse_unknown},
    {"PROXY TCP4 ", sizeof "PROXY TCP4 " - 1, sizeof "PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n" - 1, parse_tcp4},
    {"PROXY TCP6 ", sizeof "PROXY TCP6 " - 1, sizeof "PROXY TCP6 :: :: 0 0\r\n" - 1, parse_tcp6},
    {SIGNATURE, SIGNATURE_LENGTH, FIXED_LENGTH, parse_binary},
};

struct proxyheader_result proxyheader_parse(struct proxyheader *h, uint8_t const *octets, size_t count)
{
  size_t shortest = 0;
  memset(h, 0, sizeof *h);
  for (size_t i = 0; i < COUNT(beginning); i++) {
    size_t length = beginning[i].length;
    if (count > 0 && memcmp(octets, beginning[i].octets, count < length ? count : length) != 0)
      continue;
    if (count >= length)
      return beginning[i].parse(h, octets, length, count);
    if (shortest == 0 || beginning[i].shortest < shortest)
      shortest = beginning[i].shortest;
  }
  return shortest ? incomplete(shortest - count) : malformed("does not begin like one");
}

/* --- Writing -------------------------------------------------------------------------------------------- */

struct output {
  uint8_t *octets;
  size_t size, used;
  bool failed; /* it did not fit, or there is something that can't be written */
};

static void put(struct output *o, void const *octets, size_t count)
{
  if (o->failed || o->size - o->used < count) {
    o->failed = true;
    return;
  }
  if (count)
    memcpy(o->octets + o->used, octets, count);
  o->used += count;
}

static void put16(struct output *o, size_t value)
{
  uint8_t const octets[] = {(uint8_t)(value >> 8), (uint8_t)value};
  o->failed = o->failed || value > UINT16_MAX;
  put(o, octets, sizeof octets);
}

static void put_tlv_head(struct output *o, uint8_t type, size_t length)
{
  put(o, &type, 1);
  put16(o, length);
}

/* The family of both addresses together, NONE if there are not two. */
static enum address_family common_family(struct proxyheader const *h)
{
  if (h->source.family == ADDRESS_NONE || h->destination.family == ADDRESS_NONE)
    return ADDRESS_NONE;
  return h->source.family == h->destination.family ? h->source.family : ADDRESS_IPV6;
}

static void put_address_text(struct output *o, struct address const *a, enum address_family family)
{
  char text[ADDRESS_TEXT_SIZE];
  put(o, text, family == a->family ? address_print(text, a) : address_print_mapped(text, a));
}

static void put_port_text(struct output *o, uint16_t port)
{
  char text[DECIMAL_SIZE];
  put(o, " ", 1);
  put(o, text, decimal_print(text, port));
}

static void write_line(struct output *o, struct proxyheader const *h)
{
  enum address_family family = common_family(h);
  if (h->kind != PROXYHEADER_TCP) {
    put(o, "PROXY UNKNOWN\r\n", sizeof "PROXY UNKNOWN\r\n" - 1);
    return;
  }
  o->failed = family == ADDRESS_NONE;
  put(o, family == ADDRESS_IPV4 ? "PROXY TCP4 " : "PROXY TCP6 ", sizeof "PROXY TCP4 " - 1);
  put_address_text(o, &h->source, family);
  put(o, " ", 1);
  put_address_text(o, &h->destination, family);
  put_port_text(o, h->source_port);
  put_port_text(o, h->destination_port);
  put(o, "\r\n", 2);
}

static void put_address(struct output *o, struct address const *a, enum address_family family)
{
  static uint8_t const mapped[12] = {[10] = 0xff, [11] = 0xff};
  if (family == a->family) {
    put(o, a->octet, address_bits(a) / 8);
    return;
  }
  put(o, mapped, sizeof mapped);
  put(o, a->octet, 4);
}

static void put_path(struct output *o, struct proxyheader_text const *text)
{
  uint8_t padded[PROXYHEADER_PATH_MAX] = {0};
  size_t length = text->octets ? text->length : 0;
  if (length > sizeof padded || (length && memchr(text->octets, '\0', length)))
    o->failed = true;
  else if (length)
    memcpy(padded, text->octets, length);
  put(o, padded, sizeof padded);
}

static void put_addresses(struct output *o, struct proxyheader const *h)
{
  enum address_family family = common_family(h);
  switch (h->kind) {
  case PROXYHEADER_LOCAL:
  case PROXYHEADER_UNKNOWN: break;
  case PROXYHEADER_UNIX:
    put_path(o, &h->source_path);
    put_path(o, &h->destination_path);
    break;
  case PROXYHEADER_TCP:
    o->failed = o->failed || family == ADDRESS_NONE;
    put_address(o, &h->source, family);
    put_address(o, &h->destination, family);
    put16(o, h->source_port);
    put16(o, h->destination_port);
    break;
  }
}

static void put_facts(struct output *o, struct proxyheader const *h, struct fact const *list, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    struct proxyheader_text const *text = (void const *)((char const *)h + list[i].offset);
    if (!text->octets)
      continue;
    if (text->length > list[i].longest ||
        !is_in_alphabet(list[i].alphabet, (uint8_t const *)text->octets, text->length))
      o->failed = true;
    put_tlv_head(o, list[i].type, text->length);
    put(o, text->octets, text->length);
  }
}

static void put_tls(struct output *o, struct proxyheader const *h)
{
  struct proxyheader_tls const *t = &h->tls;
  uint8_t const head[SSL_HEAD] = {
      (uint8_t)((t->used ? SSL_USED : 0) | (t->certificate_now ? SSL_CERTIFICATE_NOW : 0) |
                (t->certificate && !t->certificate_now ? SSL_CERTIFICATE_BEFORE : 0)),
      (uint8_t)(t->verify >> 24), (uint8_t)(t->verify >> 16), (uint8_t)(t->verify >> 8), (uint8_t)t->verify};
  size_t begin = o->used, length;
  put_tlv_head(o, TLV_SSL, 0);
  put(o, head, sizeof head);
  put_facts(o, h, tls_facts, COUNT(tls_facts));
  if (o->failed)
    return;
  length = o->used - begin - TLV_HEAD;
  o->octets[begin + 1] = (uint8_t)(length >> 8);
  o->octets[begin + 2] = (uint8_t)length;
}

/* Last, because it is of all the others. */
static void fill_in(struct output *o, size_t checksum_place)
{
  size_t length = o->used - FIXED_LENGTH;
  uint32_t crc;
  o->octets[14] = (uint8_t)(length >> 8);
  o->octets[15] = (uint8_t)length;
  if (!checksum_place)
    return;
  crc = checksum_of(o->octets, o->used, checksum_place);
  for (size_t i = 0; i < CHECKSUM_LENGTH; i++)
    o->octets[checksum_place + i] = (uint8_t)(crc >> (24 - 8 * i));
}

static uint8_t family_octet(struct proxyheader const *h)
{
  switch (h->kind) {
  case PROXYHEADER_UNIX: return FAMILY_UNIX << 4 | PROTOCOL_STREAM;
  case PROXYHEADER_TCP:
    return common_family(h) == ADDRESS_IPV4 ? FAMILY_IPV4 << 4 | PROTOCOL_STREAM
                                            : FAMILY_IPV6 << 4 | PROTOCOL_STREAM;
  case PROXYHEADER_LOCAL:
  case PROXYHEADER_UNKNOWN: break;
  }
  return FAMILY_UNSPECIFIED << 4 | PROTOCOL_UNSPECIFIED;
}

static void write_binary(struct output *o, struct proxyheader const *h)
{
  static uint8_t const zeros[CHECKSUM_LENGTH];
  uint8_t const what[] = {2 << 4 | (h->kind == PROXYHEADER_LOCAL ? COMMAND_LOCAL : COMMAND_PROXY),
                          family_octet(h), 0, 0};
  size_t checksum_place = 0;

  put(o, SIGNATURE, SIGNATURE_LENGTH);
  put(o, what, sizeof what);
  put_addresses(o, h);
  if (h->checksum) {
    put_tlv_head(o, TLV_CRC32C, sizeof zeros);
    checksum_place = o->used;
    put(o, zeros, sizeof zeros);
  }
  if (h->kind != PROXYHEADER_LOCAL) {
    put_facts(o, h, facts, COUNT(facts));
    if (h->has_tls)
      put_tls(o, h);
  }
  if (!o->failed)
    fill_in(o, checksum_place);
}

size_t proxyheader_write(uint8_t *out, size_t size, struct proxyheader const *h)
{
  struct output o = {.octets = out, .size = size < PROXYHEADER_MAX ? size : PROXYHEADER_MAX};
  if (h->version == 1)
    write_line(&o, h);
  else if (h->version == 2)
    write_binary(&o, h);
  return o.failed ? 0 : o.used;
}

/* --- The facts as variables ----------------------------------------------------------------------------- */

static int add(struct environment *e, char const *name, struct proxyheader_text const *text)
{
  char value[PROXYHEADER_TEXT_MAX + 1];
  if (!text->octets || text->length == 0 || text->length >= sizeof value ||
      !is_in_alphabet(TEXT, (uint8_t const *)text->octets, text->length))
    return 0;
  memcpy(value, text->octets, text->length);
  value[text->length] = '\0';
  return environment_add(e, name, value);
}

int proxyheader_environment(struct proxyheader const *h, struct environment *e)
{
  struct proxyheader_tls const *t = &h->tls;
  bool tls = h->has_tls && t->used;
  if (add(e, "PROXY_AUTHORITY", &h->authority) == -1 || add(e, "PROXY_ALPN", &h->alpn) == -1 ||
      add(e, "PROXY_UNIQUE_ID", &h->unique_id) == -1 || add(e, "PROXY_NETNS", &h->network_namespace) == -1)
    return -1;
  if (tls &&
      (add(e, "PROXY_SSL_VERSION", &t->version) == -1 || add(e, "PROXY_SSL_CIPHER", &t->cipher) == -1 ||
       add(e, "PROXY_SSL_SIG_ALG", &t->signature) == -1 || add(e, "PROXY_SSL_KEY_ALG", &t->key) == -1))
    return -1;
  return tls && t->certificate && t->verify == 0 ? add(e, "PROXY_SSL_CN", &t->name) : 0;
}
