/* streams.h - the streams of stdio: their end in a child that must not call exit(), which would do what is for its parent's
 * end. */
#ifndef UCSPI_STREAMS_H
#define UCSPI_STREAMS_H

/* Does fflush(NULL), or nothing if it can be seen that that would do nothing. */
void streams_flush(void);

#endif
