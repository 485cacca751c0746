/* rulefile.c - see rulefile.h. A line is parsed strictly; where that fails and the caller is lenient, it is
 * compiled the way ucspi-tcp 0.88 does, if that would have accepted it. The text of a key is read here and
 * nowhere else. */
#include "rulefile.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"
#include "hours.h"
#include "rates.h"
#include "span.h"

#define IDENT_MAX      512
#define HOST_NAME_MAX_ 253 /* RFC 1035, without the dot at the end */
#define HOST_LABEL_MAX 63
#define IPV4_PARTS     4

/* --- What can be wrong, in the order of enum rulefile_problem ------------------------------------------ */

static struct problem_text {
  char const *what;
  char const *expected;
} const problem_text[] = {
    [RULEFILE_NO_DECISION] = {"has no decision", "key:allow or key:deny"},
    [RULEFILE_DECISION] = {"is no decision", "allow or deny, then a comma or the end of the line"},
    [RULEFILE_NUL] = {"contains a NUL byte", "text"},
    [RULEFILE_TOO_LONG] = {"is the start of a line that is too long", "at most 65535 bytes"},
    [RULEFILE_EDIT] = {"sets no variable", ",NAME=\"value\" or ,!NAME"},
    [RULEFILE_VARIABLE] = {"is no variable's name", "printable characters without blank, comma, quote or ="},
    [RULEFILE_VALUE] = {"has no value", "NAME=\"value\""},
    [RULEFILE_UNTERMINATED] = {"does not end", "the byte that began the value, after it"},
    [RULEFILE_AFTER_VALUE] = {"follows a value", "a comma or the end of the line"},
    [RULEFILE_UNSET_VALUE] = {"unsets and sets", ",!NAME alone"},
    [RULEFILE_LIMIT] = {"is no limit", "a decimal number"},
    [RULEFILE_RATE] = {"is no rate", "MAXRATE=\"n/s\" or MAXRATE=\"n/s:ban\""},
    [RULEFILE_HOURS] = {"are no hours", "HOURS=\"08:00-18:00,20:00-22:00\", at most 32 spans"},
    [RULEFILE_LEADING_BLANK] = {"starts with a blank", "the key at the start of the line"},
    [RULEFILE_ADDRESS] = {"is no address",
                          "an IPv4 or IPv6 address, a network, a prefix like 10.1. or a name like =host"},
    [RULEFILE_PART] = {"has a part over 255", "parts of 0 to 255"},
    [RULEFILE_LEADING_ZERO] = {"has a part with a leading zero", "plain decimal numbers"},
    [RULEFILE_LENGTH] = {"has no legal prefix length", "/0 to /32 for IPv4, /0 to /128 for IPv6"},
    [RULEFILE_HOST_BITS] = {"has bits set beyond its prefix length", ""},
    [RULEFILE_ZONE] = {"names a zone", "the address alone: rules do not depend on interfaces"},
    [RULEFILE_RANGE] = {"is no range", "a range in one part, like 10.0.0.5-38 or 10.0-5."},
    [RULEFILE_REVERSED] = {"is a reversed range", "the lower number first"},
    [RULEFILE_HOST] = {"can never match a host name",
                       "letters, digits, - and _ in labels of 1 to 63, no dot at the end"},
    [RULEFILE_INFO] = {"can never match what ident says", "at most 512 printable characters before the @"},
    [RULEFILE_INFO_NEEDS] = {"can never match after @", "a whole address or =host"},
    [RULEFILE_DUPLICATE] = {"is a key that was there before", "each key once"},
};

char const *rulefile_what(enum rulefile_problem problem)
{
  return problem_text[problem].what;
}

/* Where parsing stopped, and why. */
struct fault {
  enum rulefile_problem problem;
  struct span found;
  char expected[sizeof((struct rulefile_complaint *)0)->expected]; /* empty: that of problem_text */
};

static bool fail(struct fault *fault, enum rulefile_problem problem, struct span found)
{
  fault->problem = problem;
  fault->found = found;
  fault->expected[0] = '\0';
  return false;
}

static void complain(struct rulefile *f, struct fault const *fault, bool warning)
{
  struct rulefile_complaint c = {.line = f->line,
                                 .problem = fault->problem,
                                 .warning = warning,
                                 .found = fault->found.at,
                                 .found_len = fault->found.len,
                                 .what = problem_text[fault->problem].what};
  snprintf(c.expected, sizeof c.expected, "%s",
           fault->expected[0] ? fault->expected : problem_text[fault->problem].expected);
  if (!warning)
    f->errors++;
  f->sink.complaint(f->sink.context, &c);
}

/* --- Spans --------------------------------------------------------------------------------------------- */

static struct span rest_from(struct span s, size_t offset)
{
  return (struct span){s.at + offset, s.len - offset};
}

