/* reply - which DNS replies are well-formed, and how long they may be kept. Each message is built here octet by octet, as
 * a server that means ill would. */
#include "../../src/dns/reply.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include "tap.h"

enum { A = 1, CNAME = 5, SOA = 6, PTR = 12, TXT = 16, AAAA = 28 };
enum { HEADER = 12, QUESTION_END = HEADER + 3 + 4, MESSAGE_MAX = 70000 };

static unsigned char message[MESSAGE_MAX];
static size_t size;

static void put(void const *octets, size_t len)
{
  memcpy(message + size, octets, len);
  size += len;
}

static void put16(unsigned int n)
{
  unsigned char const octets[] = {(unsigned char)(n >> 8), (unsigned char)n};
  put(octets, sizeof octets);
}

static void put32(uint32_t n)
{
  put16(n >> 16);
  put16(n & 0xffff);
}

/* A header and the question `a. IN`. */
static void begin(unsigned int answers, unsigned int authorities)
{
  size = 0;
  put16(4711);
  put16(0x8180);
  put16(1);
  put16(answers);
  put16(authorities);
  put16(0);
  put("\1a", 3);
  put16(PTR);
  put16(1);
}

/* A record of the question's name. */
static void record(unsigned int type, uint32_t ttl_s, void const *data, size_t len)
{
  put16(0xc000 | HEADER);
  put16(type);
  put16(1);
  put32(ttl_s);
  put16((unsigned int)len);
  put(data, len);
}

static void soa(uint32_t ttl_s, uint32_t minimum_s)
{
  unsigned char data[2 + 20] = {0};
  data[18] = (unsigned char)(minimum_s >> 24);
  data[19] = (unsigned char)(minimum_s >> 16);
  data[20] = (unsigned char)(minimum_s >> 8);
  data[21] = (unsigned char)minimum_s;
  record(SOA, ttl_s, data, sizeof data);
}

/* In memory of exactly this size, where a sanitizer sees each octet too far. */
static enum reply_content content_of(size_t len)
{
  unsigned char *copy = malloc(len ? len : 1);
  enum reply_content content;
  if (!copy)
    abort();
  memcpy(copy, message, len);
  content = reply_content(copy, len);
  free(copy);
  return content;
}

/* What a reply with one record is, whose data are these. */
static enum reply_content one(unsigned int type, void const *data, size_t len)
{
  begin(1, 0);
  record(type, 60, data, len);
  return content_of(size);
}

static void check_contents(void)
{
  begin(0, 0);
  ok(content_of(size) == REPLY_NOTHING, "a reply without records has nothing");
  ok(reply_content(NULL, 0) == REPLY_BROKEN, "no reply is a broken one");
  ok(one(CNAME, "\1b", 3) == REPLY_NOTHING, "an alias alone is nothing");
  ok(one(PTR, "\1b", 3) == REPLY_RECORDS, "a name is a record");
  ok(one(PTR, "\xc0\x0c", 2) == REPLY_RECORDS, "so is a pointer to one");
  ok(one(PTR, "\1b\xc0\x0c", 4) == REPLY_RECORDS, "so is a label and a pointer");
  ok(one(A, "\1\2\3\4", 4) == REPLY_RECORDS, "so is an IPv4 address");
  ok(one(AAAA, "0123456789abcdef", 16) == REPLY_RECORDS, "so is an IPv6 address");
  ok(one(TXT, "anything", 8) == REPLY_RECORDS, "other types may have any data");
}

static void check_lengths(void)
{
  ok(one(A, "\1\2\3", 3) == REPLY_BROKEN, "an IPv4 address of 3 octets breaks it");
  ok(one(A, "\1\2\3\4\5", 5) == REPLY_BROKEN, "so does one of 5");
  ok(one(AAAA, "0123456789abcde", 15) == REPLY_BROKEN, "so does an IPv6 address of 15");
  ok(one(PTR, "\1b\0z", 4) == REPLY_BROKEN, "so does a name that ends before its record");
  ok(one(PTR, "\3b", 2) == REPLY_BROKEN, "so does a name that ends behind it");
  ok(one(PTR, "", 0) == REPLY_BROKEN, "so does no name");
  ok(one(CNAME, "\1b\0z", 4) == REPLY_BROKEN, "so it is with aliases");
  begin(2, 0);
  record(A, 60, "\1\2\3\4", 4);
  ok(content_of(size) == REPLY_BROKEN, "fewer records than promised break it");
  record(A, 60, "\1\2\3\4", 4);
  for (size_t len = 0; len < size; len++)
    if (content_of(len) != REPLY_BROKEN)
      ok(false, "the first %zu octets are broken", len);
  ok(content_of(size) == REPLY_RECORDS, "cut at any place it is broken, whole it is not");
  message[5] = 2;
  ok(content_of(size) == REPLY_BROKEN, "two questions break it");
  begin(0, 0);
  message[2] &= 0x7f;
  ok(content_of(size) == REPLY_BROKEN, "so does a question instead of a response");
  begin(0, 0);
  message[2] |= 0x02;
  ok(content_of(size) == REPLY_BROKEN,
     "so does an end that the server has cut off, for what isn't there may be in it");
  one(TXT, "anything", 8);
  message[QUESTION_END + 5] = 3;
  ok(content_of(size) == REPLY_BROKEN, "so does a record that is not of the Internet");
}

