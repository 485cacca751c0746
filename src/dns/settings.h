/* settings.h - which DNS servers are asked and how host arguments are rewritten: from the environment and from files,
 * which are read again when they have changed. */
#ifndef DNS_SETTINGS_H
#define DNS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "nameservers.h"
#include "rewrite.h"

#define SETTINGS_RESOLV_CONF "/etc/resolv.conf"

/* What tells a file from the one that was there before. Zero: there is none. */
struct settings_stamp {
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec changed;
};

/* resolv.conf(5): options, also in $RES_OPTIONS. c-ares 1.18 knows other words for them. */
struct settings_options {
  unsigned int timeout_s, attempts;
  bool rotate;
};

enum { SETTINGS_PROBLEM_SIZE = 512 };

struct settings {
  struct nameservers servers;
  struct settings_options options;
  struct rewrite rewrite;
  /* What is wrong, empty if nothing: with the first, no question to DNS can be asked; with the second, no host
   * argument be rewritten. */
  char servers_problem[SETTINGS_PROBLEM_SIZE], rewrite_problem[SETTINGS_PROBLEM_SIZE];
  char const *rewrite_path;
  struct settings_stamp resolv_conf, rewrite_file;
  int64_t looked_ms;
};

/* Reads all. Failures are in the two problems. */
void settings_init(struct settings *s);

/* Reads only what questions need: servers, options, servers_problem. For who asks about names that no user typed, and
 * is gone before a file changes. */
void settings_init_servers(struct settings *s);

/* True if a file has changed, and so the settings: every few seconds it looks; else it is a comparison. */
bool settings_refresh(struct settings *s, int64_t now_ms);

#endif