static struct span first_bytes(struct span s, size_t len)
{
  return (struct span){s.at, len};
}

/* The position of byte, or s.len. */
static size_t position(struct span s, char byte)
{
  char const *found = s.len > 0 ? memchr(s.at, byte, s.len) : NULL;
  return found ? (size_t)(found - s.at) : s.len;
}

static size_t last_position(struct span s, char byte)
{
  char const *found = s.len > 0 ? memrchr(s.at, byte, s.len) : NULL;
  return found ? (size_t)(found - s.at) : s.len;
}

static inline bool equals(struct span s, char const *text)
{
  return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

static bool starts_with(struct span s, char const *text)
{
  size_t len = strlen(text);
  return s.len >= len && memcmp(s.at, text, len) == 0;
}

static bool is_digit(char byte)
{
  return byte >= '0' && byte <= '9';
}

/* True if all of s is a decimal number of at most `digits` digits, without needless zeros. */
static bool number(struct span s, size_t digits, unsigned int *value)
{
  if (s.len == 0 || s.len > digits || (s.len > 1 && s.at[0] == '0'))
    return false;
  *value = 0;
  for (size_t i = 0; i < s.len; i++) {
    if (!is_digit(s.at[i]))
      return false;
    *value = *value * 10 + (unsigned int)(s.at[i] - '0');
  }
  return true;
}

/* --- Keys ---------------------------------------------------------------------------------------------- */

/* A key that a lookup can ask for, as a cdb has it. What is appended to it was measured before. */
struct key {
  unsigned int kind;
  enum address_family family;
  unsigned int bits;
  size_t len;
  char text[RULES_KEY_SIZE];
};

static void key_append(struct key *key, char const *bytes, size_t len)
{
  memcpy(key->text + key->len, bytes, len);
  key->len += len;
}

static bool parse_host_name(struct span name, struct fault *fault)
{
  size_t label = 0;
  if (name.len > HOST_NAME_MAX_)
    return fail(fault, RULEFILE_HOST, name);
  for (size_t i = 0; i < name.len; i++) {
    char byte = name.at[i];
    bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    if (byte == '.' && label > 0)
      label = 0;
    else if ((letter || is_digit(byte) || byte == '-' || byte == '_') && label < HOST_LABEL_MAX)
      label++;
    else
      return fail(fault, RULEFILE_HOST, name);
  }
  return label > 0 || fail(fault, RULEFILE_HOST, name);
}

static void append_small_letters(struct key *key, struct span name)
{
  key_append(key, name.at, name.len);
  for (char *p = key->text + key->len - name.len; p < key->text + key->len; p++)
    if (*p >= 'A' && *p <= 'Z')
      *p = (char)(*p - 'A' + 'a');
}

/* "=host", "=.suffix" or "=". */
static bool parse_host_key(struct key *key, struct span text, struct fault *fault)
{
  struct span name = rest_from(text, 1);
  bool suffix = name.len == 0 || name.at[0] == '.';
  if (name.len > 0 && !parse_host_name(suffix ? rest_from(name, 1) : name, fault))
    return fail(fault, RULEFILE_HOST, text);
  key_append(key, "=", 1);
  append_small_letters(key, name);
  key->kind |= suffix ? RULES_KIND_SUFFIX : RULES_KIND_HOST;
  return true;
}

/* Says as exactly as possible why text is no IPv4 address or prefix. */
static bool fail_address(struct fault *fault, struct span text)
{
  struct span left = text;
  if (position(text, '%') < text.len)
    return fail(fault, RULEFILE_ZONE, text);
  for (size_t i = 0; i < text.len; i++)
    if (!is_digit(text.at[i]) && text.at[i] != '.')
      return fail(fault, RULEFILE_ADDRESS, text);
  while (left.len > 0) {
    struct span part = first_bytes(left, position(left, '.'));
    unsigned int value;
    if (part.len > 1 && part.at[0] == '0')
      return fail(fault, RULEFILE_LEADING_ZERO, text);
    if (part.len > 0 && (!number(part, 9, &value) || value > 255))
      return fail(fault, RULEFILE_PART, text);
    left = rest_from(left, part.len < left.len ? part.len + 1 : part.len);
  }
  return fail(fault, RULEFILE_ADDRESS, text);
}

/* The whole of text is one address without zone. A mapped address stays IPv6 here. */
static bool parse_address(struct address *a, struct span text, struct fault *fault)
{
  char copy[ADDRESS_TEXT_SIZE];
  struct span bare = text;
  bool bracketed = text.len >= 2 && text.at[0] == '[' && text.at[text.len - 1] == ']';
  if (bracketed)
    bare = (struct span){text.at + 1, text.len - 2};
  if (bare.len >= sizeof copy || position(bare, '%') < bare.len)
    return fail_address(fault, text);
  memcpy(copy, bare.at, bare.len);
  copy[bare.len] = '\0';
  if (!(address_parse_ipv4(a, copy) && !bracketed) && !(address_parse(a, copy) && a->family == ADDRESS_IPV6))
    return fail_address(fault, text);
  return true;
}

static void append_address(struct key *key, struct address const *a)
{
  char text[ADDRESS_TEXT_SIZE];
  size_t len = address_print(text, a);
  key_append(key, text, len);
}

static bool parse_address_key(struct key *key, struct span text, struct fault *fault)
{
  struct address a = {0};
  if (!parse_address(&a, text, fault))
    return false;
  if (a.family == ADDRESS_IPV4)
    key_append(key, text.at, text.len); /* it has one spelling only */
  else {
    address_unmap(&a);
    append_address(key, &a);
  }
  key->family = a.family;
  key->bits = address_bits(&a);
  return true;
}

/* A prefix that ends in a dot: 10., 10.1. or 10.1.2. Sets how many parts it has. */
static bool parse_prefix(struct span text, struct address *a, unsigned int *parts, struct fault *fault)
{
  struct span left = text;
  *a = (struct address){.family = ADDRESS_IPV4};
  *parts = 0;
  while (left.len > 0) {
    size_t len = position(left, '.');
    unsigned int value;
    if (len == left.len || *parts == IPV4_PARTS - 1 || !number(first_bytes(left, len), 3, &value) ||
        value > 255)
      return fail_address(fault, text);
    a->octet[(*parts)++] = (uint8_t)value;
    left = rest_from(left, len + 1);
  }
  return *parts > 0 || fail(fault, RULEFILE_ADDRESS, text);
}

/* The one key that a network has, whichever way it was written: that of ucspi-tcp wherever there is one. */
static void append_network(struct key *key, struct address const *a, unsigned int bits)
{
  char length[DECIMAL_SIZE];
  key->family = a->family;
  key->bits = bits;
  if (bits == address_bits(a)) {
    append_address(key, a);
    return;
  }
  if (a->family == ADDRESS_IPV4 && bits > 0 && bits % 8 == 0) {
    for (unsigned int part = 0; part < bits / 8; part++) {
      key_append(key, length, decimal_print(length, a->octet[part]));
      key_append(key, ".", 1);
    }
    return;
  }
  append_address(key, a);
  key_append(key, "/", 1);
  key_append(key, length, decimal_print(length, bits));
}

static bool parse_prefix_key(struct key *key, struct span text, struct fault *fault)
{
  struct address a;
  unsigned int parts;
  if (!parse_prefix(text, &a, &parts, fault))
    return false;
  append_network(key, &a, parts * 8);
  return true;
}

static bool fail_host_bits(struct fault *fault, struct span text, struct address const *masked,
                           unsigned int bits)
{
  char address[ADDRESS_TEXT_SIZE];
  fail(fault, RULEFILE_HOST_BITS, text);
  address_print(address, masked);
  snprintf(fault->expected, sizeof fault->expected, "%s/%u", address, bits);
  return false;
}

/* address/length, where the address may also be a prefix that ends in a dot. */
static bool parse_network_key(struct key *key, struct span text, struct fault *fault)
{
  size_t slash = position(text, '/');
  struct span front = first_bytes(text, slash);
  struct address a, masked;
  unsigned int bits, parts;

  if (front.len > 0 && front.at[front.len - 1] == '.') {
    if (!parse_prefix(front, &a, &parts, fault))
      return false;
  } else if (!parse_address(&a, front, fault))
    return false;
  if (!number(rest_from(text, slash + 1), 3, &bits) || bits > address_bits(&a))
    return fail(fault, RULEFILE_LENGTH, text);
  masked = a;
  address_mask(&masked, bits);
  if (!address_equal(&a, &masked))
    return fail_host_bits(fault, text, &masked, bits);
  address_unmap(&a);
  if (a.family != masked.family) /* ::ffff:10.0.0.0/104 is 10.0.0.0/8 */
    bits -= 96;
  append_network(key, &a, bits);
  return true;
}

static bool parse_info_key(struct key *key, struct span text, size_t at, struct fault *fault)
{
  struct span after = rest_from(text, at + 1);
  if (at > IDENT_MAX)
    return fail(fault, RULEFILE_INFO, first_bytes(text, at));
  for (size_t i = 0; i < at; i++)
    if (text.at[i] <= ' ' || text.at[i] > '~')
      return fail(fault, RULEFILE_INFO, first_bytes(text, at));
  key_append(key, text.at, at + 1);
  if (after.len > 1 && after.at[0] == '=' && after.at[1] != '.') {
    if (!parse_host_key(key, after, fault))
      return false;
    key->kind = RULES_KIND_INFO_HOST;
    return true;
  }
  if (!parse_address_key(key, after, fault))
    return fault->problem == RULEFILE_ADDRESS ? fail(fault, RULEFILE_INFO_NEEDS, after) : false;
  key->kind = RULES_KIND_INFO_ADDRESS;
  key->family = ADDRESS_NONE; /* it is no network that a lookup would have to try */
  return true;
}

/* Any key but a range. */
static bool parse_key(struct key *key, struct span text, struct fault *fault)
{
  size_t at = last_position(text, '@');
  key->len = 0;
  key->kind = 0;
  key->family = ADDRESS_NONE;
  key->bits = 0;
  if (text.len == 0)
    return true;
  if (at < text.len)
    return parse_info_key(key, text, at, fault);
  if (text.at[0] == '=')
    return parse_host_key(key, text, fault);
  if (position(text, '/') < text.len)
    return parse_network_key(key, text, fault);
  if (text.at[text.len - 1] == '.')
    return parse_prefix_key(key, text, fault);
  if (text.at[0] == ' ' || text.at[0] == '\t')
    return fail(fault, RULEFILE_LEADING_BLANK, text);
  return parse_address_key(key, text, fault);
}

/* True if text is a whole IPv4 address, which is its own key. Long lists consist of these, so they get a test
 * that looks at each byte once. */
static bool is_ipv4_address(struct span text)
{
  unsigned int dots = 0, value = 0;
  size_t digits = 0;
  for (size_t i = 0; i < text.len; i++) {
    unsigned int digit = (unsigned int)(unsigned char)text.at[i] - '0';
    if (digit <= 9) {
      if (digits > 0 && value == 0)
        return false;
      value = value * 10 + digit;
      if (++digits > 3 || value > 255)
        return false;
    } else {
      if (text.at[i] != '.' || digits == 0)
        return false;
      dots++;
      digits = 0;
      value = 0;
    }
  }
  return dots == IPV4_PARTS - 1 && digits > 0;
}

/* --- Ranges -------------------------------------------------------------------------------------------- */

/* 10.0.0.5-38: `before` is "10.0.0.", `after` is "". */
struct range {
  struct span before, low, high, after;
};

/* ucspi-tcp's idea of where a range is; false if there is none. */
static bool find_range(struct span text, struct range *range)
{
  size_t dash = position(text, '-'), dot, low;
  struct span high;
  if (dash == text.len || position(text, '=') < text.len || position(text, '@') < text.len)
    return false;
  dot = last_position(first_bytes(text, dash), '.');
  low = dot == dash ? 0 : dot + 1;
  high = rest_from(text, dash + 1);
  range->before = first_bytes(text, low);
  range->low = (struct span){text.at + low, dash - low};
  range->high = first_bytes(high, position(high, '.'));
  range->after = rest_from(high, range->high.len);
  return true;
}

static bool check_range(struct span text, struct range const *range, unsigned int *low, unsigned int *high,
                        struct fault *fault)
{
  struct span const part[] = {range->low, range->high};
  unsigned int value[2];
  for (int i = 0; i < 2; i++) {
    if (part[i].len > 1 && part[i].at[0] == '0')
      return fail(fault, RULEFILE_LEADING_ZERO, text);
    if (!number(part[i], 9, &value[i]))
      return fail(fault, RULEFILE_RANGE, text);
    if (value[i] > 255)
      return fail(fault, RULEFILE_PART, text);
  }
  if (value[0] > value[1])
    return fail(fault, RULEFILE_REVERSED, text);
  *low = value[0];
  *high = value[1];
  return true;
}

/* Writes the range's key with this number in its place. */
static struct span range_text(char *out, struct range const *range, unsigned int value)
{
  size_t len = range->before.len;
  memcpy(out, range->before.at, len);
  len += decimal_print(out + len, value);
  memcpy(out + len, range->after.at, range->after.len);
  return (struct span){out, len + range->after.len};
}

/* The longest text of a range that can be legal: 10.1.2-3.4 and the like. */
#define RANGE_TEXT_MAX 24

/* Checks that the range's ends are addresses or prefixes. */
static bool parse_range(struct key *key, struct span text, struct range const *range, unsigned int *low,
                        unsigned int *high, struct fault *fault)
{
  char one[RANGE_TEXT_MAX + DECIMAL_SIZE];
  if (text.len > RANGE_TEXT_MAX)
    return fail(fault, RULEFILE_RANGE, text);
  if (position(text, '/') < text.len)
    return fail(fault, RULEFILE_RANGE, text);
  if (!check_range(text, range, low, high, fault))
    return false;
  if (!parse_key(key, range_text(one, range, *low), fault))
    return fail(fault, fault->problem == RULEFILE_ADDRESS ? RULEFILE_RANGE : fault->problem, text);
  return key->family == ADDRESS_IPV4 || fail(fault, RULEFILE_RANGE, text);
}

/* --- Decision and edits -------------------------------------------------------------------------------- */

static struct decision {
  char const *word;
  size_t len;
  bool deny;
} const decisions[] = {{"allow", 5, false}, {"deny", 4, true}, {"accept", 6, false}};

/* The decision that text starts with, if nothing but edits follows. */
static struct decision const *decision_at(struct span text)
{
  for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
    struct decision const *d = &decisions[i];
    if (text.len >= d->len && text.at[0] == d->word[0] && memcmp(text.at, d->word, d->len) == 0 &&
        (text.len == d->len || text.at[d->len] == ','))
      return d;
  }
  return NULL;
}

