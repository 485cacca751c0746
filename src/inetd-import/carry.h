/* carry.h - what becomes of each attribute of a service: the table that the program is about. */
#ifndef IMPORT_CARRY_H
#define IMPORT_CARRY_H

#include "making.h"

/* Carries all of the service's attributes over to *m, whose service is set; that is broken afterwards if one of them is
 * wrong. */
void carry_all(struct making *m);

#endif
