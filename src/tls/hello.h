/* hello.h - how long a client says its hello will be, seen before OpenSSL sees it: that makes room for all of a message at
 * its first octets, for up to 128 KiB, and whoever sends no more than these costs as much as somebody who is served. */
#ifndef UCSPI_HELLO_H
#define UCSPI_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* OpenSSL has as much room from the beginning. The longest known today (keys and tickets for after quantum computers
 * included) have a fifth of it. */
#define HELLO_MAX 16380

/* Zero at the beginning of a connection. */
struct hello {
  bool is_over;                        /* no hello any more: nobody looks at what follows */
  uint8_t record_size, message_size;   /* how much of the two headers there is */
  unsigned char record[5], message[4]; /* the headers */
  uint32_t record_left, message_left;  /* of the contents */
};

/* Takes what comes from the client, in order, in any pieces. False if a hello is longer than HELLO_MAX. */
bool hello_take(struct hello *h, unsigned char const *octets, size_t count);

#endif
