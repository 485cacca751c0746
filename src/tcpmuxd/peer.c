/* peer.c - see peer.h. */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

static char const *text_of(char const *variable)
{
  char const *value = getenv(variable);
  return value && *value ? value : NULL;
}

struct peer peer_from_environment(void)
{
  struct peer p = {.host = text_of("TCPREMOTEHOST"), .info = text_of("TCPREMOTEINFO"), .text = "unknown"};
  char const *ip = text_of("TCPREMOTEIP");
  if (!ip || !address_parse(&p.address, ip)) {
    p.address.family = ADDRESS_NONE;
    return p;
  }
  address_unmap(&p.address);
  address_print_bracketed(p.text, &p.address);
  return p;
}
