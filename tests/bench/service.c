/* service.c - the service that is served in the benchmark: the smallest program that can answer, so that what
 * is measured is the server and not the C library's start-up. It writes "ok\n" and exits.
 *
 * With any argument it reads one byte first: after "h" it answers "h" and stays until the client has closed;
 * after anything else it answers "ok\n" as ever.
 *
 * With -DOBJECT it is a function for tcpserver to load.
 *
 * With -DFREESTANDING (x86-64 and AArch64, linked -static -nostdlib) there is no C library in it. */
#ifdef FREESTANDING

#if defined __x86_64__
enum { READ = 0, WRITE = 1, EXIT = 60 };

static long call(long number, long a, void const *b, long c)
{
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

/* The kernel starts us with the number of arguments on top of the stack. */
__asm__(".globl _start\n"
        "_start: mov (%rsp), %rdi\n"
        "  and $-16, %rsp\n"
        "  call start\n"
        "  hlt\n");
#elif defined __aarch64__
enum { READ = 63, WRITE = 64, EXIT = 93 };

static long call(long number, long a, void const *b, long c)
{
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register void const *x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}

__asm__(".globl _start\n"
        "_start: ldr x0, [sp]\n"
        "  bl start\n"
        "  brk #1\n");
#else
#error "FREESTANDING: only x86-64 and AArch64 are known"
#endif

static long get(char *byte)
{
  return call(READ, 0, byte, 1);
}

static long put(char const *bytes, long length)
{
  return call(WRITE, 1, bytes, length);
}

#else
#include <unistd.h>

static long get(char *byte)
{
  return read(0, byte, 1);
}

static long put(char const *bytes, long length)
{
  return write(1, bytes, (size_t)length);
}
#endif

static int run(long arguments)
{
  char byte = 'q';
  if (arguments > 1 && get(&byte) != 1)
    return 0;
  if (byte != 'h')
    return put("ok\n", 3) != 3;
  if (put(&byte, 1) != 1)
    return 1;
  while (get(&byte) > 0)
    ;
  return 0;
}

#ifdef OBJECT
#include "ucspi-service.h"

UCSPI_SERVICE ucspi_service service;

int service(int argc, char **argv, char **envp)
{
  (void)argv;
  (void)envp;
  return run(argc);
}
#elif defined FREESTANDING
void start(long arguments);

__attribute__((used)) void start(long arguments)
{
  call(EXIT, run(arguments), 0, 0);
}
#else
int main(int argc, char **argv)
{
  (void)argv;
  _exit(run(argc));
}
#endif
