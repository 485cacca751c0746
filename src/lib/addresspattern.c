/* addresspattern.c - see addresspattern.h. */
#include "addresspattern.h"

#include <string.h>

#include "span.h"

#define PARTS4 4
#define PARTS6 8

static char const bad_part[] = "a part of its address is none";
static char const bad_range[] = "a range in its address is reversed or too large";

/* --- IPv4: numbers that a part may be --------------------------------------------------------------------------- */

static void allow(uint8_t set[32], unsigned int octet)
{
  set[octet / 8] = (uint8_t)(set[octet / 8] | 1u << octet % 8);
}

static bool is_allowed(uint8_t const set[32], unsigned int octet)
{
  return set[octet / 8] >> octet % 8 & 1;
}

/* ? stands for one digit, * for any number of them. */
static bool glob_matches(char const *glob, size_t glob_len, char const *digits)
{
  if (glob_len == 0)
    return *digits == '\0';
  if (*glob == '*')
    return glob_matches(glob + 1, glob_len - 1, digits) ||
           (*digits != '\0' && glob_matches(glob, glob_len, digits + 1));
  return *digits != '\0' && (*glob == '?' || *glob == *digits) &&
         glob_matches(glob + 1, glob_len - 1, digits + 1);
}

static void print_octet(char out[4], unsigned int octet)
{
  size_t len = 0;
  if (octet >= 100)
    out[len++] = (char)('0' + octet / 100);
  if (octet >= 10)
    out[len++] = (char)('0' + octet / 10 % 10);
  out[len++] = (char)('0' + octet % 10);
  out[len] = '\0';
}

/* Three characters at most, and digits, ? and * only. */
static char const *parse_glob(uint8_t set[32], struct span part)
{
  char digits[4];
  bool any = false;
  if (part.len == 0 || part.len > 3)
    return bad_part;
  for (size_t i = 0; i < part.len; i++)
    if (!strchr("0123456789?*", part.at[i]) || part.at[i] == '\0')
      return bad_part;
  for (unsigned int octet = 0; octet < 256; octet++) {
    print_octet(digits, octet);
    if (!glob_matches(part.at, part.len, digits))
      continue;
    allow(set, octet);
    any = true;
  }
  return any ? NULL : "a part of its address is no number from 0 to 255";
}

/* A number without leading zeros. */
static bool parse_octet(unsigned int *octet, struct span text)
{
  *octet = 0;
  if (text.len == 0 || text.len > 3 || (text.len > 1 && *text.at == '0'))
    return false;
  for (size_t i = 0; i < text.len; i++) {
    if (text.at[i] < '0' || text.at[i] > '9')
      return false;
    *octet = *octet * 10 + (unsigned int)(text.at[i] - '0');
  }
  return *octet <= 255;
}

static char const *parse_octets(uint8_t set[32], struct span part)
{
  char const *dash = memchr(part.at, '-', part.len);
  unsigned int low, high = 255;
  struct span from, to;
  if (!dash)
    return parse_glob(set, part);
  from = (struct span){part.at, (size_t)(dash - part.at)};
  to = (struct span){dash + 1, part.len - from.len - 1};
  if (!parse_octet(&low, from) || (to.len > 0 && !parse_octet(&high, to)))
    return bad_part;
  if (low > high)
    return bad_range;
  for (unsigned int octet = low; octet <= high; octet++)
    allow(set, octet);
  return NULL;
}

/* One octet that is allowed is fixed; all of them are nothing to be looked at. */
static void settle_octets(struct addresspattern *p, size_t i)
{
  unsigned int allowed = 0, last = 0;
  for (unsigned int octet = 0; octet < 256; octet++)
    if (is_allowed(p->rest.octets[i], octet)) {
      allowed++;
      last = octet;
    }
  if (allowed == 1) {
    p->mask[i] = 0xff;
    p->value[i] = (uint8_t)last;
  } else if (allowed < 256)
    p->has_rest = true;
}

/* --- IPv6 -------------------------------------------------------------------------------------------------------- */

static struct addresspattern_group const any_group = {.high = 0xffff};

