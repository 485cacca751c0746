/* witness.h - a process that stands by while others' code runs in tcpserver itself, and tells the log if that does not come
 * back: it may exit or crash, and then there is nobody else to say why tcpserver is gone. */
#ifndef TCPSERVER_WITNESS_H
#define TCPSERVER_WITNESS_H

struct witness {
  int fd; /* open until it is dismissed, or we have ended */
};

/* From here on it would say that we are `unable_to` do that with `path`. 0, or -1 with errno if there can't be one. */
int witness_call(struct witness *w, char const *unable_to, char const *path);
void witness_dismiss(struct witness *w);

#endif