/* The colon that ends the key is the first with a decision behind it: IPv6 addresses and what ident says
 * have colons too, and so have values. */
static struct decision const *find_decision(struct span line, size_t *colon, struct fault *fault)
{
  size_t first = position(line, ':');
  struct span front;
  struct key key;
  for (*colon = first; *colon < line.len; *colon += 1 + position(rest_from(line, *colon + 1), ':')) {
    struct decision const *d = decision_at(rest_from(line, *colon + 1));
    if (d)
      return d;
  }
  /* Show what stands in the decision's place: behind the last colon of what can be a key. */
  front = first_bytes(line, position(line, ','));
  first = last_position(front, ':');
  if (first == front.len || parse_key(&key, front, fault))
    fail(fault, RULEFILE_NO_DECISION, line);
  else
    fail(fault, RULEFILE_DECISION, rest_from(front, first + 1));
  return NULL;
}

static struct span const limits[] = {{"MAXPERIP", 8}, {"MAXCONNIP", 9}, {"MAXCONNC", 8}, {"MAXLOAD", 7}};

static bool check_limit(struct span name, struct span value, struct fault *fault)
{
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    char copy[DECIMAL_SIZE];
    unsigned int parsed;
    if (name.len != limits[i].len || memcmp(name.at, limits[i].at, name.len) != 0)
      continue;
    if (value.len >= sizeof copy)
      return fail(fault, RULEFILE_LIMIT, value);
    memcpy(copy, value.at, value.len);
    copy[value.len] = '\0';
    if (!decimal_parse(&parsed, copy, 0, RULES_LIMIT_MAX)) {
      fail(fault, RULEFILE_LIMIT, value);
      snprintf(fault->expected, sizeof fault->expected, "a decimal number of at most %u for %s",
               RULES_LIMIT_MAX, limits[i].at);
      return false;
    }
  }
  return true;
}

