/* client.c - see client.h. */
#include "client.h"

#include <string.h>

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
  address_print_labels(c->labels, &a);
}
