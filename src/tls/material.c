/* material.c - see material.h. The half that reads files knows nothing of what is in them but whether a private key is;
 * the half that takes the memory file apart believes nothing that it finds there. The file is a header, then for each
 * part an entry, its name with a NUL, its data, and NULs up to the next multiple of eight. */
#include "material.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "namedfile.h"

struct header {
  char magic[8];
  uint64_t size; /* of the whole file */
};

struct entry {
  uint32_t role;
  uint32_t name_size; /* with its NUL */
  uint64_t data_size;
};

static char const magic[8] = "ucspitls";

/* To the next multiple of eight, so that every entry is aligned. */
static uint64_t padded(uint64_t size)
{
  return (size + 7) & ~UINT64_C(7);
}

/* --- Memory files ------------------------------------------------------------------------------------------ */

#if defined(MFD_ALLOW_SEALING) && !defined(UCSPI_PORTABLE)

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

static int memory_file(void)
{
  return memfd_create("ucspi-material", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

static int seal(int fd)
{
  return fcntl(fd, F_ADD_SEALS, SEALS);
}

/* What can still shrink could take the ground from under who reads it. */
static bool is_sealed(int fd)
{
  int seals = fcntl(fd, F_GET_SEALS);
  return seals != -1 && (seals & SEALS) == SEALS;
}

#else

static int memory_file(void)
{
  char name[64];
  int fd;
  snprintf(name, sizeof name, "/ucspi-material.%ld", (long)getpid());
  fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (fd == -1 && errno == EEXIST) {
    /* Of a process that had this number and was killed. */
    shm_unlink(name);
    fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  }
  if (fd == -1)
    return -1;
  shm_unlink(name);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

static int seal(int fd)
{
  (void)fd;
  return 0;
}

static bool is_sealed(int fd)
{
  (void)fd;
  return true;
}

#endif

/* --- Reading files ----------------------------------------------------------------------------------------- */

struct reader {
  int fd;                /* of the memory file */
  uint64_t at;           /* its size so far */
  unsigned char *buffer; /* one file's contents */
  size_t used;           /* the most of it that was ever filled */
  char *problem;
  void (*warning)(char const *file, char const *text);
};

/* The largest file, and an octet to see that one is larger. */
#define BUFFER_SIZE ((size_t)MATERIAL_CRL_MAX + 1)

__attribute__((format(printf, 2, 3))) static int failed(struct reader const *r, char const *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(r->problem, MATERIAL_PROBLEM_SIZE, format, arguments);
  va_end(arguments);
  return -1;
}

static int cannot_read(struct reader const *r, char const *file, char const *why)
{
  return failed(r, "unable to read %s: %s", file, why);
}

/* At r->at, which it moves on. */
static int append(struct reader *r, void const *data, uint64_t size)
{
  char const *from = data;
  while (size > 0) {
    ssize_t done = pwrite(r->fd, from, size, (off_t)r->at);
    if (done == -1 && errno == EINTR)
      continue;
    if (done == -1)
      return -1;
    from += done;
    r->at += (uint64_t)done;
    size -= (uint64_t)done;
  }
  return 0;
}

static int append_part(struct reader *r, enum material_role role, char const *name, size_t data_size)
{
  static char const nuls[8];
  struct entry e = {(uint32_t)role, (uint32_t)strlen(name) + 1, data_size};
  uint64_t size = e.name_size + e.data_size;
  if (r->at + sizeof e + padded(size) > MATERIAL_TOTAL_MAX)
    return cannot_read(r, name, "with it, all files together are larger than 64 MiB");
  if (append(r, &e, sizeof e) == -1 || append(r, name, e.name_size) == -1 ||
      append(r, r->buffer, e.data_size) == -1 || append(r, nuls, padded(size) - size) == -1)
    return failed(r, "unable to keep %s in memory: %s", name, strerror(errno));
  return 0;
}

/* Fills the buffer. Returns how much of it, or -1 with errno. */
static ssize_t fill(struct reader *r, int fd, size_t max)
{
  size_t size = 0;
  while (size < max) {
    ssize_t got = read(fd, r->buffer + size, max - size);
    if (got == -1 && errno == EINTR)
      continue;
    if (got == -1)
      return -1;
    if (got == 0)
      break;
    size += (size_t)got;
    if (size > r->used)
      r->used = size;
  }
  return (ssize_t)size;
}

static void warn_of_readers(struct reader const *r, char const *file, struct stat const *st, size_t size)
{
  static char const key[] = "PRIVATE KEY-----";
  if ((st->st_mode & S_IROTH) && r->warning && memmem(r->buffer, size, key, sizeof key - 1))
    r->warning(file, "everybody may read the private key in it");
}

/* A file that was opened, and what it is. */
static int read_open_file(struct reader *r, enum material_role role, char const *file, char const *name,
                          int fd, struct stat const *st)
{
  size_t max = role == MATERIAL_REVOCATIONS ? MATERIAL_CRL_MAX : MATERIAL_FILE_MAX;
  ssize_t size = fill(r, fd, max + 1);
  if (size == -1)
    return cannot_read(r, file, strerror(errno));
  if ((size_t)size > max)
    return cannot_read(r, file, max == MATERIAL_FILE_MAX ? "larger than 1 MiB" : "larger than 16 MiB");
  warn_of_readers(r, file, st, (size_t)size);
  return append_part(r, role, name, (size_t)size);
}

/* `name`: of the part. */
static int read_file(struct reader *r, enum material_role role, char const *file, char const *name,
                     bool may_be_missing)
{
  struct stat st;
  int result, fd = namedfile_open(file, &st);
  if (fd == -1 && may_be_missing && errno == ENOENT)
    return 0;
  if (fd == -1)
    return cannot_read(r, file, errno == EPROTO ? "it is not a file" : strerror(errno));
  result = read_open_file(r, role, file, name, fd, &st);
  close(fd);
  return result;
}

static int read_certificate(struct reader *r, char const *file)
{
  char staple[PATH_MAX];
  if (read_file(r, MATERIAL_CERTIFICATE, file, file, false) == -1)
    return -1;
  if ((size_t)snprintf(staple, sizeof staple, "%s.ocsp", file) >= sizeof staple)
    return 0;
  return read_file(r, MATERIAL_STAPLE, staple, file, true);
}

/* What editors leave behind begins with a dot. */
static int is_certificate(struct dirent const *d)
{
  size_t len = strlen(d->d_name);
  return d->d_name[0] != '.' && len > 4 && memcmp(d->d_name + len - 4, ".pem", 4) == 0;
}

/* alphasort() would ask the locale. */
static int by_name(struct dirent const **a, struct dirent const **b)
{
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_folder(struct reader *r, char const *folder)
{
  char file[PATH_MAX];
  struct dirent **found;
  int result = 0, count = scandir(folder, &found, is_certificate, by_name);
  if (count == -1)
    return cannot_read(r, folder, strerror(errno));
  if (count == 0)
    result = cannot_read(r, folder, "no file in it ends in .pem");
  for (int i = 0; i < count; i++) {
    if (result == 0 && (size_t)snprintf(file, sizeof file, "%s/%s", folder, found[i]->d_name) >= sizeof file)
      result = cannot_read(r, folder, strerror(ENAMETOOLONG));
    if (result == 0)
      result = read_certificate(r, file);
    free(found[i]);
  }
  free(found);
  return result;
}

static int read_certificates(struct reader *r, char const *file_or_folder)
{
  struct stat st;
  if (stat(file_or_folder, &st) == 0 && S_ISDIR(st.st_mode))
    return read_folder(r, file_or_folder);
  return read_certificate(r, file_or_folder);
}

static int read_all(struct reader *r, struct material_files const *f)
{
  struct header h;
  memcpy(h.magic, magic, sizeof h.magic);
  r->at = sizeof h;
  if (f->certificate && read_certificates(r, f->certificate) == -1)
    return -1;
  if (f->authorities && read_file(r, MATERIAL_AUTHORITIES, f->authorities, f->authorities, false) == -1)
    return -1;
  if (f->revocations && read_file(r, MATERIAL_REVOCATIONS, f->revocations, f->revocations, false) == -1)
    return -1;
  h.size = r->at;
  r->at = 0;
  if (append(r, &h, sizeof h) == -1 || seal(r->fd) == -1)
    return failed(r, "unable to finish a memory file: %s", strerror(errno));
  return 0;
}

int material_read(struct material_files const *f, char problem[MATERIAL_PROBLEM_SIZE],
                  void (*warning)(char const *file, char const *text))
{
  struct reader r = {.problem = problem, .warning = warning};
  int result;
  problem[0] = '\0';
  r.fd = memory_file();
  if (r.fd == -1)
    return failed(&r, "unable to make a memory file: %s", strerror(errno));
  /* Pages of it that no file reaches cost nothing. */
  r.buffer = malloc(BUFFER_SIZE);
  result = r.buffer ? read_all(&r, f) : failed(&r, "unable to read keys: %s", strerror(ENOMEM));
  if (r.buffer)
    explicit_bzero(r.buffer, r.used);
  free(r.buffer);
  if (result == 0)
    return r.fd;
  close(r.fd);
  return -1;
}

/* --- Taking apart ------------------------------------------------------------------------------------------ */

/* The part that begins at *position, which becomes the next one's. False if none does, or it is not in order. */
static bool take(struct material const *m, size_t *position, struct material_part *part)
{
  struct entry e;
  uint64_t left;
  unsigned char const *name;
  if (*position > m->size || m->size - *position < sizeof e)
    return false;
  memcpy(&e, m->map + *position, sizeof e);
  left = m->size - *position - sizeof e;
  if (e.role < MATERIAL_CERTIFICATE || e.role > MATERIAL_REVOCATIONS || e.name_size == 0 ||
      e.name_size > left || e.data_size > left - e.name_size || padded(e.name_size + e.data_size) > left)
    return false;
  name = m->map + *position + sizeof e;
  if (memchr(name, '\0', e.name_size) != name + e.name_size - 1)
    return false;
  part->role = (enum material_role)e.role;
  part->name = (char const *)name;
  part->data = name + e.name_size;
  part->size = (size_t)e.data_size;
  *position += sizeof e + (size_t)padded(e.name_size + e.data_size);
  return true;
}

bool material_next(struct material const *m, size_t *position, struct material_part *part)
{
  if (*position == 0)
    *position = sizeof(struct header);
  return take(m, position, part);
}

/* A part that is not in order must not look like the end: without its revocations everybody would be let in. */
static bool is_in_order(struct material const *m)
{
  struct header h;
  struct material_part part;
  size_t position = sizeof h;
  if (m->size < sizeof h)
    return false;
  memcpy(&h, m->map, sizeof h);
  if (memcmp(h.magic, magic, sizeof magic) != 0 || h.size != m->size)
    return false;
  while (take(m, &position, &part))
    ;
  return position == m->size;
}

int material_open(struct material *m, int fd)
{
  struct stat st;
  void *map;
  bool sealed = is_sealed(fd);
  if (fstat(fd, &st) == -1)
    return -1;
  if (!sealed || !S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size > MATERIAL_TOTAL_MAX) {
    errno = EPROTO;
    return -1;
  }
  map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED)
    return -1;
  m->map = map;
  m->size = (size_t)st.st_size;
  if (is_in_order(m))
    return 0;
  material_close(m);
  errno = EPROTO;
  return -1;
}

int material_digest(struct material const *m, unsigned char out[32])
{
  return SHA256(m->map, m->size, out) ? 0 : -1;
}

void material_close(struct material *m)
{
  munmap(m->map, m->size);
  m->map = NULL;
  m->size = 0;
}
