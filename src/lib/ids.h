/* ids.h - who a process is, and becoming exactly that: a helper that starts with more rights than the program it works for
 * is told by it who to be. */
#ifndef UCSPI_IDS_H
#define UCSPI_IDS_H

#include <stdbool.h>
#include <stdint.h>

enum { IDS_GROUPS_MAX = 1024 };

/* It travels in messages: clear it before filling it in. */
struct ids {
  uint32_t uid, gid, group_count;
  uint32_t group[IDS_GROUPS_MAX];
};

/* From elsewhere: not too many groups, and no id that means "as it is". */
bool ids_are_sound(struct ids const *ids);

/* What this process is. 0, or -1 with errno. */
int ids_of_process(struct ids *out);

/* Becomes that for good; harmless if it is that already. Null, or what could not be done, with errno: 0 if it could be
 * undone. */
char const *ids_become(struct ids const *who);

#endif
