/* ruletable.h - rules as a table of a database has them: any number of patterns of addresses, all of which may match. They are
 * compiled into an image, one sealed block of memory that is made by one process and asked by another: no part of
 * it is believed, each offset is checked when it is used. A question costs two looks into a hash table for each kind of
 * mask in use (all addresses that are written out are one kind), however many rows there are. */
#ifndef UCSPI_RULETABLE_H
#define UCSPI_RULETABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "addresspattern.h"
#include "hashtable.h"
#include "rules.h"

/* More rows are too many; and so many may match one address. */
#define RULETABLE_ROWS_MAX    (1u << 26)
#define RULETABLE_MATCHES_MAX 1024

/* Room for all that matching rows set. */
#define RULETABLE_EDITS_SIZE 65536

/* --- Making one ---------------------------------------------------------------------------------------------------- */

struct ruletable_row {
  char const *text; /* of the pattern, for logs */
  size_t text_len;
  uint16_t port; /* 0: every port */
  bool deny;
  char const *edits; /* items as rules.h has them: "+NAME=value" and a NUL each */
  size_t edits_len;
};

struct ruletable_image_row;

struct ruletable_mask {
  uint8_t family, ports; /* ports: bit 0, some row is for every port; bit 1, some are for one */
  uint8_t unused[2];
  uint8_t mask[16];
};

/* Its memory is its own: ruletable_builder_free(). */
struct ruletable_builder {
  struct ruletable_image_row *row;
  uint8_t (*key)[HASHTABLE_KEY_SIZE];
  union addresspattern_rest *rest;
  struct ruletable_mask *mask;
  char *strings;
  size_t rows, row_room, key_room, rests, rest_room, masks, mask_room, strings_len, strings_room;
};
#define RULETABLE_BUILDER_ZERO                                                                               \
  {                                                                                                          \
    .row = NULL                                                                                              \
  }

/* Rows are added in their order. 0, or -1 with errno ENOMEM, or EFBIG if there are too many. */
int ruletable_add(struct ruletable_builder *b, struct addresspattern const *pattern,
                  struct ruletable_row const *row);

/* The image, as a sealed descriptor (close-on-exec) that the caller closes; or -1 with errno, ENOSYS where the system has no
 * such thing. The builder is of no more use then. */
int ruletable_finish(struct ruletable_builder *b);
void ruletable_builder_free(struct ruletable_builder *b);

/* --- Asking one ---------------------------------------------------------------------------------------------------- */

struct ruletable {
  unsigned char const *image; /* null: there is none */
  size_t size;
};
#define RULETABLE_ZERO                                                                                       \
  {                                                                                                          \
    .image = NULL                                                                                            \
  }

/* Maps it; the descriptor stays the caller's. 0, or -1 with errno: EPROTO if that is no image, or is one that somebody
 * could still change. */
int ruletable_open(struct ruletable *t, int fd);
void ruletable_close(struct ruletable *t);
size_t ruletable_rows(struct ruletable const *t);

/* The rows that match, in their order. */
struct ruletable_matches {
  size_t count;
  uint32_t row[RULETABLE_MATCHES_MAX];
};

/* 0, or -1 with errno: EPROTO if the image is damaged, E2BIG if too many rows match. The address is not a mapped one. */
int ruletable_find(struct ruletable const *t, struct address const *a, uint16_t port,
                   struct ruletable_matches *m);

/* What a row says; borrowed from the image. 0, or -1 with errno EPROTO. */
int ruletable_get(struct ruletable const *t, uint32_t row, struct ruletable_row *out);

/* What they say together: any of them that denies does; its key is that row's text, else the first one's. All set their
 * variables, in their order; `edits` is where they are put together if there is more than one. 0, or -1 with errno as
 * above, E2BIG also if that is too small. */
int ruletable_lookup(struct ruletable const *t, struct address const *a, uint16_t port,
                     struct rules_verdict *v, char edits[RULETABLE_EDITS_SIZE]);

#endif
