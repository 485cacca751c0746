/* reply.h - whether a DNS reply is well-formed, what it has, and how long that may be kept. c-ares takes the data out of
 * replies; it is less strict than this (a PTR record of the wrong length passes, an address of the wrong length is
 * left out as if it weren't there), and does not tell how long PTR records and negative answers live. */
#ifndef DNS_REPLY_H
#define DNS_REPLY_H

#include <stddef.h>
#include <stdint.h>

enum {
  REPLY_TTL_MAX_S = 86400, /* of an answer: RFC 8767 section 4 suggests days at most */
  REPLY_NEGATIVE_TTL_MAX_S =
      900, /* of "there is none": RFC 2308 section 5 allows hours; a new name should not wait */
  REPLY_FAILURE_TTL_S = 5 /* of anything that doesn't say how long (RFC 2308 section 7: at most 5 minutes) */
};

enum reply_content {
  REPLY_BROKEN, /* the question or the answer section isn't as RFC 1035 and RFC 3596 want it: believe nothing of it */
  REPLY_NOTHING, /* no record, or aliases only (CNAME, DNAME): if the server has no error, there is none */
  REPLY_RECORDS  /* others, of whatever name and type */
};

/* message may be null if len is 0. Looks at the header, the question and the answer section: a whole response, at most
 * one question, as many records as promised, all of class IN, names of at most 255 octets whose pointers go back only,
 * A, AAAA, PTR and CNAME data of exactly the length they say. Takes time linear in len. */
enum reply_content reply_content(unsigned char const *message, size_t len);

/* The least time to live of the records of the answer section: a chain of CNAMEs is as short-lived as its shortest
 * link. Seconds, at most REPLY_TTL_MAX_S; 0 if the reply is broken. */
uint32_t reply_ttl_s(unsigned char const *message, size_t len);

/* The same of a negative answer (RFC 2308 section 5): the least of the answer section's CNAMEs, and of the time to
 * live and the minimum field of the SOA record, at most REPLY_NEGATIVE_TTL_MAX_S. REPLY_FAILURE_TTL_S if there is no
 * SOA record, or the reply is broken. */
uint32_t reply_negative_ttl_s(unsigned char const *message, size_t len);

#endif