static char const *rate_fault(char const *text, size_t *at)
{
  struct rate r;
  return rate_parse(&r, text, at);
}

static char const *hours_fault(char const *text, size_t *at)
{
  struct hours h;
  return hours_parse(&h, text, at);
}

/* Limits that are no numbers: null from `fault_in`, or what was expected where. */
static struct form {
  struct span name;
  enum rulefile_problem problem;
  char const *(*fault_in)(char const *text, size_t *at);
} const forms[] = {{{"MAXRATE", 7}, RULEFILE_RATE, rate_fault}, {{"HOURS", 5}, RULEFILE_HOURS, hours_fault}};

static bool check_form(struct span name, struct span value, struct fault *fault)
{
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    struct form const *f = &forms[i];
    char copy[HOURS_SPANS_MAX * sizeof "00:00-00:00," + 1];
    char const *expected;
    size_t at;
    if (name.len != f->name.len || memcmp(name.at, f->name.at, name.len) != 0)
      continue;
    if (value.len >= sizeof copy)
      return fail(fault, f->problem, value);
    memcpy(copy, value.at, value.len);
    copy[value.len] = '\0';
    expected = f->fault_in(copy, &at);
    if (expected) {
      fail(fault, f->problem, value);
      snprintf(fault->expected, sizeof fault->expected, "%s at octet %zu of %s", expected, at + 1,
               f->name.at);
      return false;
    }
  }
  return true;
}

