/* check.h - the -n option: what would be offered, and what is wrong. */
#ifndef TCPMUXD_CHECK_H
#define TCPMUXD_CHECK_H

/* Prints one line for each sound service on standard output, sorted: its name, "file" or "directory", and
 * its marks; and a warning for each of the others on standard error. Returns the exit status: 0, 100 if anything
 * is wrong with an entry, 111 if the directory can't be read. */
int check_directory(char const *directory);

#endif
