/* counter.c - an example of a service in a shared object: greets each client with a line that is read from a file once, and
 * counts them. ucspi-service(3) tells how it is compiled and run. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "ucspi-service.h"

UCSPI_SERVICE ucspi_service counter;
UCSPI_SERVICE ucspi_service_init counter_init;

/* Every client has a process of its own, with a copy of this. What they shall change for each other must be shared. */
static char greeting[128] = "welcome";
static unsigned long *clients;

/* Reads the file "greeting" in the current directory, which is $PLUGINn_dir. */
int counter_init(int when)
{
  FILE *file = fopen("greeting", "re");
  int result = UCSPI_SERVICE_FAILED;
  if (!file)
    return result;
  if (fgets(greeting, sizeof greeting, file)) {
    greeting[strcspn(greeting, "\r\n")] = '\0';
    result = 0;
  }
  fclose(file); /* what stays open is closed for clients */
  if (when == UCSPI_SERVICE_START) {
    clients = mmap(NULL, sizeof *clients, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (clients == MAP_FAILED)
      return UCSPI_SERVICE_FAILED;
  }
  return result;
}

int counter(int argc, char **argv, char **envp)
{
  unsigned long number = clients ? __atomic_add_fetch(clients, 1, __ATOMIC_RELAXED) : 0;
  (void)argc;
  (void)argv;
  (void)envp;
  printf("%s, client %lu\r\n", greeting, number);
  return 0;
}