static bool check_name(struct span name, struct fault *fault)
{
  for (size_t i = 0; i < name.len; i++) {
    char byte = name.at[i];
    if (byte <= ' ' || byte > '~' || byte == '"' || byte == '\'' || byte == '`' || byte == ',' || byte == '=')
      return fail(fault, RULEFILE_VARIABLE, name);
  }
  return name.len > 0 || fail(fault, RULEFILE_VARIABLE, name);
}

/* A record's data under construction, in the rulefile's data buffer: never longer than the line. */
struct data {
  char *text;
  size_t len;
};

static void data_append(struct data *data, struct span text)
{
  memcpy(data->text + data->len, text.at, text.len);
  data->len += text.len;
}

static void data_append_byte(struct data *data, char byte)
{
  data->text[data->len++] = byte;
}

/* Takes "!NAME" off the front of *rest. */
static bool parse_unset(struct data *data, struct span *rest, struct fault *fault)
{
  struct span edit = first_bytes(*rest, position(*rest, ','));
  struct span name = rest_from(edit, 1);

  if (position(name, '=') < name.len)
    return fail(fault, RULEFILE_UNSET_VALUE, edit);
  if (!check_name(name, fault))
    return fail(fault, RULEFILE_VARIABLE, edit);
  data_append_byte(data, '-');
  data_append(data, name);
  data_append_byte(data, '\0');
  *rest = rest_from(*rest, edit.len);
  return true;
}

