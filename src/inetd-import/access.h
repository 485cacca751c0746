/* access.h - who may have a service: addresses as only_from and no_access have them, and the rules of tcprules(5) that
 * say the same. */
#ifndef IMPORT_ACCESS_H
#define IMPORT_ACCESS_H

#include "config.h"

struct access {
  char **keys; /* of rules, in their order; "" has no place here */
  bool *deny;
  size_t count;
  bool names;         /* some keys are host names */
  bool names_allowed; /* ... of rules that admit */
};

/* Asks /etc/networks; 0 if it has no such network, else the significant octets, and *number in host order. */
typedef unsigned int access_networks(char const *name, unsigned int *number);

/* Adds the keys of one value. False if it is none: then *why says what would be. */
bool access_add(struct access *a, char const *value, bool deny, access_networks *networks, char const **why);

/* Of equal keys one is left: the one that denies, as xinetd decides. */
void access_settle(struct access *a);
void access_free(struct access *a);

#endif
