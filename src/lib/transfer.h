/* transfer.h - reading and writing for programs that do nothing else meanwhile: they wait until it is done, also on
 * descriptors that are nonblocking because of whoever shares them. */
#ifndef UCSPI_TRANSFER_H
#define UCSPI_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What is there, at least one octet and at most size; 0 at the end; -1 with errno. */
ssize_t transfer_read(int fd, char *octets, size_t size);

/* All of it. False with errno if some of it could not be written. */
bool transfer_write(int fd, char const *octets, size_t count);

#endif
