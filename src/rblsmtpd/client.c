/* client.c - see client.h. */
#include "client.h"

#include <stdio.h>
#include <string.h>

#include "address.h"

static void print_labels(char out[CLIENT_LABELS_SIZE], struct address const *a)
{
  static char const digits[] = "0123456789abcdef";
  if (a->family == ADDRESS_IPV4) {
    snprintf(out, CLIENT_LABELS_SIZE, "%u.%u.%u.%u.", a->octet[3], a->octet[2], a->octet[1], a->octet[0]);
    return;
  }
  for (size_t i = sizeof a->octet; i-- > 0;) {
    *out++ = digits[a->octet[i] & 15];
    *out++ = '.';
    *out++ = digits[a->octet[i] >> 4];
    *out++ = '.';
  }
  *out = '\0';
}

void client_from_text(struct client *c, char const *ip)
{
  char spelling[ADDRESS_TEXT_SIZE];
  struct address a;
  memset(c, 0, sizeof *c);
  if (!ip)
    return;
  c->is_known = address_parse(&a, ip);
  if (!c->is_known) {
    text_add_string(&c->text, ip);
    return;
  }
  address_unmap(&a);
  address_print(spelling, &a);
  text_add_string(&c->text, spelling);
  print_labels(c->labels, &a);
}
