/* Unit tests for material: files come through as they are, or a problem names one; a memory file that is not in order
 * is refused as a whole. */
#include "material.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

#define KEY "-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----\n"

static char problem[MATERIAL_PROBLEM_SIZE];

static int warnings;
static char warned_of[256];

static void warn(char const *file, char const *text)
{
  warnings++;
  snprintf(warned_of, sizeof warned_of, "%s: %s", file, text);
}

static void must(bool condition, char const *what)
{
  if (condition)
    return;
  perror(what);
  exit(111);
}

/* `size` octets, of which the last ones are NULs if the text is shorter. */
static void make_file(char const *name, char const *text, size_t size, mode_t mode)
{
  int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  size_t len = strlen(text);
  must(fd != -1 && write(fd, text, len) == (ssize_t)len && ftruncate(fd, (off_t)size) == 0 &&
           fchmod(fd, mode) == 0,
       name);
  close(fd);
}

static void make_text(char const *name, char const *text)
{
  make_file(name, text, strlen(text), 0600);
}

static int read_material(char const *certificate, char const *authorities, char const *revocations)
{
  struct material_files f = {certificate, authorities, revocations};
  warnings = 0;
  warned_of[0] = '\0';
  return material_read(&f, problem, warn);
}

/* The descriptor that the next file gets: the same before and after if none was left open. */
static int next_descriptor(void)
{
  int fd = dup(0);
  close(fd);
  return fd;
}

static bool is_part(struct material_part const *p, enum material_role role, char const *name,
                    char const *text)
{
  return p->role == role && strcmp(p->name, name) == 0 && p->size == strlen(text) &&
         memcmp(p->data, text, p->size) == 0;
}

static void test_parts(void)
{
  struct material m;
  struct material_part p;
  size_t position = 0;
  int fd, before = next_descriptor();
  make_text("server.pem", KEY);
  make_text("server.pem.ocsp", "staple");
  make_text("ca", "CA");
  make_text("crl", "");
  fd = read_material("server.pem", "ca", "crl");
  ok(fd != -1, "files are read");
  is_string(problem, "", "... without a problem");
  ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "programs that are started do not get them");
  ok(material_open(&m, fd) == 0, "what was read can be opened");
  ok(material_next(&m, &position, &p) && is_part(&p, MATERIAL_CERTIFICATE, "server.pem", KEY),
     "the key and its certificate come first, under their file's name");
  ok(material_next(&m, &position, &p) && is_part(&p, MATERIAL_STAPLE, "server.pem", "staple"),
     "... then what is to be stapled to it, under the same name");
  ok(material_next(&m, &position, &p) && is_part(&p, MATERIAL_AUTHORITIES, "ca", "CA"), "... then CAs");
  ok(material_next(&m, &position, &p) && is_part(&p, MATERIAL_REVOCATIONS, "crl", ""),
     "... then revocations, even if the file is empty");
  ok(!material_next(&m, &position, &p) && !material_next(&m, &position, &p), "... and that is all");
  material_close(&m);
  close(fd);
  fd = read_material(NULL, NULL, NULL);
  position = 0;
  ok(fd != -1 && material_open(&m, fd) == 0 && !material_next(&m, &position, &p),
     "no files make material without parts");
  material_close(&m);
  close(fd);
  ok(next_descriptor() == before, "no descriptor is left open");
}

