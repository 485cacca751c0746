/* problem.h - what OpenSSL's error queue says, as one line for a log. */
#ifndef UCSPI_PROBLEM_H
#define UCSPI_PROBLEM_H

#include <openssl/ssl.h>

#define PROBLEM_SIZE 200

/* Takes the oldest error off the thread's queue, empties the queue, and writes its reason in lower case, printable
 * ASCII, without codes and places ("wrong version number"); of an alert, which is what the peer found wrong, "alert
 * certificate required"; what the system says if it was a system call's failure; `otherwise` if the queue was empty.
 * Returns out. */
char const *problem_text(char out[PROBLEM_SIZE], char const *otherwise);

/* Why a handshake of this connection failed, the verification of the peer's certificate first if it was that:
 * "certificate verify failed: certificate has expired". */
char const *problem_of_handshake(char out[PROBLEM_SIZE], SSL const *ssl);

#endif
