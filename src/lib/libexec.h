/* libexec.h - where the programs are that only our own programs start. */
#ifndef UCSPI_LIBEXEC_H
#define UCSPI_LIBEXEC_H

#define LIBEXEC_PATH_SIZE 4096

/* The path of a helper: ../libexec/NAME as seen from this program's own file, or that of the installation if the system
 * doesn't tell where this program is. Only its being too long is an error: -1, errno ENAMETOOLONG. */
int libexec_path(char out[LIBEXEC_PATH_SIZE], char const *name);

#endif
