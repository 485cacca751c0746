/* tcpserver-objects.c - services for tcpserver-objects.t: each file there is this one, under the name of one of its
 * functions. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "ucspi-service.h"

#define SERVICE(name)                                                                                        \
  UCSPI_SERVICE ucspi_service name;                                                                          \
  int name(int argc, char **argv, char **envp)

#define UNUSED ((void)argc, (void)argv, (void)envp)

/* --- How a function ends --------------------------------------------------------------------------------------- */

SERVICE(served)
{
  UNUSED;
  puts("served"); /* nobody but exit() flushes it */
  return 0;
}

SERVICE(seven)
{
  UNUSED;
  return 256 + 7;
}

/* A stream of its own, and one of wide characters. */
SERVICE(files)
{
  FILE *file = fopen("narrow", "w");
  UNUSED;
  return fputs("kept", file) == EOF;
}

SERVICE(wides)
{
  FILE *file = fopen("wide", "w");
  UNUSED;
  return fputws(L"kept", file) == -1;
}

static void last_words(void)
{
  printf("last words\n");
}

SERVICE(exits)
{
  UNUSED;
  printf("exits\n");
  atexit(last_words);
  exit(8);
}

SERVICE(quits)
{
  UNUSED;
  printf("lost\n");
  _exit(9);
}

SERVICE(crashes)
{
  UNUSED;
  *(int volatile *)(void *)&errno = 0;
  kill(getpid(), SIGSEGV);
  return 0;
}

SERVICE(aborts)
{
  UNUSED;
  abort();
}

SERVICE(registers)
{
  UNUSED;
  return atexit(last_words);
}

SERVICE(stays)
{
  char octet;
  UNUSED;
  if (write(1, "served\n", 7) == 7)
    while (read(0, &octet, 1) > 0)
      ;
  return 0;
}

/* --- What it does to its process ------------------------------------------------------------------------------- */

SERVICE(closes)
{
  UNUSED;
  close(0);
  close(1);
  close(2);
  return 5;
}

SERVICE(litters)
{
  UNUSED;
  signal(SIGTERM, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGUSR2, _exit);
  setenv("LITTER", "1", 1);
  open("/dev/null", O_RDONLY);
  close_range(0, 2, 0);
  return chdir("/");
}

/* --- What it finds --------------------------------------------------------------------------------------------- */

/* Its arguments, descriptors, signals, directory and environment. */
SERVICE(shows)
{
  sigset_t blocked;
  struct sigaction action;
  int changed = 0, held = 0;
  char here[4096];
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  for (int number = 1; number < 32; number++) {
    held += sigismember(&blocked, number);
    changed += sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL;
  }
  printf("argc %d:", argc);
  for (int i = 0; i <= argc; i++)
    printf(" <%s>", argv[i] ? argv[i] : "end");
  printf("\ndescriptors");
  for (int fd = 0; fd < 1024; fd++)
    if (fcntl(fd, F_GETFD) != -1)
      printf(" %d", fd);
  printf("\nsignals %d blocked, %d not default\n", held, changed);
  printf("directory %s\n", getcwd(here, sizeof here) ? here : "?");
  printf("user %u\n", (unsigned int)geteuid());
  printf("environ is %s\n", envp == environ ? "envp" : "another");
  for (; *envp; envp++)
    printf("%s\n", *envp);
  return 0;
}

/* --- What prepares it ------------------------------------------------------------------------------------------ */

static char state[64] = "nothing";
static unsigned int loaded_by;
static pid_t server;

__attribute__((constructor)) static void note_loading(void)
{
  loaded_by = (unsigned int)geteuid();
  server = getpid();
  if (access("no-loading", F_OK) == 0)
    _exit(0);
}

static void spoil(int number)
{
  (void)number;
}

/* Does as the first word of the file "behaviour" says, after it has spoiled its state. */
UCSPI_SERVICE ucspi_service_init prepare;
int prepare(int when)
{
  char word[32] = "";
  FILE *file = fopen("behaviour", "re");
  strcpy(state, "spoiled");
  if (!file || fscanf(file, "%31s", word) != 1)
    return UCSPI_SERVICE_FAILED;
  fclose(file);
  if (getenv("TCPREMOTEIP")) /* that is for services */
    return UCSPI_SERVICE_FAILED;
  fprintf(stderr, "prepare %d %s\n", when, word);
  if (strcmp(word, "fail") == 0)
    return UCSPI_SERVICE_FAILED;
  if (strcmp(word, "exit") == 0)
    exit(0);
  if (strcmp(word, "quit") == 0)
    _exit(0);
  if (strcmp(word, "crash") == 0 || (strcmp(word, "late") == 0 && getpid() == server))
    kill(getpid(), SIGSEGV);
  if (strcmp(word, "closes") == 0)
    close_range(0, 2, 0);
  if (strcmp(word, "handlers") == 0)
    for (int number = 1; number < 32; number++)
      signal(number, spoil);
  if (strcmp(word, "moves") == 0 && chdir("/") == -1)
    return UCSPI_SERVICE_FAILED;
  if (strcmp(word, "opens") == 0)
    open("/dev/null", O_RDONLY);
  if (when == UCSPI_SERVICE_AGAIN || strcmp(word, "prints") == 0)
    printf("unflushed ");
  snprintf(state, sizeof state, "%d %s", when, word);
  return 0;
}

/* As deployed ones are declared; what such a function returns is whatever was last in a register. */
UCSPI_SERVICE ucspi_service_init prepare_void;
int prepare_void(int when)
{
  snprintf(state, sizeof state, "%d void", when);
  return 7;
}

SERVICE(tells)
{
  UNUSED;
  printf("state %s, loaded by %u\n", state, loaded_by);
  return 0;
}

/* --- Chains ---------------------------------------------------------------------------------------------------- */

/* Sets a variable, opens what is not to be passed on, catches a signal, and goes on. */
SERVICE(passes)
{
  UNUSED;
  open("/dev/null", O_RDONLY | O_CLOEXEC);
  signal(SIGUSR1, spoil);
  setenv("PASSED", "yes", 1);
  return ucspi_service_next(argv + 1, environ);
}
