/* plugins.h - shared objects in tcpserver itself: prog, if it is one, and those that $PLUGINn has loaded before. What is
 * theirs runs in tcpserver only here. ucspi-service(3) tells their authors what to expect. */
#ifndef TCPSERVER_PLUGINS_H
#define TCPSERVER_PLUGINS_H

#include <stddef.h>

#include "object.h"
#include "report.h"

struct plugin;

struct plugins {
  object_service *service; /* prog's function, or null: it is a program */
  struct plugin *plugin;   /* of $PLUGIN0, $PLUGIN1 ... */
  size_t count;
  int home; /* the current directory, to come back to */
};

/* Loads them all, those of $PLUGINn first, and calls their init functions. Exits 111 if anything of that fails. The log
 * gets a warning of an init function or a directory for which there is no object. */
void plugins_load(struct plugins *p, char const *prog, struct report *r);

/* Calls the init functions again. Each is tried in a copy of this process first: if it fails there, or doesn't come back,
 * what it has made before stays as it is, and the log says so. */
void plugins_reload(struct plugins const *p, struct report *r);

#endif