static int hexadecimal(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Digits, and ? for one: a number has as many as the pattern, so that its first is not 0. */
static char const *parse_digits(struct addresspattern_group *g, struct span part)
{
  unsigned int mask = 0, bits = 0, least = 0;
  if (part.len == 0 || part.len > 4)
    return bad_part;
  for (size_t i = 0; i < part.len; i++) {
    int digit = hexadecimal(part.at[i]);
    if (digit == -1 && part.at[i] != '?')
      return bad_part;
    mask = mask << 4 | (digit == -1 ? 0 : 15);
    bits = bits << 4 | (digit == -1 ? 0 : (unsigned int)digit);
    least = least << 4 | (digit == -1 && i == 0 && part.len > 1 ? 1 : 0);
  }
  /* Above the pattern's digits there are none. */
  mask |= 0xffffu << (4 * part.len);
  *g = (struct addresspattern_group){
      .low = (uint16_t)least, .high = 0xffff, .mask = (uint16_t)mask, .bits = (uint16_t)bits};
  if ((mask & 0xffff) == 0xffff)
    g->low = g->high = (uint16_t)bits;
  return NULL;
}

static char const *parse_group(struct addresspattern_group *g, struct span part)
{
  char const *dash = memchr(part.at, '-', part.len), *problem;
  struct addresspattern_group from, to = {.low = 0xffff, .high = 0xffff};
  if (part.len == 1 && *part.at == '*') {
    *g = any_group;
    return NULL;
  }
  if (!dash)
    return parse_digits(g, part);
  problem = parse_digits(&from, (struct span){part.at, (size_t)(dash - part.at)});
  if (!problem && (size_t)(dash - part.at) + 1 < part.len)
    problem = parse_digits(&to, (struct span){dash + 1, part.len - (size_t)(dash - part.at) - 1});
  if (problem || from.low != from.high || to.low != to.high)
    return bad_part;
  if (from.low > to.low)
    return bad_range;
  *g = (struct addresspattern_group){.low = from.low, .high = to.low};
  return NULL;
}

static void settle_group(struct addresspattern *p, size_t i)
{
  struct addresspattern_group const *g = &p->rest.group[i];
  if (g->low == g->high) {
    p->mask[2 * i] = p->mask[2 * i + 1] = 0xff;
    p->value[2 * i] = (uint8_t)(g->low >> 8);
    p->value[2 * i + 1] = (uint8_t)g->low;
  } else if (memcmp(g, &any_group, sizeof *g) != 0)
    p->has_rest = true;
}

/* --- Both -------------------------------------------------------------------------------------------------------- */

/* Parts with separators between them. A gap (::) is where zeros are missing. */
struct parts {
  struct span part[PARTS6];
  size_t count, gap; /* gap: so many parts come before it; or PARTS6 + 1: there is none */
  bool open;         /* what follows the last may be anything */
};

static bool add_part(struct parts *s, size_t max, char const *at, size_t len)
{
  if (s->count == max)
    return false;
  s->part[s->count++] = (struct span){at, len};
  return true;
}

static bool split(struct parts *s, char const *text, char separator, size_t max)
{
  char const *at = text, *end;
  *s = (struct parts){.gap = PARTS6 + 1};
  for (;;) {
    if (separator == ':' && at[0] == ':' && (at == text ? at[1] == ':' : true)) {
      if (s->gap <= PARTS6)
        return false;
      s->gap = s->count;
      at += at == text ? 2 : 1;
      if (*at == '\0')
        return true;
    } else if (*at == '\0') {
      s->open = s->count > 0;
      return s->open;
    }
    end = strchr(at, separator);
    if (!add_part(s, max, at, end ? (size_t)(end - at) : strlen(at)))
      return false;
    if (!end)
      break;
    at = end + 1;
  }
  if (s->part[s->count - 1].len == 1 && *s->part[s->count - 1].at == '*' && s->count < max &&
      s->gap > PARTS6) {
    s->open = true;
    s->count--;
  }
  return true;
}

/* Too many, too few, or an end with nothing to come. */
static bool count_fits(struct parts const *s, size_t max)
{
  if (s->gap <= PARTS6)
    return !s->open && s->count < max;
  return s->open ? s->count < max : s->count == max;
}

static char const *parse_ipv4(struct addresspattern *p, char const *text)
{
  struct parts s;
  if (!split(&s, text, '.', PARTS4) || !count_fits(&s, PARTS4))
    return "it is no address or pattern of addresses";
  p->family = ADDRESS_IPV4;
  for (size_t i = 0; i < PARTS4; i++) {
    static struct span const anything = {"*", 1};
    char const *problem = parse_octets(p->rest.octets[i], i < s.count ? s.part[i] : anything);
    if (problem)
      return problem;
    settle_octets(p, i);
  }
  return NULL;
}

/* IPv4 addresses in IPv6's clothes come as what they are. */
static bool is_mapped(struct addresspattern const *p)
{
  static uint8_t const all[12] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  static uint8_t const mapped[12] = {[10] = 255, [11] = 255};
  return memcmp(p->mask, all, sizeof all) == 0 && memcmp(p->value, mapped, sizeof mapped) == 0;
}

static char const *parse_ipv6(struct addresspattern *p, char const *text)
{
  struct parts s;
  size_t missing;
  if (!split(&s, text, ':', PARTS6) || !count_fits(&s, PARTS6))
    return "it is no address or pattern of addresses";
  p->family = ADDRESS_IPV6;
  missing = PARTS6 - s.count;
  for (size_t i = 0, part = 0; i < PARTS6; i++) {
    char const *problem = NULL;
    p->rest.group[i] = any_group;
    if (s.gap <= PARTS6 && i >= s.gap && i < s.gap + missing)
      p->rest.group[i] = (struct addresspattern_group){.low = 0};
    else if (part < s.count)
      problem = parse_group(&p->rest.group[i], s.part[part++]);
    if (problem)
      return problem;
    settle_group(p, i);
  }
  return is_mapped(p) ? "it is a pattern of IPv4 addresses, which are written as such" : NULL;
}

static char const *take_network(struct addresspattern *p, struct network const *n)
{
  if (network_has_host_bits(n))
    return "its address has bits beyond the length of the network";
  p->family = n->address.family;
  memcpy(p->value, n->address.octet, sizeof p->value);
  for (unsigned int bit = 0; bit < n->bits; bit++)
    p->mask[bit / 8] = (uint8_t)(p->mask[bit / 8] | 0x80u >> bit % 8);
  return NULL;
}

char const *addresspattern_parse(struct addresspattern *p, char const *text, size_t len)
{
  char copy[ADDRESSPATTERN_TEXT_MAX + 1];
  char const *at = text;
  struct span word = span_take_word(&at, text + len);
  struct network n;

  memset(p, 0, sizeof *p);
  if (span_take_word(&at, text + len).len > 0)
    return "it has a blank inside";
  if (word.len == 0)
    return "it is empty";
  if (!span_copy(copy, sizeof copy, word))
    return "it is too long for an address, or has a NUL";
  if (strcmp(copy, "*") == 0)
    return NULL;
  if (network_parse(&n, copy))
    return take_network(p, &n);
  return strchr(copy, ':') ? parse_ipv6(p, copy) : parse_ipv4(p, copy);
}

static bool group_matches(struct addresspattern_group const *g, unsigned int group)
{
  return group >= g->low && group <= g->high && (group & g->mask) == g->bits;
}

bool addresspattern_rest_matches(union addresspattern_rest const *rest, struct address const *a)
{
  if (a->family == ADDRESS_IPV4) {
    for (size_t i = 0; i < PARTS4; i++)
      if (!is_allowed(rest->octets[i], a->octet[i]))
        return false;
    return true;
  }
  for (size_t i = 0; i < PARTS6; i++)
    if (!group_matches(&rest->group[i], (unsigned int)a->octet[2 * i] << 8 | a->octet[2 * i + 1]))
      return false;
  return true;
}

bool addresspattern_matches(struct addresspattern const *p, struct address const *a)
{
  if (p->family == ADDRESS_NONE)
    return true;
  if (p->family != a->family)
    return false;
  for (size_t i = 0; i < sizeof p->mask; i++)
    if ((a->octet[i] & p->mask[i]) != p->value[i])
      return false;
  return !p->has_rest || addresspattern_rest_matches(&p->rest, a);
}
