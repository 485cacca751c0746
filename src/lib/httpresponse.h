/* httpresponse.h - what an HTTP/1 server answers, octet by octet: the status line, and where the body is. Whatever the
 * server does, no more than one line of the header is kept. Sources: RFC 9112 (HTTP/1.1), RFC 9110 (status codes). */
#ifndef UCSPI_HTTPRESPONSE_H
#define UCSPI_HTTPRESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line of the header or of the chunked coding, its CR and LF not counted; and all lines of all headers and trailers
 * of one answer. */
enum { HTTP_LINE_MAX = 8192, HTTP_HEADERS_MAX = 65536 };

enum http_state {
  HTTP_STATUS_LINE,
  HTTP_HEADER,
  HTTP_BODY_COUNTED, /* `left` octets of it are to come */
  HTTP_BODY_OPEN,    /* until the connection ends */
  HTTP_CHUNK_SIZE,
  HTTP_CHUNK, /* `left` octets of it are to come */
  HTTP_CHUNK_END,
  HTTP_TRAILER,
  HTTP_COMPLETE,
  HTTP_MALFORMED /* see problem */
};

enum http_length { HTTP_LENGTH_UNKNOWN, HTTP_LENGTH_COUNTED, HTTP_LENGTH_CHUNKED };

struct http_response {
  enum http_state state;
  char const *problem; /* HTTP_MALFORMED: what is wrong, as the rest of a message */
  unsigned int status; /* 200-999 when the header has ended; 0 before the first status line */
  char
      status_line[HTTP_LINE_MAX + 1]; /* printable ASCII, `?` in place of all else; of the last status line */
  /* For httpresponse.c alone. */
  enum http_length length;
  uint64_t left;
  size_t header_octets;
  bool has_fields, last_field_matters;
  size_t line_length;
  char line[HTTP_LINE_MAX + 2]; /* with its CR, and a NUL */
};

void http_response_start(struct http_response *r);

/* Takes octets, at most all of them, and returns how many; at least one, unless there are none or the answer is
 * COMPLETE or MALFORMED. The last *body of those taken are a part of the body. Call it again for the rest. */
size_t http_response_feed(struct http_response *r, char const *octets, size_t count, size_t *body);

/* The server has closed the connection. If that was not the end of the answer it becomes MALFORMED, else COMPLETE. */
void http_response_end(struct http_response *r);

/* True once the header has ended (of the answer itself, not of an interim one) and was not malformed. */
bool http_response_has_header(struct http_response const *r);

#endif
