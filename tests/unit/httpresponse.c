/* httpresponse.c - where the body of an HTTP answer is, however its octets arrive, and which answers are none. */
#include "httpresponse.h"

#include <stdlib.h>

#include "tap.h"

struct example {
  char const *octets;
  size_t count;
  enum http_state state; /* when the server has closed */
  unsigned int status;
  char const *body;
  char const *says;
};

#define OCTETS(text) (text), sizeof(text) - 1
#define OK_LINE      "HTTP/1.1 200 OK\r\n"
#define DONE(text, body, says)                                                                               \
  {                                                                                                          \
    OCTETS(text), HTTP_COMPLETE, 200, body, says                                                             \
  }
#define CUT(text, body, says)                                                                                \
  {                                                                                                          \
    OCTETS(text), HTTP_MALFORMED, 200, body, says                                                            \
  }
#define BAD(text, says)                                                                                      \
  {                                                                                                          \
    OCTETS(text), HTTP_MALFORMED, 0, "", says                                                                \
  }

static struct example const examples[] = {
    DONE(OK_LINE "Content-Length: 5\r\n\r\nhello", "hello", "a counted body"),
    DONE(OK_LINE "Content-Length: 5\r\n\r\nhello, and more", "hello",
         "what follows a counted body is not of it"),
    DONE(OK_LINE "content-LENGTH:5\r\n\r\nhello", "hello",
         "names of fields in any case, no blank after the colon"),
    DONE(OK_LINE "Content-Length: \t 5 \t\r\n\r\nhello", "hello", "blanks around a length"),
    DONE(OK_LINE "Content-Length: 0\r\n\r\nhello", "", "a body of nothing"),
    DONE(OK_LINE "Content-Length: 00005\r\n\r\nhello", "hello", "a length with zeros in front"),
    DONE(OK_LINE "Content-Length: 5, 5\r\nContent-Length: 5\r\n\r\nhello", "hello", "the same length thrice"),
    DONE(OK_LINE "\r\nhello", "hello", "a body without length goes on until the end"),
    DONE(OK_LINE "\r\n", "", "and may be empty"),
    DONE("HTTP/1.0 200 OK\nServer: old\n\nhel\nlo", "hel\nlo", "LF for CR LF, and HTTP/1.0"),
    DONE("HTTP/1.1 200\r\n\r\nhello", "hello", "a status line without a reason"),
    DONE("HTTP/1.1 200 \r\n\r\nhello", "hello", "or with an empty one"),
    DONE("HTTP/1.9 200 OK\r\n\r\nhello", "hello", "a later HTTP/1"),
    DONE(OK_LINE "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello", "one chunk"),
    DONE(OK_LINE "Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n004\r\nello\r\n0\r\n\r\nmore", "hello",
         "two chunks"),
    DONE(OK_LINE "Transfer-Encoding: ChunkeD \r\n\r\nA\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n",
         "01234567890123456789", "sizes are hexadecimal, in either case"),
    DONE(OK_LINE "Transfer-Encoding: chunked\r\n\r\n5;name=\"va;lue\"\r\nhello\r\n0;x\r\n\r\n", "hello",
         "extensions of chunks are passed over"),
    DONE(OK_LINE "Transfer-Encoding: chunked\r\n\r\n5  \r\nhello\r\n0 ;x\r\n\r\n", "hello",
         "blanks after a size"),
    DONE(OK_LINE "Transfer-Encoding: chunked\n\n5\nhello\n0\n\n", "hello", "chunks with LF for CR LF"),
    DONE(OK_LINE "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nDigest: x\r\nOther: y\r\n\r\n",
         "hello", "fields after the last chunk are passed over"),
    DONE(OK_LINE "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello",
         "chunks count, not a Content-Length before"),
    DONE(OK_LINE "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello",
         "nor one after"),
    DONE(OK_LINE "Transfer-Encoding: chunked\r\n\r\n6\r\nhe\r\nlo\r\n0\r\n\r\n", "he\r\nlo",
         "CR LF within a chunk"),
    DONE("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\nLink: "
         "x\r\n\r\n" OK_LINE "\r\nhello",
         "hello", "interim answers are passed over, lengths in them too"),
    DONE(OK_LINE "X-Long: a\r\n b\r\n\tc\r\nContent-Length: 5\r\n\r\nhello", "hello",
         "values of several lines"),
    DONE(OK_LINE "!#$%&'*+-.^_`|~09azAZ: x\r\n\r\nhello", "hello", "every octet that a name may have"),
    DONE(OK_LINE "X:\r\nX: \xff\x01\r\n\r\nhello", "hello", "values that say nothing to us may be anything"),
    DONE(OK_LINE "X-Content-Length: 2\r\nContent-Lengths: 3\r\n\r\nhello", "hello",
         "names that only look like it"),
    {OCTETS("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"), HTTP_COMPLETE, 204, "",
     "204 has no body"},
    {OCTETS("HTTP/1.1 205 Reset Content\r\n\r\nhello"), HTTP_COMPLETE, 205, "", "nor has 205"},
    {OCTETS("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\nhello"), HTTP_COMPLETE, 304, "",
     "nor has 304"},
    {OCTETS("HTTP/1.1 404 Not Found\r\n\r\nsorry"), HTTP_COMPLETE, 404, "sorry", "an error may have one"},
    {OCTETS("HTTP/1.1 599 \x1b[2J\r\n\r\n"), HTTP_COMPLETE, 599, "", "the last code there is"},
    {OCTETS("HTTP/1.1 999 Request denied\r\n\r\nno"), HTTP_COMPLETE, 999, "no",
     "a code that somebody made up"},
    CUT(OK_LINE "Content-Length: 5\r\n\r\nhell", "hell", "a counted body that is cut off"),
    CUT(OK_LINE "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", "hel", "a chunk that is cut off"),
    CUT(OK_LINE "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "hello", "chunks without the last one"),
    CUT(OK_LINE "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "hello",
        "chunks without the last line"),
    CUT(OK_LINE "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX", "hello",
        "a trailer that is cut off"),
    CUT(OK_LINE "Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n", "hell",
        "a chunk longer than its size"),
    CUT(OK_LINE "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello", "", "a negative size"),
    CUT(OK_LINE "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello", "", "a size with 0x"),
    CUT(OK_LINE "Transfer-Encoding: chunked\r\n\r\n\r\nhello", "", "no size"),
    CUT(OK_LINE "Transfer-Encoding: chunked\r\n\r\n 5\r\nhello", "", "a blank before a size"),
    CUT(OK_LINE "Transfer-Encoding: chunked\r\n\r\n5 x\r\nhello", "", "something after a size"),
    CUT(OK_LINE "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\nhello", "", "a size that wraps to 0"),
    CUT(OK_LINE "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello", "", "a size of 64 bits"),
    CUT(OK_LINE "Transfer-Encoding: gzip, chunked\r\n\r\nhello", "", "another coding"),
    CUT(OK_LINE "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\nhello", "", "chunked twice"),
    CUT(OK_LINE "Transfer-Encoding: chunked, chunked\r\n\r\nhello", "", "or in one field"),
    CUT(OK_LINE "Transfer-Encoding: xchunked\r\n\r\nhello", "", "a coding that ends like it"),
    CUT(OK_LINE "Transfer-Encoding:\r\n\r\nhello", "", "no coding"),
    CUT(OK_LINE "Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello", "", "two lengths"),
    CUT(OK_LINE "Content-Length: 5, 4\r\n\r\nhello", "", "in one field, too"),
    CUT(OK_LINE "Content-Length: 5 5\r\n\r\nhello", "", "a blank within a length"),
    CUT(OK_LINE "Content-Length: 5,\r\n\r\nhello", "", "a comma after it"),
    CUT(OK_LINE "Content-Length: +5\r\n\r\nhello", "", "a length with a sign"),
    CUT(OK_LINE "Content-Length: -1\r\n\r\nhello", "", "a negative one"),
    CUT(OK_LINE "Content-Length: 0x5\r\n\r\nhello", "", "a hexadecimal one"),
    CUT(OK_LINE "Content-Length:\r\n\r\nhello", "", "an empty one"),
    CUT(OK_LINE "Content-Length: 9223372036854775808\r\n\r\nhello", "", "one that needs 64 bits"),
    CUT(OK_LINE "Content-Length: 18446744073709551621\r\n\r\nhello", "", "one that wraps to 5"),
    CUT(OK_LINE "Content-Length: 5\r\n 0\r\n\r\nhello", "", "a length of several lines"),
    CUT(OK_LINE " Content-Length: 5\r\n\r\nhello", "", "a header that begins with a blank"),
    CUT(OK_LINE "Content-Length : 5\r\n\r\nhello", "", "a blank before the colon"),
    CUT(OK_LINE ": 5\r\n\r\nhello", "", "no name"),
    CUT(OK_LINE "nothing\r\n\r\nhello", "", "no colon"),
    CUT(OK_LINE "X: a\rb\r\n\r\nhello", "", "CR within a header"),
    CUT(OK_LINE "X: a\r\r\n\r\nhello", "", "two CR at its end"),
    CUT(OK_LINE "X: a\0b\r\n\r\nhello", "", "NUL within a header"),
    CUT(OK_LINE "X: a\0\r\n\r\nhello", "", "or at its end"),
    CUT(OK_LINE "Content-Length: 5\r\n", "", "a header that is cut off"),
    BAD("", "nothing"),
    BAD("HTTP", "a status line that is cut off"),
    BAD("hello\r\n\r\n", "no status line"),
    BAD("\r\nHTTP/1.1 200 OK\r\n\r\n", "an empty line before it"),
    BAD("HTTP/2 200 OK\r\n\r\n", "another version"),
    BAD("HTTP/2.0 200 OK\r\n\r\n", "spelled like the old ones"),
    BAD("http/1.1 200 OK\r\n\r\n", "small letters"),
    BAD("HTTP/1.1  200 OK\r\n\r\n", "two blanks"),
    BAD("HTTP/1.1 20 OK\r\n\r\n", "a code of two digits"),
    BAD("HTTP/1.1 2000 OK\r\n\r\n", "of four"),
    BAD("HTTP/1.1 2x0 OK\r\n\r\n", "a code that is no number"),
    BAD("HTTP/1.1\r\n\r\n", "no code"),
    BAD("HTTP/1.1 ", "nor the place of one"),
    BAD("ICY 200 OK\r\n\r\n", "another protocol"),
    BAD("\0HTTP/1.1 200 OK\r\n\r\n", "NUL in front"),
    {OCTETS("HTTP/1.1 101 Switching Protocols\r\n\r\n"), HTTP_MALFORMED, 101, "",
     "a protocol nobody asked for"},
    {OCTETS("HTTP/1.1 099 Low\r\n\r\n"), HTTP_MALFORMED, 99, "", "a code below 100"},
    {OCTETS("HTTP/1.1 100 Continue\r\n\r\n"), HTTP_MALFORMED, 100, "", "an interim answer and no other"},
};

/* What comes out when the octets arrive in pieces of this size. */
struct outcome {
  struct http_response r;
  char body[256];
  size_t body_length;
  bool sound;
};

static void run(struct outcome *o, char const *octets, size_t count, size_t piece)
{
  o->body_length = 0;
  o->sound = true;
  http_response_start(&o->r);
  for (size_t at = 0; at < count;) {
    size_t body, size = count - at < piece ? count - at : piece;
    size_t taken = http_response_feed(&o->r, octets + at, size, &body);
    bool ended = o->r.state == HTTP_COMPLETE || o->r.state == HTTP_MALFORMED;
    o->sound = o->sound && taken <= size && body <= taken && (taken > 0 || ended);
    if (o->body_length + body <= sizeof o->body && body > 0)
      memcpy(o->body + o->body_length, octets + at + taken - body, body);
    o->body_length += body;
    at += taken;
    if (taken == 0)
      break;
  }
  http_response_end(&o->r);
}

static bool matches(struct outcome const *o, struct example const *e)
{
  return o->sound && o->r.state == e->state && o->r.status == e->status &&
         o->body_length == strlen(e->body) && memcmp(o->body, e->body, o->body_length) == 0 &&
         (e->state != HTTP_MALFORMED || o->r.problem);
}

static void examples_hold(void)
{
  static struct outcome o;
  for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
    struct example const *e = &examples[i];
    bool same = true;
    run(&o, e->octets, e->count, e->count + 1);
    ok(matches(&o, e), "%s", e->says);
    if (!matches(&o, e))
      printf("# state %d status %u body %zu problem %s\n", (int)o.r.state, o.r.status, o.body_length,
             o.r.problem ? o.r.problem : "none");
    for (size_t piece = 1; piece < e->count; piece++) {
      run(&o, e->octets, e->count, piece);
      same = same && matches(&o, e);
    }
    ok(same, "... in pieces of any size");
  }
}

