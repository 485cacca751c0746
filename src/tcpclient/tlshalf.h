/* tlshalf.h - TLS as tcpclient sees it: another process, tlsconnect, takes the connection and relays what it says
 * through TLS to one end of a pair, whose other end is then the connection for the program or the relay. */
#ifndef TCPCLIENT_TLSHALF_H
#define TCPCLIENT_TLSHALF_H

#include "helper.h"
#include "options.h"
#include "service.h"
#include "tls.h"

/* Starts it, so that it reads certificates while this process connects. Exits 111 if it can't be run. */
struct helper tlshalf_start(struct options const *o);

/* Hands the connection over: c->fd becomes the program's end of the pair. Returns what is known of TLS. Exits with
 * a message if TLS could not begin: 111, or 100 if tlsconnect's options are wrong. */
struct tls_facts tlshalf_begin(struct options const *o, struct connection *c, struct helper *h);

#endif
