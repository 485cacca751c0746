/* material.h - keys, certificates, revocations as files have them, in one sealed memory file: read by who may read the
 * files and does not parse them, parsed by who may not read the files. */
#ifndef UCSPI_MATERIAL_H
#define UCSPI_MATERIAL_H

#include <stdbool.h>
#include <stddef.h>

/* What a part is for. */
enum material_role {
  MATERIAL_CERTIFICATE = 1, /* PEM: a private key, its certificate, the chain */
  MATERIAL_STAPLE,          /* DER: an OCSP response for the certificate of the same name */
  MATERIAL_AUTHORITIES,     /* PEM: CAs that sign peers' certificates */
  MATERIAL_REVOCATIONS      /* PEM: CRLs */
};

/* A file is at most 1 MiB (revocations 16 MiB), all together 64 MiB. */
#define MATERIAL_FILE_MAX  (1u << 20)
#define MATERIAL_CRL_MAX   (16u << 20)
#define MATERIAL_TOTAL_MAX (64u << 20)

struct material_files {
  char const *certificate; /* a file, or a folder whose *.pem are taken in order of name; null: none */
  char const *authorities, *revocations; /* null: none */
};

#define MATERIAL_PROBLEM_SIZE 4352

/* Reads the files into a new memory file (memfd, else an unlinked one of shm_open(3)), which can't be changed any more
 * where the system can seal. Returns its descriptor (close-on-exec, the caller's); or -1 with the reason, naming the
 * file, in problem. A staple is the certificate's file name with .ocsp behind it, and may be missing. warning: called
 * for each file with a private key in it that everybody may read. Contents are wiped from memory on return. */
int material_read(struct material_files const *f, char problem[MATERIAL_PROBLEM_SIZE],
                  void (*warning)(char const *file, char const *text));

struct material_part {
  enum material_role role;
  char const *name; /* of the file, for messages; of a certificate's staple: the certificate's */
  unsigned char const *data;
  size_t size;
};

/* A mapping of such a file, for parsing. Not one octet of it is believed to be in order. */
struct material {
  unsigned char *map;
  size_t size;
};
int material_open(struct material *m,
                  int fd); /* 0, or -1 with errno, EPROTO: not of our making; fd stays the caller's */
/* The part at *position (0 at first), which then becomes the next one's; false at the end. */
bool material_next(struct material const *m, size_t *position, struct material_part *part);
/* SHA-256 of all of it. 0, or -1 if memory is short. */
int material_digest(struct material const *m, unsigned char out[32]);
void material_close(struct material *m);

#endif
