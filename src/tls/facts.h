/* facts.h - what is known of a connection whose handshake is over, in the form that others take it. */
#ifndef UCSPI_FACTS_H
#define UCSPI_FACTS_H

#include <openssl/ssl.h>

#include "tls.h"

/* Everything is cleaned as tls_facts_is_sound() demands it, whatever the peer sent. */
void facts_of(struct tls_facts *f, SSL *ssl);

#endif
