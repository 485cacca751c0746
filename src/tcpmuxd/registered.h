/* registered.h - which service names have a meaning already: RFC 1078 reserves those of "Assigned Numbers"
 * for exactly the protocols defined there. For -n only. */
#ifndef TCPMUXD_REGISTERED_H
#define TCPMUXD_REGISTERED_H

#include <stdbool.h>

#include <skalibs/stralloc.h>

/* Reads the system's list (/etc/services, services(5)) directly: a static program must not ask the name
 * services. A list that can't be read is an empty one. Release it with stralloc_free(). */
void registered_load(stralloc *list);

/* True if name is the name or an alias of a TCP service in the list. */
bool registered_contains(stralloc const *list, char const *name);

#endif
