/* limit.h - how many of a service may run at once, counted by the kernel: each running service holds a write
 * lock on one octet of its `limit` file, through a descriptor that it inherits. When the service has ended,
 * by whatever signal, the kernel frees the octet. There is no counter that could be wrong. */
#ifndef TCPMUXD_LIMIT_H
#define TCPMUXD_LIMIT_H

/* The first line of the file. */
#define LIMIT_MAX 65535

/* How many slots are tried at most. The kernel keeps locks in a list, so that a refusal with n of n taken costs
 * n walks through it: 18 ms for 1000, more than a second for 10000. Larger limits are therefore full for a
 * client that finds 1000 slots taken, spread over all of them. */
#define LIMIT_TRIES 1000

/* The lowest number that a limit's descriptor gets, out of the way of what services use by number. */
#define LIMIT_DESCRIPTOR 10

/* Opens a `limit` file for locking and reads how many slots it has. Returns the descriptor, which is not
 * close-on-exec, or -1 with errno; EINVAL if it is no regular file or does not begin with a line that is a
 * number from 1 to LIMIT_MAX. */
int limit_open(char const *path, unsigned int *slots);

enum limit_outcome { LIMIT_TAKEN, LIMIT_FULL, LIMIT_FAILED /* errno */ };

/* Takes a free slot, trying slot first % slots first. It is freed when the last process that has
 * inherited fd is gone. */
enum limit_outcome limit_take(int fd, unsigned int slots, unsigned int first);

#endif
