/* executable.h - would execve() run this file? Asked before the client is told "+", because afterwards there
 * is no way left to say no. */
#ifndef TCPMUXD_EXECUTABLE_H
#define TCPMUXD_EXECUTABLE_H

#include <sys/types.h>

#include "problem.h"

/* Checks what execve() would: that path (relative to the directory descriptor `at`, as for openat()) is a
 * regular file that we may execute; a "#!" line names an executable file by its absolute path; an ELF file
 * of our own class is for this machine, with an interpreter that exists. What is neither a script nor ELF is a
 * problem too. A file that may be executed but not read is taken on trust. Nothing is opened that could
 * block. `mode` is its st_mode if the caller has asked already, else 0. 0, or -1 with the problem told. */
int executable_check(struct problem *p, int at, char const *path, mode_t mode);

#endif
