/* sni.h - names that clients ask for (RFC 6066 section 3), and which of several things each is for. A sorted table: ten
 * thousand names cost a dozen comparisons. */
#ifndef UCSPI_SNI_H
#define UCSPI_SNI_H

#include <stddef.h>
#include <stdint.h>

struct sni_name {
  char *name; /* as hostname_clean() has it; with "*." before it, it stands for one label more */
  uint32_t target;
};

struct sni {
  struct sni_name *name;
  size_t count, capacity;
};

/* Of this size, not NUL-terminated. What can be no name of a host is passed over, as are wildcards for part of a label or
 * elsewhere than in front. 0, or -1 with errno ENOMEM. */
int sni_add(struct sni *s, char const *name, size_t name_size, uint32_t target);
/* After the last sni_add(), before the first sni_find(). */
void sni_sort(struct sni *s);
void sni_free(struct sni *s);

/* All that this name is for, exactly or else by its wildcard, in ascending order of target, each perhaps more than once.
 * Returns how many, 0: none. `name` is what a stranger sent. */
size_t sni_find(struct sni const *s, char const *name, struct sni_name const **first);

#endif
