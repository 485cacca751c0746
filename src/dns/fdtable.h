/* fdtable.h - which record a descriptor belongs to. Eight octets for each number up to the highest in use. */
#ifndef DNS_FDTABLE_H
#define DNS_FDTABLE_H

#include <stddef.h>

struct fdtable {
  void **item;
  size_t size;
};

/* Null takes the record out, which never fails. 0, or -1 with errno ENOMEM. */
int fdtable_set(struct fdtable *t, int fd, void *item);

/* Null if there is none. */
void *fdtable_get(struct fdtable const *t, size_t fd);

#endif
