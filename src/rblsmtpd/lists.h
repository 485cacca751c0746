/* lists.h - asks all lists at once, and waits for no more answers than the verdict takes. */
#ifndef RBLSMTPD_LISTS_H
#define RBLSMTPD_LISTS_H

#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "steps.h"

/* Called when a delay begins. */
typedef void lists_delayed(struct client const *client, unsigned int delay_s);

/* Goes through steps that are all PENDING: fills in what they learn, and returns a verdict that is not WAIT. A list
 * that has not answered at deadline_ms has failed; delays take as long as they take. What is wrong with the resolver's
 * settings is told on standard error, and is a failure of each list. May leave descriptors open that are
 * close-on-exec: the process is expected to execute a program or to end. */
struct verdict lists_consult(struct step *steps, size_t count, struct client const *client,
                             int64_t deadline_ms, lists_delayed *delayed);

#endif
