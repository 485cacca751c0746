/* rulefile.h - access rules as text (tcprules(5)): lines go in, records for a cdb come out, and for each line
 * that is wrong a complaint that says what was found and what was expected. Works on bytes as they arrive, in
 * bounded memory, without any input or output of its own. */
#ifndef UCSPI_RULEFILE_H
#define UCSPI_RULEFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "address.h"
#include "rules.h"

/* The longest line, its end not counted. */
#define RULEFILE_LINE_MAX 65535

/* One key and what a lookup of it gives. A line that holds a range gives several. */
struct rulefile_record {
  size_t line;      /* counted from 1 */
  char const *key;  /* both are valid during the call only */
  char const *data; /* NUL-terminated items, see rules.h */
  size_t key_len;
  size_t data_len;
  unsigned int kind;          /* enum rules_kind, or 0 */
  enum address_family family; /* of an address or network; else ADDRESS_NONE */
  unsigned int bits;          /* its length: 32 or 128 for a whole address */
};

enum rulefile_problem {
  RULEFILE_NO_DECISION,
  RULEFILE_DECISION,
  RULEFILE_NUL,
  RULEFILE_TOO_LONG,
  RULEFILE_EDIT,
  RULEFILE_VARIABLE,
  RULEFILE_VALUE,
  RULEFILE_UNTERMINATED,
  RULEFILE_AFTER_VALUE,
  RULEFILE_UNSET_VALUE,
  RULEFILE_LIMIT,
  RULEFILE_RATE,
  RULEFILE_HOURS,
  RULEFILE_LEADING_BLANK,
  RULEFILE_ADDRESS,
  RULEFILE_PART,
  RULEFILE_LEADING_ZERO,
  RULEFILE_LENGTH,
  RULEFILE_HOST_BITS,
  RULEFILE_ZONE,
  RULEFILE_RANGE,
  RULEFILE_REVERSED,
  RULEFILE_HOST,
  RULEFILE_INFO,
  RULEFILE_INFO_NEEDS,
  RULEFILE_DUPLICATE /* never found here: for the caller, who knows all keys */
};

struct rulefile_complaint {
  size_t line;
  enum rulefile_problem problem;
  bool warning;      /* the line was compiled as ucspi-tcp compiles it; otherwise it gave nothing */
  char const *found; /* the part of the line that is wrong: any bytes; valid during the call only */
  size_t found_len;
  char const *what;   /* what is wrong with it, in a few words */
  char expected[120]; /* what would be right */
};

struct rulefile_sink {
  /* 0, or -1 to stop: the feeding function then returns -1 and leaves errno alone. */
  int (*record)(void *context, struct rulefile_record const *record);
  void (*complaint)(void *context, struct rulefile_complaint const *complaint);
  void *context;
};

struct rulefile {
  struct rulefile_sink sink;
  bool lenient;    /* accept, with a warning, what ucspi-tcp's tcprules accepts */
  bool discarding; /* the rest of a line that is too long */
  size_t line;     /* number of the line being read */
  size_t errors;   /* lines that gave nothing */
  size_t partial_len;
  char partial[RULEFILE_LINE_MAX + 1];
  char data[RULEFILE_LINE_MAX + 1];
  char range[RULEFILE_LINE_MAX + 4];
};

void rulefile_start(struct rulefile *f, struct rulefile_sink const *sink, bool lenient);

/* Takes the next bytes of the text. 0, or -1 if sink->record said so. */
int rulefile_feed(struct rulefile *f, char const *bytes, size_t len);

/* Takes a last line that lacks its newline. 0 or -1 as above. */
int rulefile_end(struct rulefile *f);

/* Words for a problem, for complaints that the caller makes himself. */
char const *rulefile_what(enum rulefile_problem problem);

/* What a compiled record looks like as a line of text. */
enum rulefile_text {
  RULEFILE_RULE,         /* out holds a line that compiles back to the same record */
  RULEFILE_RULE_LENIENT, /* the same, but only with tcprules -w */
  RULEFILE_NEVER,        /* no lookup in this file can ask for the key; nothing is written */
  RULEFILE_IMPOSSIBLE    /* no line gives this record (a newline in a value, for example) */
};

/* Writes the line for a record of a file with this index, without newline or NUL, and sets *len. `scratch`
 * is overwritten. */
enum rulefile_text rulefile_print(char out[RULEFILE_LINE_MAX], size_t *len,
                                  struct rulefile_record const *record, struct rules_index const *index,
                                  struct rulefile *scratch);

#endif
