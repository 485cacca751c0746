/* httpresponse.c - an HTTP answer fed in any pieces gives the body that it gives whole, no octet that did not come, and
 * no line beyond the bounds; and what is sent in chunks of any sizes arrives. The first octet seeds the sizes of the
 * pieces; the rest is the answer, and then, in chunks, the body of another one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "httpresponse.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

struct body {
  char *octets;
  size_t length, capacity;
};

static void append(struct body *b, char const *octets, size_t count)
{
  must(b->length + count <= b->capacity);
  if (count)
    memcpy(b->octets + b->length, octets, count);
  b->length += count;
}

static size_t next_size(uint32_t *seed, size_t left)
{
  size_t count = 1 + (*seed >> 16) % 7;
  *seed = *seed * 1103515245 + 12345;
  return count < left ? count : left;
}

/* A copy of exactly this size, so that the sanitizer sees a read past its end. */
static size_t feed(struct http_response *r, char const *octets, size_t count, struct body *b)
{
  char *copy = malloc(count ? count : 1);
  size_t taken, body;
  must(copy != NULL);
  memcpy(copy, octets, count);
  taken = http_response_feed(r, copy, count, &body);
  must(taken <= count && body <= taken);
  must(taken > 0 || count == 0 || r->state == HTTP_COMPLETE || r->state == HTTP_MALFORMED);
  must(r->line_length <= HTTP_LINE_MAX + 1);
  append(b, copy + taken - body, body);
  free(copy);
  return taken;
}

/* Pieces of one size if `seed` is null. */
static void receive(struct http_response *r, char const *octets, size_t count, uint32_t *seed, struct body *b)
{
  http_response_start(r);
  for (size_t at = 0; at < count;) {
    size_t left = count - at, taken = feed(r, octets + at, seed ? next_size(seed, left) : left, b);
    if (taken == 0)
      break;
    at += taken;
  }
  http_response_end(r);
  must(r->state == HTTP_COMPLETE || (r->state == HTTP_MALFORMED && r->problem));
  must(http_response_has_header(r) == (r->state == HTTP_COMPLETE));
  must(r->state != HTTP_COMPLETE || (r->status >= 200 && r->status <= 999));
  for (char const *c = r->status_line; *c; c++)
    must(*c >= 32 && *c <= 126);
}

static struct body room(size_t capacity)
{
  struct body b = {malloc(capacity + 1), 0, capacity};
  must(b.octets != NULL);
  return b;
}

static void check_pieces(char const *octets, size_t count, uint32_t seed)
{
  static struct http_response whole, pieces;
  struct body of_whole = room(count), of_pieces = room(count);
  receive(&whole, octets, count, NULL, &of_whole);
  receive(&pieces, octets, count, &seed, &of_pieces);
  must(whole.state == pieces.state && whole.status == pieces.status);
  must(of_whole.length == of_pieces.length &&
       memcmp(of_whole.octets, of_pieces.octets, of_whole.length) == 0);
  free(of_whole.octets);
  free(of_pieces.octets);
}

static void check_chunks(char const *octets, size_t count, uint32_t seed)
{
  static struct http_response r;
  static char const header[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  struct body sent = room(sizeof header + 32 * count + 16), got = room(count);
  append(&sent, header, sizeof header - 1);
  for (size_t at = 0; at < count;) {
    size_t size = next_size(&seed, count - at);
    char line[32];
    int length = snprintf(line, sizeof line, "%zx%s\r\n", size, seed & 1 ? ";x=y" : "");
    append(&sent, line, (size_t)length);
    append(&sent, octets + at, size);
    append(&sent, "\r\n", 2);
    at += size;
  }
  append(&sent, "0\r\n\r\n", 5);
  receive(&r, sent.octets, sent.length, &seed, &got);
  must(r.state == HTTP_COMPLETE && got.length == count && memcmp(got.octets, octets, count) == 0);
  free(sent.octets);
  free(got.octets);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  if (size < 1)
    return 0;
  check_pieces((char const *)data + 1, size - 1, data[0]);
  check_chunks((char const *)data + 1, size - 1, data[0]);
  return 0;
}
