/* namedfile.h - opening a file that somebody has named in a setting. */
#ifndef UCSPI_NAMEDFILE_H
#define UCSPI_NAMEDFILE_H

#include <sys/stat.h>

/* For reading, and only if it is a regular file; never waits for it. A descriptor, close-on-exec, and what it is; or -1 with
 * errno: of open(2) or fstat(2), EISDIR, or EPROTO if it is neither a file nor a directory. */
int namedfile_open(char const *path, struct stat *st);

/* What that errno means, for a message. */
char const *namedfile_problem(int error);

#endif
