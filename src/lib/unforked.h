/* unforked.h - memory that children of fork() have no copy of (MADV_DONTFORK, madvise(2)): what changes with every
 * connection need not be copied page by page as long as one of them lives, and what is known of other connections is
 * nothing to them. Children of vfork() share it like all else. Where the system has no such memory it is like any other,
 * and so it is with the address sanitizer, which knows nothing of what malloc() has not given. */
#ifndef UCSPI_UNFORKED_H
#define UCSPI_UNFORKED_H

#include <stddef.h>

/* As reallocarray(3), for members of that size in octets: what is new is zeroed. Null and 0 for what was not there before, and
 * 0 for what is to be no more. Null with errno ENOMEM, and the old one is as it was. */
void *unforked_resize(void *memory, size_t old_count, size_t new_count, size_t size);

/* Zeroed memory for good, from the beginning of a page on, of which the whole pages among the first `part` octets are such
 * memory, and the rest is like any other. Null with errno ENOMEM. */
void *unforked_allocate(size_t size, size_t part);

#endif
