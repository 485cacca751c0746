/* ucspi-service.h - to write a service that tcpserver or ucspi-service loads from a shared object and calls for each
 * connection, instead of executing a program: ucspi-service(3). */
#ifndef UCSPI_SERVICE_H
#define UCSPI_SERVICE_H

#ifdef __cplusplus
extern "C" {
#endif

/* Stands before the functions that are called from outside, so that they are seen whatever -fvisibility says. */
#if defined(__GNUC__)
#define UCSPI_SERVICE __attribute__((visibility("default")))
#else
#define UCSPI_SERVICE
#endif

/* What is called for a connection, in a process of its own, with the connection as descriptors 0 and 1: the function that
 * is named like the file, which ends in .so. argv[0] is that file's path. It may return its exit status or call exit(). */
typedef int ucspi_service(int argc, char **argv, char **envp);

/* What $PLUGINn_init may name: called in tcpserver itself, with UCSPI_SERVICE_START before the first connection and with
 * UCSPI_SERVICE_AGAIN at each SIGHUP. UCSPI_SERVICE_FAILED is failure, everything else success. */
typedef int ucspi_service_init(int when);
#define UCSPI_SERVICE_START  0
#define UCSPI_SERVICE_AGAIN  1
#define UCSPI_SERVICE_FAILED (-1)

/* For a service that is given another one as its last arguments: becomes argv[0], with its arguments argv[1] to the null
 * at the end. It is loaded and called if it has a slash and ends in .so; otherwise it is executed, looked for in $PATH of
 * envp. As for an executed program, descriptors that are close-on-exec are closed and signals that are caught have their
 * default action. Returns the exit status to return: the function's, or 111 after it has said on standard error why it
 * can't be run. */
int ucspi_service_next(char **argv, char **envp);

#ifdef __cplusplus
}
#endif

#endif
