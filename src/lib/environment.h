/* environment.h - the environment a program is started with: a base that was cleaned once, this connection's
 * variables, then a rule's edits. Nothing here reads or changes the process's own environ. */
#ifndef UCSPI_ENVIRONMENT_H
#define UCSPI_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* Room for one connection's own variables: some 20 names, four host names (255) and two ident answers (512)
 * at most, twice over; what is known of TLS, 2 KiB; and what a proxy says, 2 KiB. */
#define ENVIRONMENT_TEXT_SIZE 12288

/* An environment of less than so many variables needs no other memory, and what changes in it with each connection is
 * together: for a child of fork() that is a page. */
#define ENVIRONMENT_FIRST 64

struct environment {
  char const **entry; /* "NAME=value", null-terminated: what execve() takes */
  size_t count, capacity;
  size_t text_used;
  char const *first[ENVIRONMENT_FIRST]; /* where `entry` points as long as they are so few */
  char text[ENVIRONMENT_TEXT_SIZE];     /* owns the strings made by environment_add() */
};
#define ENVIRONMENT_ZERO                                                                                     \
  {                                                                                                          \
    .entry = NULL                                                                                            \
  }

/* Replaces the contents by the strings of `from` (a null-terminated list, borrowed) whose names are not in
 * `strip` (null-terminated; null for none). 0, or -1 with errno ENOMEM. */
int environment_load(struct environment *e, char const *const *from, char const *const *strip);

/* Appends NAME=value without looking for an older NAME: for names that environment_load() stripped. The
 * text is copied. 0, or -1 with errno ENOMEM or E2BIG. */
int environment_add(struct environment *e, char const *name, char const *value);

/* Puts `entry` ("NAME=value", borrowed) in place of an older NAME, or at the end. 0, or -1 with errno ENOMEM. */
int environment_set(struct environment *e, char const *entry);
void environment_unset(struct environment *e, char const *name);

/* The value of NAME, or null. */
char const *environment_get(struct environment const *e, char const *name);
void environment_free(struct environment *e);

/* What describes a connection, under every name it may have been inherited by: PROTO, TCP*, TCP6*, PROXY_* (those that
 * proxyheader.h sets), and TCPMUXSERVICE. */
extern char const *const environment_ucspi_names[];

#endif