/* A line of the header with so many octets before CR LF. */
static enum http_state state_after_line(char const *start, size_t length, char const *end, size_t piece)
{
  static struct outcome o;
  static char octets[4 * HTTP_LINE_MAX];
  size_t at = strlen(start);
  memcpy(octets, start, at);
  memset(octets + at, 'x', length);
  memcpy(octets + at + length, end, strlen(end) + 1);
  run(&o, octets, at + length + strlen(end), piece);
  return o.r.state;
}

static void lines_are_bounded(void)
{
  size_t const pieces[] = {1, 100, 4 * HTTP_LINE_MAX};
  for (size_t i = 0; i < 3; i++) {
    size_t p = pieces[i];
    ok(state_after_line(OK_LINE "X:", HTTP_LINE_MAX - 2, "\r\n\r\n", p) == HTTP_COMPLETE,
       "the longest field");
    ok(state_after_line(OK_LINE "X:", HTTP_LINE_MAX - 2, "\n\n", p) == HTTP_COMPLETE, "with LF alone");
    ok(state_after_line(OK_LINE "X:", HTTP_LINE_MAX - 1, "\r\n\r\n", p) == HTTP_MALFORMED,
       "one octet longer");
    ok(state_after_line(OK_LINE "X:", HTTP_LINE_MAX - 1, "\n\n", p) == HTTP_MALFORMED, "with LF alone");
    ok(state_after_line(OK_LINE "X:", 2 * HTTP_LINE_MAX, "", p) == HTTP_MALFORMED, "a field without end");
    ok(state_after_line("HTTP/1.1 200 ", HTTP_LINE_MAX - 13, "\r\n\r\n", p) == HTTP_COMPLETE,
       "the longest status line");
    ok(state_after_line("HTTP/1.1 200 ", HTTP_LINE_MAX - 12, "\r\n\r\n", p) == HTTP_MALFORMED, "one longer");
    ok(state_after_line(OK_LINE "Transfer-Encoding: chunked\r\n\r\n0;", HTTP_LINE_MAX - 2, "\r\n\r\n", p) ==
           HTTP_COMPLETE,
       "the longest line of a chunk");
    ok(state_after_line(OK_LINE "Transfer-Encoding: chunked\r\n\r\n0;", HTTP_LINE_MAX - 1, "\r\n\r\n", p) ==
           HTTP_MALFORMED,
       "one longer");
  }
}

