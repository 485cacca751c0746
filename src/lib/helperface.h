/* helperface.h - what programs that others start and talk to in messages (helper.h) do first. */
#ifndef UCSPI_HELPERFACE_H
#define UCSPI_HELPERFACE_H

/* A signal to all processes of a service, or to a process group, is meant for who started us and knows what to do. */
void helperface_ignore_signals(void);

#endif
