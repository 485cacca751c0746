/* reply.h - how long a DNS reply may be kept. c-ares takes the data out of replies; it does not tell how long PTR records
 * and negative answers live. */
#ifndef TCPLOOKUP_REPLY_H
#define TCPLOOKUP_REPLY_H

#include <stddef.h>
#include <stdint.h>

enum {
  REPLY_TTL_MAX_S = 86400, /* of an answer: RFC 8767 section 4 suggests days at most */
  REPLY_NEGATIVE_TTL_MAX_S =
      900, /* of "there is none": RFC 2308 section 5 allows hours; a new name should not wait */
  REPLY_FAILURE_TTL_S = 5 /* of anything that doesn't say how long (RFC 2308 section 7: at most 5 minutes) */
};

/* The least time to live of the records of the answer section: a chain of CNAMEs is as short-lived as its shortest
 * link. Seconds, at most REPLY_TTL_MAX_S; 0 if the message can't be read. */
uint32_t reply_ttl_s(unsigned char const *message, size_t len);

/* The same of a negative answer (RFC 2308 section 5): the least of the answer section's CNAMEs, and of the time to
 * live and the minimum field of the SOA record, at most REPLY_NEGATIVE_TTL_MAX_S. REPLY_FAILURE_TTL_S if there is no
 * SOA record. */
uint32_t reply_negative_ttl_s(unsigned char const *message, size_t len);

#endif