static void test_folder(void)
{
  struct material m;
  struct material_part p;
  size_t position = 0;
  int fd, before = next_descriptor();
  must(mkdir("folder", 0700) == 0, "folder");
  make_text("folder/b.pem", "B");
  make_text("folder/a.pem", "A");
  make_text("folder/a.pem.ocsp", "OA");
  make_text("folder/C.pem", "C");
  make_text("folder/.hidden.pem", "H");
  make_text("folder/a.pem~", "old");
  make_text("folder/.pem", "none");
  fd = read_material("folder", NULL, NULL);
  ok(fd != -1 && material_open(&m, fd) == 0, "a folder is read");
  ok(material_next(&m, &position, &p) && is_part(&p, MATERIAL_CERTIFICATE, "folder/C.pem", "C") &&
         material_next(&m, &position, &p) && is_part(&p, MATERIAL_CERTIFICATE, "folder/a.pem", "A") &&
         material_next(&m, &position, &p) && is_part(&p, MATERIAL_STAPLE, "folder/a.pem", "OA") &&
         material_next(&m, &position, &p) && is_part(&p, MATERIAL_CERTIFICATE, "folder/b.pem", "B") &&
         !material_next(&m, &position, &p),
     "... what ends in .pem and is not hidden, in order of name, each with its staple");
  material_close(&m);
  close(fd);
  must(mkdir("folder/d.pem", 0700) == 0, "folder/d.pem");
  ok(read_material("folder", NULL, NULL) == -1, "a folder within it that is called so is no certificate");
  is_string(problem, "unable to read folder/d.pem: Is a directory", "... and is named");
  must(mkdir("bare", 0700) == 0, "bare");
  ok(read_material("bare", NULL, NULL) == -1, "a folder without certificates is a problem");
  is_string(problem, "unable to read bare: no file in it ends in .pem", "... that says so");
  ok(next_descriptor() == before, "no descriptor is left open");
}

