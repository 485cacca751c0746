/* complain.h - what a program has to say on standard error. Every message is a line, in one write, as skalibs' strerr
 * has them. */
#ifndef SMALL_COMPLAIN_H
#define SMALL_COMPLAIN_H

#include <stddef.h>
#include <string.h>

enum { STATUS_MISUSE = 100, STATUS_FAILED = 111 };

/* Eleven texts at most, to be written one after the other, and a line's end. */
#define complain(...)    complain_texts((char const *const[]){__VA_ARGS__, NULL})
#define die(status, ...) die_texts(status, (char const *const[]){__VA_ARGS__, NULL})

/* "PROG: usage: …"; exits 100. */
#define die_usage(prog, ...) die(STATUS_MISUSE, prog, ": usage: ", __VA_ARGS__)

/* "PROG: fatal: …"; exits 111. */
#define die_fatal(prog, ...) die(STATUS_FAILED, prog, ": fatal: ", __VA_ARGS__)

/* "PROG: fatal: unable to WHAT: reason", where the reason is that of the errno value `error`; exits 111. `what` and
 * `which` are written one after the other. */
#define die_unable(prog, what, which, error) die_fatal(prog, "unable to ", what, which, ": ", strerror(error))

/* The same with an array that ends with null. */
void complain_texts(char const *const *text);
_Noreturn void die_texts(int status, char const *const *text);

#endif
