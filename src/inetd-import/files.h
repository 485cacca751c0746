/* files.h - reads the files of the source, and those that they include, each once. */
#ifndef IMPORT_FILES_H
#define IMPORT_FILES_H

#include "config.h"

/* A file may have so many octets; so many files are read in all. */
#define FILES_OCTETS_MAX (4 << 20)
#define FILES_MAX        4096

/* Adds to *c what the file at `path` and its inclusions say. What can't be read is a remark. `path` is kept. */
void files_read(struct config *c, char const *path);

/* A short file that the source names (a banner): its octets, up to `max`; null if it can't be read whole. */
char *files_short(char const *path, size_t max, size_t *len);

#endif
