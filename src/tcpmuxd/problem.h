/* problem.h - why a service can't be offered, in words for the administrator. */
#ifndef TCPMUXD_PROBLEM_H
#define TCPMUXD_PROBLEM_H

struct problem {
  char const *what; /* a few fixed words */
  char file[256];   /* the file concerned, cut to fit, with '?' for what does not print */
  int error;        /* errno, or 0 if the words say it all */
};

/* Always returns -1, so that a failing function can return it. */
int problem_set(struct problem *p, char const *what, char const *file, int error);

/* Writes "tcpmuxd: warning: service NAME: FILE: WHAT: REASON" to standard error. */
void problem_print(struct problem const *p, char const *name);

/* Copies text to a buffer of `size`, cut to fit, with '?' for each octet that is not printable ASCII. */
void problem_clean(char *out, unsigned int size, char const *text);

#endif
