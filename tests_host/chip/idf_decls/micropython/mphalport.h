// MicroPython 1.25.0: ports/esp32/mphalport.h
// Compared on 2026-11-21 with that header: by reading; the error reporting is NORMAL there, too.
// Sum of what follows when it was compared: 86b38c60b4c6
#ifndef DECL_MICROPYTHON_MPHALPORT_H
#define DECL_MICROPYTHON_MPHALPORT_H

// What firmware/ uses of it, for compiling without the rest.
#include "esp_err.h"

#define check_esp_err(code) check_esp_err_(code)
void check_esp_err_(esp_err_t code);

#endif
