// MicroPython 1.25.0: ports/esp32/mpthreadport.h
// Compared on 2026-11-21 with that header: by reading; only a pointer to one is used here.
// Sum of what follows when it was compared: dd1723c0546a
#ifndef DECL_MICROPYTHON_MPTHREADPORT_H
#define DECL_MICROPYTHON_MPTHREADPORT_H

typedef struct _mp_thread_mutex_t {
    void *handle;
} mp_thread_mutex_t;

#endif
