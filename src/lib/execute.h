/* execute.h - become another program that is found by its name: execve() with a search, and no more than that. */
#ifndef UCSPI_EXECUTE_H
#define UCSPI_EXECUTE_H

/* A name without a slash is looked for in `path`: colon-separated, an empty element being "."; null: /bin:/usr/bin.
 * Like a shell, it goes on when a name is not there or not allowed, and then says that it was not allowed; unlike
 * execvp(), it takes no file for a script that doesn't say so. Returns only if it fails: the errno value. Makes
 * async-signal-safe calls only, and needs PATH_MAX octets of stack. */
int execute(char const *name, char const *const *argv, char const *path, char const *const *envp);

#endif
