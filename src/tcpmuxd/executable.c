/* executable.c - see executable.h. The rules are those of Linux's fs/exec.c, binfmt_script and binfmt_elf,
 * as execve(2) and elf(5) describe them. */
#include "executable.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* execve(2): the kernel looks at this much of a "#!" line, and follows so many scripts that interpret
 * scripts. */
#define SCRIPT_LINE_MAX  256
#define SCRIPT_DEPTH_MAX 5

/* Enough for the program headers of nearly every executable to come with the first read. */
#define HEAD_SIZE 1024

struct head {
  int fd;
  size_t len;
  union {
    char octet[HEAD_SIZE];
    ElfW(Ehdr) elf;
  } is;
};

/* Put by the linker at our own ELF header: what runs on this machine is what we are. */
extern ElfW(Ehdr) const __ehdr_start __attribute__((visibility("hidden")));

static int check(struct problem *p, int at, char const *path, mode_t mode, unsigned int depth);

static int check_access(struct problem *p, int at, char const *path, mode_t mode)
{
  if (mode == 0) {
    struct stat st;
    if (fstatat(at, path, &st, 0) == -1)
      return problem_set(p, "not found", path, errno);
    mode = st.st_mode;
  }
  if (!S_ISREG(mode))
    return problem_set(p, "not a regular file", path, 0);
  if (faccessat(at, path, X_OK, AT_EACCESS) == -1)
    return problem_set(p, "not executable", path, errno);
  return 0;
}

/* "#!", blanks, the interpreter, then a blank or the end of the line. The end of the file counts as an end
 * too, but not the end of what the kernel looks at. */
static int check_script(struct problem *p, struct head *h, char const *path, unsigned int depth)
{
  char *line = h->is.octet, *interpreter;
  size_t len = h->len < SCRIPT_LINE_MAX ? h->len : SCRIPT_LINE_MAX - 1, end;

  line[len] = '\0';
  interpreter = line + 2 + strspn(line + 2, " \t");
  end = strcspn(interpreter, " \t\n");
  if (end == 0 || (interpreter[end] == '\0' && h->len >= SCRIPT_LINE_MAX))
    return problem_set(p, "bad interpreter line", path, 0);
  interpreter[end] = '\0';
  if (interpreter[0] != '/')
    return problem_set(p, "interpreter is not an absolute path", path, 0);
  if (depth == SCRIPT_DEPTH_MAX)
    return problem_set(p, "too many interpreters", path, ELOOP);
  return check(p, AT_FDCWD, interpreter, 0, depth + 1);
}

/* Reads from any place in the file, out of the head where possible. */
static bool read_at(struct head const *h, void *to, size_t size, uint64_t offset)
{
  if (offset <= h->len && size <= h->len - offset) {
    memcpy(to, h->is.octet + offset, size);
    return true;
  }
  return offset <= INT64_MAX - size && pread(h->fd, to, size, (off_t)offset) == (ssize_t)size;
}

static int check_elf_interpreter(struct problem *p, struct head const *h, char const *path,
                                 ElfW(Phdr) const *segment)
{
  char interpreter[PATH_MAX];
  if (segment->p_filesz < 2 || segment->p_filesz > sizeof interpreter ||
      !read_at(h, interpreter, segment->p_filesz, segment->p_offset) ||
      interpreter[segment->p_filesz - 1] != '\0')
    return problem_set(p, "damaged ELF interpreter", path, 0);
  return check_access(p, AT_FDCWD, interpreter, 0);
}

static int check_elf(struct problem *p, struct head const *h, char const *path)
{
  ElfW(Ehdr) const *elf = &h->is.elf;
  if (h->len >= sizeof(Elf32_Ehdr) && elf->e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS])
    return 0; /* 32-bit programs run on some 64-bit kernels; only the kernel knows */
  if (h->len < sizeof *elf || elf->e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA] ||
      elf->e_machine != __ehdr_start.e_machine || (elf->e_type != ET_EXEC && elf->e_type != ET_DYN) ||
      elf->e_phentsize != sizeof(ElfW(Phdr)) || elf->e_phnum == 0)
    return problem_set(p, "not an executable for this machine", path, 0);
  for (unsigned int i = 0; i < elf->e_phnum; i++) {
    ElfW(Phdr) segment;
    if (!read_at(h, &segment, sizeof segment, elf->e_phoff + i * sizeof segment))
      return problem_set(p, "damaged ELF header", path, 0);
    if (segment.p_type == PT_INTERP)
      return check_elf_interpreter(p, h, path, &segment);
  }
  return 0;
}

static int check_format(struct problem *p, struct head *h, char const *path, unsigned int depth)
{
  if (h->len >= 2 && memcmp(h->is.octet, "#!", 2) == 0)
    return check_script(p, h, path, depth);
  if (h->len >= SELFMAG && memcmp(h->is.octet, ELFMAG, SELFMAG) == 0)
    return check_elf(p, h, path);
  return problem_set(p, "neither a script nor an ELF program", path, 0);
}

static int check(struct problem *p, int at, char const *path, mode_t mode, unsigned int depth)
{
  struct head h;
  ssize_t n;
  int result;

  if (check_access(p, at, path, mode) == -1)
    return -1;
  h.fd = openat(at, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (h.fd == -1)
    return errno == EACCES ? 0 : problem_set(p, "can't be opened", path, errno);
  n = pread(h.fd, h.is.octet, sizeof h.is.octet, 0);
  h.len = n > 0 ? (size_t)n : 0;
  result = n == -1 ? problem_set(p, "can't be read", path, errno) : check_format(p, &h, path, depth);
  close(h.fd);
  return result;
}

int executable_check(struct problem *p, int at, char const *path, mode_t mode)
{
  return check(p, at, path, mode, 0);
}