/* Takes NAME=dvalued off the front of *rest. */
static bool parse_set(struct data *data, struct span *rest, bool strict, struct fault *fault)
{
  struct span name = first_bytes(*rest, position(*rest, '='));
  struct span value, quoted;
  if (name.len == rest->len)
    return fail(fault, RULEFILE_EDIT, *rest);
  quoted = rest_from(*rest, name.len + 1);
  if (quoted.len == 0)
    return fail(fault, RULEFILE_VALUE, *rest);
  value = rest_from(quoted, 1);
  value.len = position(value, quoted.at[0]);
  if (value.len == quoted.len - 1)
    return fail(fault, RULEFILE_UNTERMINATED, quoted);
  if (strict &&
      (!check_name(name, fault) || !check_limit(name, value, fault) || !check_form(name, value, fault)))
    return false;
  data_append_byte(data, '+');
  data_append(data, name);
  data_append_byte(data, '=');
  data_append(data, value);
  data_append_byte(data, '\0');
  *rest = rest_from(quoted, value.len + 2);
  return true;
}

/* All of rest is edits, each behind a comma. ucspi-tcp knows no unset, and no wrong names. */
static bool parse_edits(struct data *data, struct span rest, bool strict, struct fault *fault)
{
  while (rest.len > 0) {
    if (rest.at[0] != ',')
      return fail(fault, RULEFILE_AFTER_VALUE, rest);
    rest = rest_from(rest, 1);
    if (strict && rest.len > 0 && rest.at[0] == '!') {
      if (!parse_unset(data, &rest, fault))
        return false;
    } else if (!parse_set(data, &rest, strict, fault))
      return false;
  }
  return true;
}

static void start_data(struct data *data, bool deny)
{
  data->len = 0;
  if (deny) {
    data_append_byte(data, 'D');
    data_append_byte(data, '\0');
  }
}

/* --- A line -------------------------------------------------------------------------------------------- */

static int put(struct rulefile *f, struct key const *key, struct data const *data)
{
  struct rulefile_record const record = {.line = f->line,
                                         .key = key->text,
                                         .key_len = key->len,
                                         .data = data->text,
                                         .data_len = data->len,
                                         .kind = key->kind,
                                         .family = key->family,
                                         .bits = key->bits};
  return f->sink.record(f->sink.context, &record);
}

static int put_range(struct rulefile *f, struct range const *range, unsigned int low, unsigned int high,
                     struct data const *data)
{
  char one[RANGE_TEXT_MAX + DECIMAL_SIZE];
  struct fault unused;
  struct key key;
  for (unsigned int value = low; value <= high; value++)
    if (!parse_key(&key, range_text(one, range, value), &unused) || put(f, &key, data) == -1)
      return -1;
  return 0;
}

enum line_outcome { LINE_STOP = -1, LINE_DONE = 0, LINE_FAULTY = 1 };

static enum line_outcome outcome_of(int result)
{
  return result == -1 ? LINE_STOP : LINE_DONE;
}

static int put_ipv4_address(struct rulefile *f, struct span text, struct data const *data)
{
  struct rulefile_record const record = {.line = f->line,
                                         .key = text.at,
                                         .key_len = text.len,
                                         .data = data->text,
                                         .data_len = data->len,
                                         .family = ADDRESS_IPV4,
                                         .bits = 32};
  return f->sink.record(f->sink.context, &record);
}

static enum line_outcome compile_strictly(struct rulefile *f, struct span line, struct fault *fault)
{
  struct key key;
  struct data data = {.text = f->data};
  struct range range;
  unsigned int low = 0, high = 0;
  size_t colon;
  struct span text;
  bool plain, ranged;
  struct decision const *decision = find_decision(line, &colon, fault);

  if (!decision)
    return LINE_FAULTY;
  text = first_bytes(line, colon);
  plain = is_ipv4_address(text);
  ranged = !plain && find_range(text, &range);
  if (!plain &&
      !(ranged ? parse_range(&key, text, &range, &low, &high, fault) : parse_key(&key, text, fault)))
    return LINE_FAULTY;
  start_data(&data, decision->deny);
  if (!parse_edits(&data, rest_from(line, colon + 1 + decision->len), true, fault))
    return LINE_FAULTY;
  if (plain)
    return outcome_of(put_ipv4_address(f, text, &data));
  return outcome_of(ranged ? put_range(f, &range, low, high, &data) : put(f, &key, &data));
}

