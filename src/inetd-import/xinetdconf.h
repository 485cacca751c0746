/* xinetdconf.h - the grammar of xinetd.conf(5), as xinetd 2.3.15 reads it: lines, entries between braces, attributes
 * with their operators. Opens no files. */
#ifndef IMPORT_XINETDCONF_H
#define IMPORT_XINETDCONF_H

#include "config.h"

/* Adds what the text holds to *c. Whatever is wrong is a remark; an entry in which a line could not be understood at
 * all is broken, as xinetd drops it too. */
void xinetdconf_parse(struct config *c, char const *file, char const *bytes, size_t len);

/* True if the first line that is neither empty nor a comment begins an entry or an inclusion of xinetd.conf. */
bool xinetdconf_likely(char const *bytes, size_t len);

#endif
