/* httpresponse.c - see httpresponse.h. RFC 9112 tells recipients to take LF for CR LF, and whitespace at some places;
 * beyond that nothing is guessed: a length that could be read in two ways is an error. */
#include "httpresponse.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Lengths that can be counted in 63 bits. */
#define LENGTH_MAX ((uint64_t)INT64_MAX)

enum { STATUS_INTERIM = 100, STATUS_FINAL = 200, STATUS_SWITCHED = 101 };

void http_response_start(struct http_response *r)
{
  r->state = HTTP_STATUS_LINE;
  r->problem = NULL;
  r->status = 0;
  r->status_line[0] = '\0';
  r->length = HTTP_LENGTH_UNKNOWN;
  r->left = 0;
  r->header_octets = 0;
  r->has_fields = r->last_field_matters = false;
  r->line_length = 0;
}

static void malformed(struct http_response *r, char const *problem)
{
  r->state = HTTP_MALFORMED;
  r->problem = problem;
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t';
}

/* RFC 9110 section 5.6.2. */
static bool is_token_octet(char c)
{
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool has_no_body(unsigned int status)
{
  return status == 204 || status == 205 || status == 304;
}

/* RFC 9112 section 4. Some servers leave out the space before an empty reason, others have codes of their own above 599,
 * which are to be taken for failures of the server (RFC 9110 section 15). */
static void take_status_line(struct http_response *r)
{
  char const *line = r->line;
  if (strncmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) || line[8] != ' ' || !is_digit(line[9]) ||
      !is_digit(line[10]) || !is_digit(line[11]) || (line[12] != ' ' && line[12] != '\0')) {
    malformed(r, "what is no HTTP/1 answer");
    return;
  }
  r->status = (unsigned int)(line[9] - '0') * 100 + (unsigned int)(line[10] - '0') * 10 +
              (unsigned int)(line[11] - '0');
  for (size_t i = 0; i <= r->line_length; i++)
    r->status_line[i] = (char)(line[i] == '\0' || (line[i] >= 32 && line[i] <= 126) ? line[i] : '?');
  if (r->status < STATUS_INTERIM || r->status == STATUS_SWITCHED) {
    malformed(r, "a status code that cannot be");
    return;
  }
  r->state = HTTP_HEADER;
  r->length = HTTP_LENGTH_UNKNOWN;
  r->has_fields = r->last_field_matters = false;
}

/* Digits up to a comma, a blank or the end; moves *text to what follows them. */
static bool parse_length(uint64_t *length, char const **text)
{
  char const *at = *text;
  *length = 0;
  if (!is_digit(*at))
    return false;
  for (; is_digit(*at); at++) {
    uint64_t digit = (uint64_t)(*at - '0');
    if (*length > (LENGTH_MAX - digit) / 10)
      return false;
    *length = *length * 10 + digit;
  }
  *text = at;
  return true;
}

/* Several, in one field or in many, are one if they are the same (RFC 9112 section 6.3). */
static void take_content_length(struct http_response *r, char const *value)
{
  for (;;) {
    uint64_t length;
    while (is_blank(*value))
      value++;
    if (!parse_length(&length, &value)) {
      malformed(r, "a Content-Length that is none");
      return;
    }
    while (is_blank(*value))
      value++;
    if (r->length == HTTP_LENGTH_COUNTED && r->left != length) {
      malformed(r, "two Content-Lengths");
      return;
    }
    /* Transfer-Encoding overrides it wherever it stands. */
    if (r->length == HTTP_LENGTH_UNKNOWN)
      r->length = HTTP_LENGTH_COUNTED;
    if (r->length == HTTP_LENGTH_COUNTED)
      r->left = length;
    if (*value == '\0')
      return;
    if (*value++ != ',') {
      malformed(r, "a Content-Length that is none");
      return;
    }
  }
}

/* We ask for no compression, so chunked is the one coding that may come, and may come once. */
static void take_transfer_encoding(struct http_response *r, char const *value)
{
  size_t len;
  while (is_blank(*value))
    value++;
  len = strlen(value);
  while (len > 0 && is_blank(value[len - 1]))
    len--;
  if (len != strlen("chunked") || strncasecmp(value, "chunked", len) != 0 ||
      r->length == HTTP_LENGTH_CHUNKED) {
    malformed(r, "a Transfer-Encoding other than chunked");
    return;
  }
  r->length = HTTP_LENGTH_CHUNKED;
}

static struct field {
  char const *name;
  void (*take)(struct http_response *r, char const *value);
} const fields[] = {
    {"content-length", take_content_length},
    {"transfer-encoding", take_transfer_encoding},
};

static void take_field(struct http_response *r)
{
  size_t name = 0;
  /* A line that begins with a blank goes on with the value before it (RFC 9112 section 5.2). */
  if (is_blank(r->line[0])) {
    if (!r->has_fields || r->last_field_matters)
      malformed(r, "a header that is none");
    return;
  }
  while (is_token_octet(r->line[name]))
    name++;
  if (name == 0 || r->line[name] != ':') {
    malformed(r, "a header that is none");
    return;
  }
  r->has_fields = true;
  r->last_field_matters = false;
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
    if (strlen(fields[i].name) == name && strncasecmp(fields[i].name, r->line, name) == 0) {
      r->last_field_matters = true;
      fields[i].take(r, r->line + name + 1);
    }
}