/* --- The way of ucspi-tcp 0.88 ------------------------------------------------------------------------- */

/* Its numbers: none at all is 0, and big ones wrap as unsigned 64-bit numbers do. */
static bool scan_number(struct span s, uint64_t *value)
{
  *value = 0;
  for (size_t i = 0; i < s.len; i++) {
    if (!is_digit(s.at[i]))
      return false;
    *value = *value * 10 + (uint64_t)(s.at[i] - '0');
  }
  return true;
}

/* True if text is a key that lookups ask for in exactly this spelling; *key then says what it is. */
static bool is_canonical(struct key *key, struct span text)
{
  struct fault unused;
  return parse_key(key, text, &unused) && key->len == text.len && memcmp(key->text, text.at, text.len) == 0;
}

static int put_literally(struct rulefile *f, struct span text, struct data const *data)
{
  struct key key;
  struct rulefile_record const never = {
      .line = f->line, .key = text.at, .key_len = text.len, .data = data->text, .data_len = data->len};
  return is_canonical(&key, text) ? put(f, &key, data) : f->sink.record(f->sink.context, &never);
}

static int put_range_literally(struct rulefile *f, struct range const *range, uint64_t low, uint64_t high,
                               struct data const *data)
{
  for (uint64_t value = low; value <= high && value <= 255; value++) {
    struct span one = range_text(f->range, range, (unsigned int)value);
    if (put_literally(f, one, data) == -1)
      return -1;
  }
  return 0;
}

/* Compiles a line that failed for this fault if ucspi-tcp would have accepted it: its key ends at the first
 * colon and may be anything. */
static enum line_outcome compile_as_ucspi_tcp(struct rulefile *f, struct span line, struct fault const *fault)
{
  struct data data = {.text = f->data};
  struct span key = first_bytes(line, position(line, ':'));
  struct span rest;
  struct range range;
  uint64_t low = 0, high = 0;
  struct fault unused;
  bool deny, ranged;

  if (key.len == line.len) { /* it takes that for a comment */
    complain(f, fault, true);
    return LINE_DONE;
  }
  rest = rest_from(line, key.len + 1);
  deny = starts_with(rest, "deny");
  if ((!deny && !starts_with(rest, "allow")) || equals(key, RULES_INDEX_KEY))
    return LINE_FAULTY;
  start_data(&data, deny);
  if (!parse_edits(&data, rest_from(rest, deny ? 4 : 5), false, &unused))
    return LINE_FAULTY;
  ranged = find_range(key, &range);
  if (ranged && (!scan_number(range.low, &low) || !scan_number(range.high, &high)))
    return LINE_FAULTY;
  complain(f, fault, true);
  return outcome_of(ranged ? put_range_literally(f, &range, low, high, &data) : put_literally(f, key, &data));
}

/* --- Lines from bytes ---------------------------------------------------------------------------------- */

static struct span without_trailing_blanks(struct span s)
{
  while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t' || s.at[s.len - 1] == '\r'))
    s.len--;
  return s;
}

static int take_line(struct rulefile *f, struct span line)
{
  enum line_outcome outcome = LINE_FAULTY;
  struct fault fault;

  line = without_trailing_blanks(line);
  if (line.len == 0 || line.at[0] == '#')
    return 0;
  if (position(line, '\0') < line.len)
    fail(&fault, RULEFILE_NUL, line); /* in no way: it would end an item of the data */
  else {
    outcome = compile_strictly(f, line, &fault);
    if (outcome == LINE_FAULTY && f->lenient)
      outcome = compile_as_ucspi_tcp(f, line, &fault);
  }
  if (outcome == LINE_FAULTY)
    complain(f, &fault, false);
  return outcome == LINE_STOP ? -1 : 0;
}

void rulefile_start(struct rulefile *f, struct rulefile_sink const *sink, bool lenient)
{
  f->sink = *sink;
  f->lenient = lenient;
  f->discarding = false;
  f->line = 1;
  f->errors = 0;
  f->partial_len = 0;
}

static void keep_partial(struct rulefile *f, struct span bytes)
{
  struct fault fault;
  if (f->discarding)
    return;
  if (bytes.len <= RULEFILE_LINE_MAX - f->partial_len) {
    memcpy(f->partial + f->partial_len, bytes.at, bytes.len);
    f->partial_len += bytes.len;
    return;
  }
  f->discarding = true;
  fail(&fault, RULEFILE_TOO_LONG, f->partial_len > 0 ? (struct span){f->partial, f->partial_len} : bytes);
  complain(f, &fault, false);
}

