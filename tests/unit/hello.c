/* Hellos of clients: src/tls/hello.c. */
#include "hello.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* A record of a type with a message in it, of a type and as long as it says. */
static size_t put(unsigned char *at, unsigned char type, unsigned char message, size_t says, size_t has)
{
  size_t size = 4 + has;
  unsigned char const header[] = {type,
                                  3,
                                  1,
                                  (unsigned char)(size >> 8),
                                  (unsigned char)size,
                                  message,
                                  (unsigned char)(says >> 16),
                                  (unsigned char)(says >> 8),
                                  (unsigned char)says};
  memcpy(at, header, sizeof header);
  memset(at + sizeof header, 0xff, has);
  return sizeof header + has;
}

/* In pieces of every size from 1 to 9, and at once; each in memory that ends where it does. */
static bool takes(unsigned char const *octets, size_t count)
{
  size_t agreed = 0;
  for (size_t piece = 0; piece < 10; piece++) {
    struct hello h = {.is_over = false};
    bool good = true;
    for (size_t at = 0; good && at < count;) {
      size_t size = piece == 0 || piece > count - at ? count - at : piece;
      unsigned char *copy = malloc(size);
      if (!copy)
        exit(111);
      memcpy(copy, octets + at, size);
      good = hello_take(&h, copy, size);
      free(copy);
      at += size;
    }
    agreed += good;
  }
  ok(agreed == 0 || agreed == 10, "... in whatever pieces it comes");
  return agreed == 10;
}

int main(void)
{
  static unsigned char octets[100000];
  size_t size;

  ok(takes(octets, put(octets, 22, 1, 500, 500)), "a hello");
  ok(takes(octets, put(octets, 22, 1, HELLO_MAX, 12000)), "the longest");
  ok(!takes(octets, put(octets, 22, 1, HELLO_MAX + 1, 0)), "one that is longer, as soon as it says so");
  ok(!takes(octets, put(octets, 22, 1, 0xffffff, 3)), "... and the longest that can be said");
  ok(takes(octets, put(octets, 22, 1, 500, 500) - 300), "half of one");

  size = put(octets, 22, 1, 300, 300);
  size += put(octets + size, 22, 1, 70000, 0);
  ok(!takes(octets, size), "a second that is too long");
  size = put(octets, 22, 1, 300, 300);
  memcpy(octets + size, "\x14\x03\x03\x00\x01\x01", 6);
  size += 6;
  size += put(octets + size, 22, 1, 70000, 0);
  ok(!takes(octets, size), "... after a change of ciphers");
  size = put(octets, 22, 1, 300, 300);
  size += put(octets + size, 22, 16, 70000, 0);
  size += put(octets + size, 22, 1, 70000, 0);
  ok(takes(octets, size), "other messages are not looked at, nor what follows");
  size = put(octets, 22, 1, 300, 300);
  size += put(octets + size, 23, 1, 70000, 0);
  size += put(octets + size, 22, 1, 70000, 0);
  ok(takes(octets, size), "... nor what is encrypted");
  memcpy(octets,
         "\x16\x03\x01\x00\x00\x16\x03\x01\x00\x02\x01\x01\x16\x03\x01\x00\x01\x00\x16\x03\x01\x00\x01\x00",
         24);
  ok(!takes(octets, 24), "a header in several records, one of them empty");
  memcpy(octets, "GET / HTTP/1.0\r\n\r\n", 18);
  ok(takes(octets, 18), "what is not TLS");
  memcpy(octets, "\x80\x2e\x01\x00\x02", 5);
  ok(takes(octets, 5), "a hello of SSL 2");
  return tap_done();
}
