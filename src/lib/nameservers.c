/* nameservers.c - see nameservers.h. $DNSCACHEIP is somebody's decision, so junk in it is an error; resolv.conf
 * is often written by programs for other resolvers, so what we can't use in it is passed over. */
#include "nameservers.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "hostname.h"
#include "span.h"

/* Four IPv4 addresses joined by dots are the longest item, an IPv6 address and an interface's name shorter. */
#define JOINED_MAX 4
#define ITEM_SIZE  (JOINED_MAX * sizeof "255.255.255.255")

/* Ends the text at its fourth dot and returns what follows that; null if there is none. */
static char *cut_at_fourth_dot(char *text)
{
  char *dot = text - 1;
  for (int i = 0; i < 4; i++) {
    dot = strchr(dot + 1, '.');
    if (!dot)
      return NULL;
  }
  *dot = '\0';
  return dot + 1;
}

/* The unspecified address means this host (resolv.conf of other resolvers); but answers don't come from it. */
static void settle(struct address *a)
{
  address_unmap(a);
  if (!address_is_any(a))
    return;
  if (a->family == ADDRESS_IPV4)
    a->octet[0] = 127;
  a->octet[a->family == ADDRESS_IPV4 ? 3 : 15] = 1;
}

static size_t parse_joined(struct address out[JOINED_MAX], char *text)
{
  size_t count = 0;
  for (char *next; text; text = next) {
    next = cut_at_fourth_dot(text);
    if (count == JOINED_MAX || !address_parse_ipv4(&out[count++], text))
      return 0;
  }
  return count;
}

/* How many addresses the item has, 0 if it is anything else. */
static size_t parse_item(struct address out[JOINED_MAX], struct span item)
{
  char text[ITEM_SIZE];
  if (!span_copy(text, sizeof text, item))
    return 0;
  if (address_parse(&out[0], text)) {
    settle(&out[0]);
    return 1;
  }
  return parse_joined(out, text);
}

static int junk_is(struct nameservers *n, int error, struct span item, char const **junk, size_t *junk_len)
{
  n->count = 0;
  *junk = item.at;
  *junk_len = item.len;
  errno = error;
  return -1;
}

int nameservers_parse(struct nameservers *n, char const *text, char const **junk, size_t *junk_len)
{
  char const *end = text + strlen(text);
  struct span item;
  n->count = 0;
  while ((item = span_take_word(&text, end)).len > 0) {
    struct address found[JOINED_MAX];
    size_t count = parse_item(found, item);
    if (count == 0)
      return junk_is(n, EINVAL, item, junk, junk_len);
    if (count > NAMESERVERS_MAX - n->count)
      return junk_is(n, E2BIG, item, junk, junk_len);
    memcpy(&n->address[n->count], found, count * sizeof *found);
    n->count += count;
  }
  return 0;
}

/* The line that begins at *at, up to where blanks are followed by a comment's sign: resolv.conf(5) has comments
 * in the first column only, but resolvers stop there too. *at becomes the beginning of the next line. */
static struct span take_line(char const **at, char const *end)
{
  struct span line = span_take_line(at, end);
  for (size_t i = 0; i < line.len; i++)
    if ((line.at[i] == '#' || line.at[i] == ';') && (i == 0 || span_is_blank(line.at[i - 1])))
      line.len = i;
  return line;
}

/* The keyword begins the line (resolv.conf(5)); if it is this one, *line becomes what follows it. */
static bool take_keyword(struct span *line, char const *keyword)
{
  size_t len = strlen(keyword);
  if (line->len <= len || memcmp(line->at, keyword, len) != 0 || !span_is_blank(line->at[len]))
    return false;
  line->at += len;
  line->len -= len;
  return true;
}

static void add_lenient(struct nameservers *n, struct span line)
{
  char text[ITEM_SIZE];
  char const *at = line.at;
  struct address found;
  if (n->count == NAMESERVERS_MAX || !span_copy(text, sizeof text, span_take_word(&at, line.at + line.len)) ||
      !address_parse(&found, text))
    return;
  settle(&found);
  n->address[n->count++] = found;
}

/* The clean spelling of a domain; "." is one here, "the name as it is". */
static bool domain_clean(char out[HOSTNAME_SIZE], struct span item)
{
  char copy[HOSTNAME_SIZE];
  if (!span_copy(copy, sizeof copy, item))
    return false;
  if (strcmp(copy, ".") == 0) {
    memcpy(out, ".", sizeof ".");
    return true;
  }
  return hostname_clean(out, copy);
}

/* Writes the first `most` domains of a line, those that have room; leaves domains alone if there is none. */
static void take_domains(char *domains, size_t size, struct span line, size_t most)
{
  char const *at = line.at, *end = line.at + line.len;
  size_t len = 0;
  struct span item;
  for (size_t i = 0; i < most && (item = span_take_word(&at, end)).len > 0; i++) {
    char domain[HOSTNAME_SIZE];
    size_t blank = len > 0;
    if (!domain_clean(domain, item) || len + blank + strlen(domain) >= size)
      continue;
    if (blank)
      domains[len++] = ' ';
    memcpy(domains + len, domain, strlen(domain) + 1);
    len += strlen(domain);
  }
}

void nameservers_from_resolv_conf(struct nameservers *n, char *domains, size_t domains_size, char const *text,
                                  size_t len)
{
  char const *at = text, *end = text + len;
  n->count = 0;
  domains[0] = '\0';
  while (at < end) {
    struct span line = take_line(&at, end);
    if (take_keyword(&line, "nameserver"))
      add_lenient(n, line);
    else if (take_keyword(&line, "search"))
      take_domains(domains, domains_size, line, line.len);
    else if (take_keyword(&line, "domain"))
      take_domains(domains, domains_size, line, 1);
  }
}