/* RFC 9112 section 6.3. */
static void end_header(struct http_response *r)
{
  if (r->status < STATUS_FINAL) {
    r->state = HTTP_STATUS_LINE;
    return;
  }
  if (has_no_body(r->status)) {
    r->state = HTTP_COMPLETE;
    return;
  }
  switch (r->length) {
  case HTTP_LENGTH_UNKNOWN: r->state = HTTP_BODY_OPEN; break;
  case HTTP_LENGTH_COUNTED: r->state = r->left ? HTTP_BODY_COUNTED : HTTP_COMPLETE; break;
  case HTTP_LENGTH_CHUNKED: r->state = HTTP_CHUNK_SIZE; break;
  }
}

static int hex_digit(char c)
{
  if (is_digit(c))
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 9112 section 7.1; extensions say nothing to us. */
static void take_chunk_size(struct http_response *r)
{
  char const *at = r->line;
  uint64_t size = 0;
  for (; hex_digit(*at) != -1; at++) {
    if (size > LENGTH_MAX / 16) {
      malformed(r, "a chunk too large to count");
      return;
    }
    size = size * 16 + (uint64_t)hex_digit(*at);
  }
  if (at == r->line) {
    malformed(r, "a chunk without a size");
    return;
  }
  while (is_blank(*at))
    at++;
  if (*at != '\0' && *at != ';') {
    malformed(r, "a chunk size that is none");
    return;
  }
  r->left = size;
  r->state = size ? HTTP_CHUNK : HTTP_TRAILER;
}

static void take_line(struct http_response *r)
{
  switch (r->state) {
  case HTTP_STATUS_LINE: take_status_line(r); break;
  case HTTP_HEADER:
    if (r->line_length == 0)
      end_header(r);
    else
      take_field(r);
    break;
  case HTTP_CHUNK_SIZE: take_chunk_size(r); break;
  case HTTP_CHUNK_END:
    if (r->line_length == 0)
      r->state = HTTP_CHUNK_SIZE;
    else
      malformed(r, "a chunk longer than its size");
    break;
  case HTTP_TRAILER:
    if (r->line_length == 0)
      r->state = HTTP_COMPLETE;
    break;
  case HTTP_BODY_COUNTED:
  case HTTP_BODY_OPEN:
  case HTTP_CHUNK:
  case HTTP_COMPLETE:
  case HTTP_MALFORMED: break; /* no lines */
  }
}

/* All that counts for HTTP_HEADERS_MAX. Chunks may be as many as they like. */
static bool is_header(enum http_state state)
{
  return state == HTTP_STATUS_LINE || state == HTTP_HEADER || state == HTTP_TRAILER;
}

/* The line has its LF: without that, and without CR before it, a string. */
static void end_line(struct http_response *r)
{
  if (r->line_length > 0 && r->line[r->line_length - 1] == '\r')
    r->line_length--;
  r->line[r->line_length] = '\0';
  if (r->line_length > HTTP_LINE_MAX)
    malformed(r, "a line too long");
  else if (strlen(r->line) != r->line_length || strchr(r->line, '\r'))
    malformed(r, "NUL or CR within a line");
  else
    take_line(r);
  r->line_length = 0;
}

static size_t feed_line(struct http_response *r, char const *octets, size_t count)
{
  char const *end = memchr(octets, '\n', count);
  size_t taken = end ? (size_t)(end - octets) + 1 : count, text = end ? taken - 1 : taken;
  if (text > HTTP_LINE_MAX + 1 - r->line_length) {
    malformed(r, "a line too long");
    return taken;
  }
  if (is_header(r->state)) {
    r->header_octets += taken;
    if (r->header_octets > HTTP_HEADERS_MAX) {
      malformed(r, "a header too long");
      return taken;
    }
  }
  memcpy(r->line + r->line_length, octets, text);
  r->line_length += text;
  if (end)
    end_line(r);
  return taken;
}

static size_t feed_body(struct http_response *r, size_t count, enum http_state next)
{
  size_t taken = count < r->left ? count : (size_t)r->left;
  r->left -= taken;
  if (r->left == 0)
    r->state = next;
  return taken;
}

size_t http_response_feed(struct http_response *r, char const *octets, size_t count, size_t *body)
{
  *body = 0;
  if (count == 0)
    return 0;
  switch (r->state) {
  case HTTP_STATUS_LINE:
  case HTTP_HEADER:
  case HTTP_CHUNK_SIZE:
  case HTTP_CHUNK_END:
  case HTTP_TRAILER: return feed_line(r, octets, count);
  case HTTP_BODY_COUNTED: return *body = feed_body(r, count, HTTP_COMPLETE);
  case HTTP_CHUNK: return *body = feed_body(r, count, HTTP_CHUNK_END);
  case HTTP_BODY_OPEN: return *body = count;
  case HTTP_COMPLETE:
  case HTTP_MALFORMED: break;
  }
  return 0;
}

void http_response_end(struct http_response *r)
{
  if (r->state == HTTP_BODY_OPEN)
    r->state = HTTP_COMPLETE;
  else if (r->state != HTTP_COMPLETE && r->state != HTTP_MALFORMED)
    malformed(r, r->status == 0 && r->line_length == 0 ? "no answer" : "an answer that is cut off");
}

bool http_response_has_header(struct http_response const *r)
{
  return r->state != HTTP_STATUS_LINE && r->state != HTTP_HEADER && r->state != HTTP_MALFORMED;
}