/* A reply whose only record has as name what is given, of len octets. */
static enum reply_content named(void const *name, size_t len)
{
  begin(1, 0);
  put(name, len);
  put16(A);
  put16(1);
  put32(60);
  put16(4);
  put32(0x7f000001);
  return content_of(size);
}

static void check_names(void)
{
  unsigned char pointers[2 * 200], labels[256];
  ok(named("\xc0\x13", 2) == REPLY_BROKEN, "a name that points to itself is broken");
  ok(named("\1b\xc0\x13", 4) == REPLY_BROKEN, "so is one that points back into itself");
  ok(named("\xc0\x15", 2) == REPLY_BROKEN, "so is a pointer ahead");
  ok(named("\xff\xff", 2) == REPLY_BROKEN, "so is one behind the end");
  ok(named("\xc0\x02", 2) == REPLY_BROKEN, "so is one into the header");
  ok(named("\x41z", 3) == REPLY_BROKEN, "so are kinds of labels that there are not");
  memset(labels, 1, sizeof labels);
  labels[252] = 0;
  ok(named(labels, 253) == REPLY_RECORDS, "a name of 253 octets is one");
  labels[252] = 1;
  labels[254] = 0;
  ok(named(labels, 255) == REPLY_RECORDS, "a name of 255 octets is one");
  labels[252] = 2;
  labels[255] = 0;
  ok(named(labels, 256) == REPLY_BROKEN, "one of 256 is not");

  /* Data of another type, through which pointers lead back one by one. */
  for (unsigned int i = 0; i < 200; i++) {
    unsigned int target = i == 0 ? HEADER : QUESTION_END + 12 + 2 * (i - 1);
    pointers[2 * i] = (unsigned char)(0xc0 | target >> 8);
    pointers[2 * i + 1] = (unsigned char)target;
  }
  for (unsigned int hops = 100; hops <= 200; hops += 100) {
    unsigned int last = QUESTION_END + 12 + 2 * (hops - 2);
    begin(2, 0);
    record(TXT, 60, pointers, sizeof pointers);
    put16(0xc000 | last);
    put16(A);
    put16(1);
    put32(60);
    put16(4);
    put32(0x7f000001);
    ok(content_of(size) == (hops == 100 ? REPLY_RECORDS : REPLY_BROKEN), "%u pointers in a row are %s", hops,
       hops == 100 ? "followed" : "too many");
  }
}

static void check_times(void)
{
  begin(2, 0);
  record(CNAME, 30, "\1b", 3);
  record(A, 600, "\1\2\3\4", 4);
  ok(reply_ttl_s(message, size) == 30, "an answer lives as long as its shortest record");
  begin(1, 0);
  record(A, 1000000, "\1\2\3\4", 4);
  ok(reply_ttl_s(message, size) == REPLY_TTL_MAX_S, "but a day at most");
  begin(1, 0);
  record(A, 0x80000001, "\1\2\3\4", 4);
  ok(reply_ttl_s(message, size) == 0, "a time with the highest bit set is 0");
  ok(reply_ttl_s(message, size - 1) == 0, "a broken answer is not kept");

  begin(0, 1);
  soa(100, 7);
  ok(reply_negative_ttl_s(message, size) == 7, "nothing lives as long as the minimum of the SOA record");
  begin(0, 1);
  soa(6, 100);
  ok(reply_negative_ttl_s(message, size) == 6, "or as the record itself");
  begin(1, 1);
  record(CNAME, 5, "\1b", 3);
  soa(100, 100);
  ok(reply_negative_ttl_s(message, size) == 5, "or as an alias before it");
  begin(0, 1);
  soa(1000000, 1000000);
  ok(reply_negative_ttl_s(message, size) == REPLY_NEGATIVE_TTL_MAX_S, "but a quarter of an hour at most");
  ok(reply_negative_ttl_s(message, size - 1) == REPLY_FAILURE_TTL_S,
     "a SOA record that is cut counts for nothing");
  begin(0, 1);
  record(SOA, 100, "0123456789abcdefghi", 19);
  ok(reply_negative_ttl_s(message, size) == REPLY_FAILURE_TTL_S, "nor does one that is too short");
  begin(0, 0);
  ok(reply_negative_ttl_s(message, size) == REPLY_FAILURE_TTL_S, "without SOA record it is a failure's time");
  begin(0, 2);
  record(TXT, 1, "x", 1);
  soa(100, 9);
  ok(reply_negative_ttl_s(message, size) == 9, "other records may come before it");
  ok(reply_negative_ttl_s(NULL, 0) == REPLY_FAILURE_TTL_S, "and so it is without a reply");
}

static void check_size(void)
{
  begin(4000, 0);
  for (int i = 0; i < 4000; i++)
    record(A, i == 3999 ? 3 : 60, "\1\2\3\4", 4);
  ok(content_of(size) == REPLY_RECORDS && reply_ttl_s(message, size) == 3, "the last of 4000 records counts");
  ok(content_of(65535) == REPLY_RECORDS, "octets behind the answers don't matter");
  ok(content_of(65536) == REPLY_BROKEN, "more than 65535 do");
}

int main(void)
{
  check_contents();
  check_lengths();
  check_names();
  check_times();
  check_size();
  return tap_done();
}
