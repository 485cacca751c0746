/* record.h - the lines in which recordio shows what it passes on. Pure: who writes them, and where, is recordio's. */
#ifndef FILTERS_RECORD_H
#define FILTERS_RECORD_H

#include <stddef.h>

/* A packet is shown in blocks of so many octets, so that no line is longer than what every log takes whole. (It is
 * what ucspi-tcp reads at once; so the lines for a packet are the same.) */
#define RECORD_BLOCK_SIZE 256

/* PID, blank, '<' or '>', blank. */
#define RECORD_PREFIX_SIZE 32
#define RECORD_LINE_MAX    (RECORD_PREFIX_SIZE + RECORD_BLOCK_SIZE + 2)

struct record {
  char prefix[RECORD_PREFIX_SIZE];
  size_t prefix_len;
};

/* `mark` is '<' or '>'. */
void record_init(struct record *r, unsigned int pid, char mark);

/* What is shown of a packet, line by line: `*at` is how much of it has been, 0 at first. Writes the next line with its
 * LF to `line` and moves *at on; `*at` must be less than len. Returns the line's length. A line ends with a blank where
 * the packet has an LF, with '+' where the block or the packet ends without one. Nothing is escaped. */
size_t record_line(struct record const *r, char line[RECORD_LINE_MAX], char const *packet, size_t len,
                   size_t *at);

/* The line for the end. */
size_t record_end(struct record const *r, char line[RECORD_LINE_MAX]);

#endif
