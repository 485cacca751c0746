/* request.h - reads the request line from the client and not one octet more: what follows it belongs to the
 * service, which is going to read the same descriptor. */
#ifndef TCPMUXD_REQUEST_H
#define TCPMUXD_REQUEST_H

#include <stdint.h>

#include "muxrequest.h"

enum request_outcome {
  REQUEST_COMPLETE,  /* r->name is what was asked for */
  REQUEST_MALFORMED, /* the client sent what is no request */
  REQUEST_CLOSED,    /* the client went before its line was complete */
  REQUEST_LATE,      /* the deadline passed */
  REQUEST_FAILED     /* fd can't be read; errno says why */
};

/* r was prepared by muxrequest_start(). fd may be blocking or not and stays as it is. deadline_ms is a time
 * of clock_ms(), for the whole line. */
enum request_outcome request_read(struct muxrequest *r, int fd, int64_t deadline_ms);

#endif
