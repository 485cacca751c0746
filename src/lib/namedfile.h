/* namedfile.h - opening a file that somebody has named in a setting. */
#ifndef UCSPI_NAMEDFILE_H
#define UCSPI_NAMEDFILE_H

/* For reading, and only if it is a regular file; never waits for it. Null and *fd, or why it can't be, for a message. */
char const *namedfile_open(int *fd, char const *path);

#endif
