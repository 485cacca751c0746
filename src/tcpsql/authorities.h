/* authorities.h - the file that $MYSQL_CA names. The client library reads it when it connects, and is slow to say what is wrong
 * with it: so it is looked at before. */
#ifndef TCPSQL_AUTHORITIES_H
#define TCPSQL_AUTHORITIES_H

/* Null if there is a certificate in it as PEM (RFC 7468), as far as its frame tells; or what is wrong, for a message. */
char const *authorities_check(char const *path);

#endif
