/* prog.h - the name under which rblsmtpd and rblsmtpd-lists speak: who reads the log need not know that they are two. */
#ifndef RBLSMTPD_PROG_H
#define RBLSMTPD_PROG_H

#define PROG "rblsmtpd"

#endif
