/* inetdconf.h - the grammar of inetd.conf, as 4.4BSD's inetd and those of OpenBSD (and so Debian), NetBSD, FreeBSD and
 * GNU inetutils read it: a service to a line, seven fields and more. Opens no files. */
#ifndef IMPORT_INETDCONF_H
#define IMPORT_INETDCONF_H

#include "config.h"

/* Adds to *c an entry for each line and address, with the settings that xinetd.conf would have for it. A line that
 * is none gives a broken entry, or none, and a remark. */
void inetdconf_parse(struct config *c, char const *file, char const *bytes, size_t len);

#endif
