/* sqlmessage.h - what tcpserver (or tcprulescheck) and tcpsql(8) say to each other, and tcpsql to the process in it that talks
 * to the database. Rules travel as a sealed image: see ruletable.h. */
#ifndef UCSPI_SQLMESSAGE_H
#define UCSPI_SQLMESSAGE_H

#include <stdint.h>

#include "helper.h"
#include "ids.h"
#include "message.h"

enum sqlmessage_kind {
  /* To tcpsql. */
  SQL_BEGIN = 1, /* struct ids: what its process that talks to the database shall be; once, first */
  SQL_RELOAD,    /* no payload: read db.conf again, connect anew, load the table */
  /* From it. */
  SQL_READY, /* struct sql_ready: the settings are sound and there is a library. Instead of it tcpsql ends, 100 or 111, and
                has said why on its standard error */
  SQL_IMAGE, /* no payload; the rules from now on */
  SQL_FRESH, /* no payload: the database answers, and the rules that were sent last are good: they are what is in it, or what is
                in it can't be used (REFUSED) */
  SQL_TRIED, /* no payload: an attempt to get rules has failed; the log knows why */
  SQL_ALIVE, /* no payload, now and then */
  /* From the process that talks to the database; besides IMAGE and FRESH. */
  SQL_LIBRARY, /* no payload: it has found one */
  SQL_REFUSED, /* no payload: the table can't be used; the log knows why. The one before stays: FRESH follows */
  SQL_FAILED /* struct sql_failure: the database can't be asked; this process ends. Before LIBRARY: and never could be */
};

struct sql_ready {
  uint32_t stale_s; /* so long rules are good after they were fresh */
};

struct sql_failure {
  char reason[512]; /* printable ASCII, NUL-terminated; tls_set_text() makes it so */
};

/* How often ALIVE comes. */
#define SQL_ALIVE_S 10

/* The row of a kind for message_send(). Tables for message_receive(), by who receives. */
struct message_kind const *sqlmessage_row(enum sqlmessage_kind kind);
extern struct message_kind const sqlmessage_to_helper[2], sqlmessage_from_helper[5],
    sqlmessage_from_loader[5];

/* 0 if it is not terminated, or has what is not printable. */
int sqlmessage_failure_is_sound(struct sql_failure const *f);

/* Starts tcpsql with that db.conf. `path` becomes the program's path. 0, or -1 with errno. */
int sqlmessage_start(struct helper *h, char path[HELPER_PATH_SIZE], char const *dbconf,
                     char const *const *environment);

#endif