static int end_line(struct rulefile *f, struct span last_bytes)
{
  int result = 0;
  if (f->partial_len == 0 && !f->discarding && last_bytes.len <= RULEFILE_LINE_MAX)
    result = take_line(f, last_bytes);
  else {
    keep_partial(f, last_bytes);
    if (!f->discarding)
      result = take_line(f, (struct span){f->partial, f->partial_len});
  }
  f->partial_len = 0;
  f->discarding = false;
  f->line++;
  return result;
}

int rulefile_feed(struct rulefile *f, char const *bytes, size_t len)
{
  struct span left = {bytes, len};
  while (left.len > 0) {
    size_t newline = position(left, '\n');
    if (newline == left.len) {
      keep_partial(f, left);
      break;
    }
    if (end_line(f, first_bytes(left, newline)) == -1)
      return -1;
    left = rest_from(left, newline + 1);
  }
  return 0;
}

int rulefile_end(struct rulefile *f)
{
  return f->partial_len > 0 || f->discarding ? end_line(f, (struct span){"", 0}) : 0;
}

/* --- Text from records --------------------------------------------------------------------------------- */

struct text {
  char *out;
  size_t len;
  bool full;
};

static void text_append(struct text *text, char const *bytes, size_t len)
{
  if (text->full || len > RULEFILE_LINE_MAX - text->len) {
    text->full = true;
    return;
  }
  memcpy(text->out + text->len, bytes, len);
  text->len += len;
}

/* A byte that value does not contain and that may stand at the end of a line, in the order of how good it
 * looks; NUL if there is none. */
static char delimiter_for(char const *value)
{
  static char const familiar[] = "\"/'|%@#+~^";
  for (char const *d = familiar; *d; d++)
    if (!strchr(value, *d))
      return *d;
  for (int byte = 255; byte > 0; byte--)
    if (byte != '\n' && byte != '\r' && byte != '\t' && byte != ' ' && !strchr(value, byte))
      return (char)byte;
  return '\0';
}

static void append_edit(struct text *text, char const *item)
{
  char const *equal = strchr(item, '=');
  char delimiter;
  text_append(text, ",", 1);
  if (item[0] != '+' || !equal) {
    text_append(text, "!", 1);
    text_append(text, item + 1, strlen(item + 1));
    return;
  }
  delimiter = delimiter_for(equal + 1);
  text_append(text, item + 1, (size_t)(equal - item));
  text_append(text, &delimiter, 1);
  text_append(text, equal + 1, strlen(equal + 1));
  text_append(text, &delimiter, 1);
}

/* Compiling back what was written, and comparing, finds every reason why a record has no text. */
struct comparison {
  struct rulefile_record const *record;
  bool same, different, warned;
};

static int compare_record(void *context, struct rulefile_record const *compiled)
{
  struct comparison *c = context;
  bool same = compiled->key_len == c->record->key_len && compiled->data_len == c->record->data_len &&
              memcmp(compiled->key, c->record->key, compiled->key_len) == 0 &&
              memcmp(compiled->data, c->record->data, compiled->data_len) == 0;
  if (same && !c->same)
    c->same = true;
  else
    c->different = true;
  return 0;
}

static void compare_complaint(void *context, struct rulefile_complaint const *complaint)
{
  struct comparison *c = context;
  (void)complaint;
  c->warned = true;
}

static bool is_reachable(struct rulefile_record const *record, struct rules_index const *index)
{
  struct key key;
  if (!is_canonical(&key, (struct span){record->key, record->key_len}) || (key.kind & ~index->kinds) != 0)
    return false;
  return key.family == ADDRESS_NONE || rules_index_has_network(index, key.family, key.bits);
}

enum rulefile_text rulefile_print(char out[RULEFILE_LINE_MAX], size_t *len,
                                  struct rulefile_record const *record, struct rules_index const *index,
                                  struct rulefile *scratch)
{
  struct text text = {.out = out};
  struct comparison comparison = {.record = record};
  struct rulefile_sink const sink = {compare_record, compare_complaint, &comparison};
  bool deny;

  if (!is_reachable(record, index))
    return RULEFILE_NEVER;
  if (!rules_data_sound(record->data, record->data_len, &deny))
    return RULEFILE_IMPOSSIBLE;
  text_append(&text, record->key, record->key_len);
  text_append(&text, deny ? ":deny" : ":allow", deny ? 5 : 6);
  for (size_t at = 0; at < record->data_len; at += strlen(record->data + at) + 1)
    if (record->data[at] != 'D')
      append_edit(&text, record->data + at);
  *len = text.len;
  rulefile_start(scratch, &sink, true);
  if (text.full || rulefile_feed(scratch, out, text.len) == -1 || rulefile_end(scratch) == -1 ||
      !comparison.same || comparison.different)
    return RULEFILE_IMPOSSIBLE;
  return comparison.warned ? RULEFILE_RULE_LENIENT : RULEFILE_RULE;
}
