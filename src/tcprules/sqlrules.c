/* sqlrules.c - see sqlrules.h. */
#include "sqlrules.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "sqlmessage.h"

#define NO_RULES "unable to get rules from a database: "

/* tcpsql has its own time limits: it is waited for. False if it has none to give. */
static bool take(struct ruletable *t, int fd)
{
  struct pollfd p = {.fd = fd, .events = POLLIN};
  struct message m;
  for (;;)
    switch (message_receive(fd, sqlmessage_from_helper,
                            sizeof sqlmessage_from_helper / sizeof sqlmessage_from_helper[0], &m)) {
    case MESSAGE_RECEIVED:
      if (m.header.kind == SQL_IMAGE && ruletable_open(t, m.descriptor[0]) == -1)
        strerr_dief(111, NO_RULES, errno == EPROTO ? "tcpsql has sent what are no rules" : strerror(errno));
      if (m.header.kind == SQL_IMAGE)
        return true;
      if (m.header.kind == SQL_TRIED)
        return false;
      break;
    case MESSAGE_NONE:
      if (poll(&p, 1, -1) == -1 && errno != EINTR)
        strerr_diefusys(111, "wait for tcpsql");
      break;
    case MESSAGE_END:
    case MESSAGE_REFUSED: return false;
    }
}

void sqlrules_get(struct ruletable *t, char const *dbconf)
{
  static struct ids who;
  char path[HELPER_PATH_SIZE] = "tcpsql";
  struct helper h;
  bool taken;
  if (sqlmessage_start(&h, path, dbconf, (char const *const *)environ) == -1)
    strerr_diefusys(111, "run ", path);
  if (ids_of_process(&who) == -1)
    strerr_diefusys(111, "find out who this is");
  /* If it has ended already that is seen next. */
  taken = message_send(h.fd, sqlmessage_row(SQL_BEGIN), 0, &who, NULL) == 0 || errno == EPIPE;
  taken = taken && take(t, h.fd);
  close(h.fd);
  if (taken)
    return;
  strerr_dief(111, NO_RULES "tcpsql has none");
}