static size_t feed_often(struct http_response *r, char const *text, size_t times)
{
  size_t body, i = 0;
  for (; i < times && r->state != HTTP_MALFORMED; i++)
    for (size_t at = 0, size = strlen(text); at < size && r->state != HTTP_MALFORMED;)
      at += http_response_feed(r, text + at, size - at, &body);
  return i;
}

static void headers_are_bounded(void)
{
  static struct http_response r;
  size_t body;
  http_response_start(&r);
  ok(feed_often(&r, "HTTP/1.1 100 Continue\r\n\r\n", 100000) < 5000 && r.state == HTTP_MALFORMED,
     "interim answers come to an end");
  http_response_start(&r);
  http_response_feed(&r, OK_LINE, sizeof OK_LINE - 1, &body);
  ok(feed_often(&r, "X: x\r\n", 100000) < 15000 && r.state == HTTP_MALFORMED, "so do fields");
  http_response_start(&r);
  feed_often(&r, OK_LINE "Transfer-Encoding: chunked\r\n\r\n", 1);
  ok(feed_often(&r, "1\r\nx\r\n", 100000) == 100000 && r.state == HTTP_CHUNK_SIZE,
     "chunks may be any number");
  feed_often(&r, "0\r\n", 1);
  ok(feed_often(&r, "X: x\r\n", 100000) < 15000 && r.state == HTTP_MALFORMED, "fields after them may not");
}

static void says_what_came(void)
{
  static struct http_response r;
  static char const text[] = "HTTP/1.1 404 No\x1b[2J\xff here\r\nX: y\r\n";
  size_t body;
  http_response_start(&r);
  ok(!http_response_has_header(&r), "at first there is no header");
  for (size_t at = 0; at < sizeof text - 1;)
    at += http_response_feed(&r, text + at, sizeof text - 1 - at, &body);
  ok(!http_response_has_header(&r), "nor is there before its end");
  is_string(r.status_line, "HTTP/1.1 404 No?[2J? here", "the status line has nothing that is not printable");
  http_response_feed(&r, "\n", 1, &body);
  ok(http_response_has_header(&r), "then there is");
  http_response_start(&r);
  feed_often(&r, "HTTP/1.1 100 Continue\r\n\r\n", 1);
  ok(!http_response_has_header(&r), "that of an interim answer is not it");
  http_response_start(&r);
  feed_often(&r, OK_LINE "bad\r\n", 1);
  ok(!http_response_has_header(&r), "nor is a malformed one");
}

int main(void)
{
  examples_hold();
  lines_are_bounded();
  headers_are_bounded();
  says_what_came();
  return tap_done();
}
