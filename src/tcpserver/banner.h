/* banner.h - the stage that greets: what -B gives is sent before anything else is known of the peer. */
#ifndef TCPSERVER_BANNER_H
#define TCPSERVER_BANNER_H

#include <stddef.h>

#include "admission.h"

/* A new connection's send buffer holds at least this much, so that one write is enough. */
#define BANNER_MAX 4096

struct banner {
  char text[BANNER_MAX];
  size_t len;
};

/* `argument` is the text, or @file. Exits 111 if the file can't be read, 100 if the text is too long. */
void banner_load(struct banner *b, char const *argument);
enum outcome banner_stage(void *banner, struct connection *c);

#endif
