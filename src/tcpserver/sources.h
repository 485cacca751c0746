/* sources.h - what tcpserver waits for: the kinds of its events (events.h). */
#ifndef TCPSERVER_SOURCES_H
#define TCPSERVER_SOURCES_H

enum event_kind {
  EVENT_LISTENER,
  EVENT_SIGNAL,
  EVENT_CHILD,
  EVENT_HELPER,
  EVENT_TLS_KEEPER,
  EVENT_WORKER,
  EVENT_SQL_KEEPER,
  EVENT_WAITING
};

#endif
