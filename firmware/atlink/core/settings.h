// Line settings of the AT port in AT codes: which are valid, and what the divider makes of a
// baud rate. Owns the checks both ports share; applying the settings is the port's.
#ifndef ATLINK_CORE_SETTINGS_H
#define ATLINK_CORE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#define ATLINK_FLOW_RTS (1)
#define ATLINK_FLOW_CTS (2)

typedef struct {
    uint32_t baud; // 80..5000000
    uint8_t bits; // 5..8
    uint8_t stop; // 1: one, 2: one and a half, 3: two
    uint8_t parity; // 0: none, 1: odd, 2: even
    uint8_t flow; // bits: 1 RTS, 2 CTS
} atlink_settings_t;

// GPIO numbers; -1: not wired.
typedef struct {
    int tx;
    int rx;
    int cts;
    int rts;
} atlink_pins_t;

// Whether the values are in range.
bool atlink_settings_valid(const atlink_settings_t *settings);

// Whether the pins exist, can do their job and are not used twice.
bool atlink_pins_valid(const atlink_pins_t *pins);

// Whether the pins that the flow control needs are wired.
bool atlink_pins_allow(const atlink_pins_t *pins, uint8_t flow);

// The rate that the divider really gives for a baud rate of 80..5000000.
uint32_t atlink_baud_real(uint32_t baud);

#endif // ATLINK_CORE_SETTINGS_H
