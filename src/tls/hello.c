/* hello.c - see hello.h; RFC 8446 sections 4 and 5.1. In TLS 1.3 there may be a second hello, after a change of ciphers that
 * means nothing; everything else that clients send is of a length that OpenSSL bounds. */
#include "hello.h"

#include <string.h>

enum { CHANGE_CIPHER_SPEC = 20, HANDSHAKE = 22, CLIENT_HELLO = 1 };
enum { RECORD_HEADER = 5, MESSAGE_HEADER = 4 };

static size_t least(size_t a, size_t b)
{
  return a < b ? a : b;
}

/* How many octets of a header, which is `size` long when it is complete, are taken. */
static size_t collect(unsigned char *header, uint8_t *have, size_t size, unsigned char const *octets,
                      size_t count)
{
  size_t taken = least(size - *have, count);
  memcpy(header + *have, octets, taken);
  *have = (uint8_t)(*have + taken);
  return taken;
}

static size_t take_record_header(struct hello *h, unsigned char const *octets, size_t count)
{
  size_t taken = collect(h->record, &h->record_size, RECORD_HEADER, octets, count);
  if (h->record_size < RECORD_HEADER)
    return taken;
  h->record_left = (uint32_t)h->record[3] << 8 | h->record[4];
  h->is_over = h->record[0] != HANDSHAKE && h->record[0] != CHANGE_CIPHER_SPEC;
  return taken;
}

static size_t take_message_header(struct hello *h, unsigned char const *octets, size_t count)
{
  size_t taken = collect(h->message, &h->message_size, MESSAGE_HEADER, octets, count);
  if (h->message_size < MESSAGE_HEADER)
    return taken;
  h->message_left = (uint32_t)h->message[1] << 16 | (uint32_t)h->message[2] << 8 | h->message[3];
  h->is_over = h->message[0] != CLIENT_HELLO;
  return taken;
}

/* Of a record's contents. */
static size_t take_contents(struct hello *h, unsigned char const *octets, size_t count)
{
  size_t taken = least(h->record_left, count);
  if (h->record[0] == HANDSHAKE && h->message_size < MESSAGE_HEADER)
    taken = take_message_header(h, octets, taken);
  else if (h->record[0] == HANDSHAKE) {
    taken = least(h->message_left, taken);
    h->message_left -= (uint32_t)taken;
  }
  h->record_left -= (uint32_t)taken;
  return taken;
}

bool hello_take(struct hello *h, unsigned char const *octets, size_t count)
{
  while (count > 0 && !h->is_over) {
    size_t taken = h->record_size < RECORD_HEADER ? take_record_header(h, octets, count)
                                                  : take_contents(h, octets, count);
    octets += taken;
    count -= taken;
    if (!h->is_over && h->message_left > HELLO_MAX)
      return false;
    if (h->record_size == RECORD_HEADER && h->record_left == 0)
      h->record_size = 0;
    if (h->message_size == MESSAGE_HEADER && h->message_left == 0)
      h->message_size = 0;
  }
  return true;
}
