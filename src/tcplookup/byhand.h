/* byhand.h - tcplookup for administrators: one question to the engine that answers tcpserver's, and its answer as text. */
#ifndef TCPLOOKUP_BYHAND_H
#define TCPLOOKUP_BYHAND_H

#include "lookup.h"

/* Both print to standard output and return; failures are told on standard error, exit 111. */
void byhand_peer(struct lookup_peer const *peer);
void byhand_addresses(struct lookup_host const *host);

#endif
