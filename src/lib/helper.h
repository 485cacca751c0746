/* helper.h - programs that others start and talk to in messages: where they are, and how they are started. */
#ifndef UCSPI_HELPER_H
#define UCSPI_HELPER_H

#include <sys/types.h>

#define HELPER_PATH_SIZE 4096

struct helper {
  int fd; /* our end: SOCK_SEQPACKET, nonblocking, close-on-exec; helpers end when it is closed */
  pid_t pid;
};

enum helper_place {
  HELPER_LIBEXEC, /* ../libexec as seen from this program's own file */
  HELPER_BESIDE   /* the folder of this program's own file */
};

/* The path of the program `name` (without a slash). If the system doesn't tell where this program is: that of the
 * installation. Only its being too long is an error: -1, errno ENAMETOOLONG. */
int helper_path(char out[HELPER_PATH_SIZE], enum helper_place place, char const *name);

/* Starts it: argv[0] is its path, from helper_path(). Its descriptors 0 and 1 are the other end, 2 is ours; other
 * inherited ones must be close-on-exec. The caller waits for its end. 0, or -1 with errno, the reason if it can't be
 * run among them. */
int helper_start(struct helper *h, char const *const *argv, char const *const *environment);

#endif
