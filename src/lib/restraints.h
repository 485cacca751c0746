/* restraints.h - what a process that reads what strangers send, or that holds keys, gives up for good: whatever it doesn't
 * need for that. What the system refuses is left as it is. */
#ifndef UCSPI_RESTRAINTS_H
#define UCSPI_RESTRAINTS_H

#include <sys/resource.h>

/* What setrlimit() takes, which is not the same type everywhere. */
#ifdef __GLIBC__
typedef __rlimit_resource_t restraint_resource;
#else
typedef int restraint_resource;
#endif

/* No new privileges, no core, no processes (which does not bind root), no files: unless one of the descriptors first_output
 * to 2 is a file, to which messages could not be written then. */
void restraints_put_on(int first_output);

/* The same, for who has to write into memory that has a descriptor, which is a file to the system. */
void restraints_put_on_writer(void);

/* Nobody of the same user can look into this process (where the system knows that), and it leaves no core behind. A
 * program that it runs is not bound by the former. Changing ids undoes it. */
void restraints_keep_secrets(void);

/* Lowers both limits to value; one that is lower already stays. */
void restraints_limit(restraint_resource resource, rlim_t value);

#endif