static void test_problems(void)
{
  char longest[5000];
  int before = next_descriptor();
  ok(read_material("missing.pem", NULL, NULL) == -1, "a file that is missing is a problem");
  is_string(problem, "unable to read missing.pem: No such file or directory", "... that names it");
  ok(read_material(NULL, "missing", NULL) == -1 && read_material(NULL, NULL, "missing") == -1,
     "... whatever it is for");
  must(mkfifo("fifo", 0600) == 0, "fifo");
  ok(read_material("fifo", NULL, NULL) == -1, "nobody waits for a FIFO");
  is_string(problem, "unable to read fifo: it is not a file", "... which is not a file");
  ok(read_material("/dev/zero", NULL, NULL) == -1, "nor is a device");
  ok(read_material(NULL, "folder", NULL) == -1, "CAs are not in a folder");
  is_string(problem, "unable to read folder: Is a directory", "... and it says so");
  memset(longest, 'x', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  ok(read_material(longest, NULL, NULL) == -1 && strncmp(problem, "unable to read xxx", 18) == 0,
     "a name longer than any can be is a problem");
  if (geteuid() == 0)
    printf("# root may read every file\n");
  else {
    make_file("secret", "S", 1, 0);
    ok(read_material("secret", NULL, NULL) == -1, "a file that may not be read is a problem");
    is_string(problem, "unable to read secret: Permission denied", "... that says why");
  }
  ok(next_descriptor() == before, "no descriptor is left open");
}

static void test_sizes(void)
{
  char name[64];
  struct material m;
  int fd;
  make_file("large", "L", MATERIAL_FILE_MAX, 0600);
  make_file("larger", "L", MATERIAL_FILE_MAX + 1, 0600);
  make_file("crl-large", "L", MATERIAL_CRL_MAX, 0600);
  make_file("crl-larger", "L", MATERIAL_CRL_MAX + 1, 0600);
  fd = read_material("large", "large", "crl-large");
  ok(fd != -1 && material_open(&m, fd) == 0, "files may be as large as they may be");
  material_close(&m);
  close(fd);
  ok(read_material("larger", NULL, NULL) == -1, "... and not an octet larger");
  is_string(problem, "unable to read larger: larger than 1 MiB", "... a certificate");
  ok(read_material("large", "larger", NULL) == -1, "... nor CAs");
  ok(read_material("large", NULL, "crl-larger") == -1, "... nor revocations");
  is_string(problem, "unable to read crl-larger: larger than 16 MiB", "... which may be larger");
  must(mkdir("many", 0700) == 0, "many");
  for (int i = 0; i < 64; i++) {
    snprintf(name, sizeof name, "many/%d.pem", i);
    make_file(name, "M", MATERIAL_FILE_MAX - 100, 0600);
  }
  fd = read_material("many", NULL, NULL);
  ok(fd != -1 && material_open(&m, fd) == 0 && m.size <= MATERIAL_TOTAL_MAX, "together they may be 64 MiB");
  material_close(&m);
  close(fd);
  ok(read_material("many", NULL, "crl") != -1 && read_material("many", NULL, "large") == -1,
     "... and not larger");
  is_string(problem, "unable to read large: with it, all files together are larger than 64 MiB",
            "... which names the one that is too much");
}

static void test_warnings(void)
{
  make_file("open.pem", KEY, sizeof KEY - 1, 0644);
  close(read_material("open.pem", NULL, NULL));
  is_string(warned_of, "open.pem: everybody may read the private key in it", "a key that is for all is told");
  make_file("open.pem", KEY, sizeof KEY - 1, 0640);
  close(read_material("open.pem", NULL, NULL));
  ok(warnings == 0, "... one for a group is not");
  make_file("open.pem", "-----BEGIN CERTIFICATE-----\n", 28, 0644);
  close(read_material("open.pem", NULL, NULL));
  ok(warnings == 0, "... nor a certificate");
  make_file("old.pem", "-----BEGIN RSA PRIVATE KEY-----\n", 32, 0604);
  close(read_material(NULL, "old.pem", NULL));
  ok(warnings == 1, "... but any key, wherever it is");
  make_file("cut.pem", "-----BEGIN PRIVATE KEY----", 26, 0644);
  close(read_material("cut.pem", NULL, NULL));
  ok(warnings == 0, "... and not half of one");
}

static void test_seals(void)
{
#if defined(MFD_ALLOW_SEALING) && !defined(UCSPI_PORTABLE)
  struct material m;
  int fd = read_material("server.pem", NULL, NULL);
  ok(pwrite(fd, "x", 1, 0) == -1 && ftruncate(fd, 1) == -1 && ftruncate(fd, 1 << 20) == -1,
     "what was read can't be changed");
  ok(mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED, "... nor in a mapping");
  ok(material_open(&m, fd) == 0 && (material_close(&m), close(fd) == 0), "... only read");
  fd = memfd_create("x", MFD_CLOEXEC);
  errno = 0;
  ok(write(fd, "ucspitls\20\0\0\0\0\0\0\0", 16) == 16 && material_open(&m, fd) == -1 && errno == EPROTO,
     "a file that can be changed is refused");
  close(fd);
#else
  printf("# this system has no seals\n");
#endif
}

/* A file with these contents, as material_read() leaves it. */
static int memory_file(unsigned char const *data, size_t size)
{
#if defined(MFD_ALLOW_SEALING) && !defined(UCSPI_PORTABLE)
  int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
#else
  int fd = open("memory", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
#endif
  must(fd != -1 && write(fd, data, size) == (ssize_t)size, "memory file");
#if defined(MFD_ALLOW_SEALING) && !defined(UCSPI_PORTABLE)
  must(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0, "seal");
#endif
  return fd;
}

/* Does it open? If so, its parts lie within it. */
static bool opens(unsigned char const *data, size_t size)
{
  struct material m;
  struct material_part p;
  size_t position = 0;
  int fd = memory_file(data, size);
  bool is_open;
  errno = 0;
  is_open = material_open(&m, fd) == 0;
  if (!is_open && errno != EPROTO)
    printf("# errno %d at size %zu\n", errno, size);
  while (is_open && material_next(&m, &position, &p))
    if (p.data < m.map || p.size > m.size || p.data + p.size > m.map + m.size)
      abort();
  if (is_open)
    material_close(&m);
  close(fd);
  return is_open;
}

/* One part of 24 octets behind its entry, which lies. */
static void test_lies(void)
{
  static struct {
    uint32_t role, name_size;
    uint64_t data_size;
    char const *text;
    bool is_sound;
  } const all[] = {
      {1, 8, 16, "abcdefg", true},
      {4, 24, 0, "abcdefghijklmnopqrstuvw", true},
      {1, 1, 23, "", true},
      {1, 1, 16, "", true},
      {0, 8, 16, "abcdefg", false},
      {5, 8, 16, "abcdefg", false},
      {0x80000001u, 8, 16, "abcdefg", false},
      {1, 0, 24, "", false},
      {1, 8, 17, "abcdefg", false},
      {1, 25, 0, "abcdefg", false},
      {1, 8, 15, "abcdefgh", false},
      {1, 8, 16, "abc", false},
      {1, 0xffffffffu, 16, "abcdefg", false},
      {1, 8, UINT64_MAX, "abcdefg", false},
      {1, 8, UINT64_MAX - 7, "abcdefg", false},
      {1, 8, UINT64_MAX - 15, "abcdefg", false},
      {1, 0xfffffff8u, 16 - (uint64_t)0xfffffff0u, "abcdefg", false},
      {1, 0xffffffffu, 24 - (uint64_t)0xffffffffu, "abcdefg", false},
      {1, 8, INT64_MAX, "abcdefg", false},
  };
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    unsigned char file[56] = "ucspitls";
    uint64_t size = sizeof file;
    memcpy(file + 8, &size, 8);
    memcpy(file + 16, &all[i].role, 4);
    memcpy(file + 20, &all[i].name_size, 4);
    memcpy(file + 24, &all[i].data_size, 8);
    memcpy(file + 32, all[i].text, strlen(all[i].text));
    ok(opens(file, sizeof file) == all[i].is_sound, "entry %zu is %s", i,
       all[i].is_sound ? "taken" : "refused");
  }
}

static void test_hostile(void)
{
  struct material m;
  unsigned char copy[4096], first[32], second[32];
  size_t size, opened = 0;
  int fd = read_material("server.pem", "ca", "crl");
  ok(material_open(&m, fd) == 0 && m.size < sizeof copy - 8 && material_digest(&m, first) == 0, "a sample");
  size = m.size;
  memcpy(copy, m.map, size);
  material_close(&m);
  close(fd);
  ok(opens(copy, size), "a copy is as good");
  for (size_t cut = 0; cut < size; cut++)
    opened += opens(copy, cut);
  ok(opened == 0, "a file that was cut off anywhere is refused");
  memset(copy + size, 0, 8);
  ok(!opens(copy, size + 8), "... and one with something behind its end");
  for (size_t i = 0; i < size; i++)
    for (unsigned int bit = 0; bit < 8; bit += 7) {
      copy[i] ^= (unsigned char)(1u << bit);
      opens(copy, size);
      copy[i] ^= (unsigned char)(1u << bit);
    }
  ok(true, "whatever octet is another, no part reaches beyond the file");
  for (size_t at = 0; at < 32; at++) {
    unsigned char kept = copy[at];
    copy[at] = 0xff;
    opened += opens(copy, size);
    copy[at] = kept;
  }
  ok(opened == 0, "header, role and sizes are all checked");
  make_text("crl", "another");
  fd = read_material("server.pem", "ca", "crl");
  ok(material_open(&m, fd) == 0 && material_digest(&m, second) == 0 && memcmp(first, second, 32) != 0,
     "other revocations make another digest");
  material_close(&m);
  close(fd);
  fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ok(material_open(&m, fd) == -1 && errno == EPROTO, "a device is refused");
  close(fd);
  ok(material_open(&m, -1) == -1 && errno == EBADF, "no file at all is another error");
}

int main(void)
{
  char folder[] = "/tmp/ucspi-material.XXXXXX", command[64];
  must(mkdtemp(folder) && chdir(folder) == 0, folder);
  test_parts();
  test_folder();
  test_problems();
  test_sizes();
  test_warnings();
  test_seals();
  test_lies();
  test_hostile();
  snprintf(command, sizeof command, "rm -rf %s", folder);
  ok(chdir("/") == 0 && system(command) == 0, "nothing is left");
  return tap_done();
}
