/* duplicates.h - which keys came more than once, and where? Keys are noted while they stream by (12 octets
 * each), and compared only at the end, bucket by bucket: looking each one up at once in a table of millions
 * would cost a cache miss each, more than all the rest of the work. */
#ifndef UCSPI_DUPLICATES_H
#define UCSPI_DUPLICATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct noted_key {
  uint32_t hash;
  uint32_t position; /* of the record in the cdb */
  uint32_t line;
};

struct duplicates {
  struct noted_key *key;
  size_t count, capacity;
};
#define DUPLICATES_ZERO                                                                                      \
  {                                                                                                          \
    .key = NULL                                                                                              \
  }

/* 0, or -1 with errno ENOMEM. */
int duplicates_note(struct duplicates *d, char const *key, size_t len, uint32_t position, uint32_t line);

/* Calls report for each key but the first of those that are the same, in the order of lines. `same` is asked
 * about keys with equal hashes. 0, or -1 with errno ENOMEM. Afterwards nothing more can be noted. */
int duplicates_report(struct duplicates *d,
                      bool (*same)(void *context, uint32_t one_position, uint32_t other_position),
                      void (*report)(void *context, struct noted_key const *key, uint32_t first_line),
                      void *context);

void duplicates_free(struct duplicates *d);

#endif
