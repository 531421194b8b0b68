// Line settings: ranges, pins and the arithmetic of the baud-rate divider. See settings.h.
#include "core/settings.h"

// The UART of the ESP32-S2 divides the 80 MHz APB clock by an integer with four more bits after
// the point (UART_CLKDIV: 20 bits, UART_CLKDIV_FRAG: 4 bits), which IDF computes as
// clock * 16 / baud and reads back as clock * 16 / divider. So 115200 reads back as 115201.
#define CLOCK_HZ (80000000u)

#define BAUD_MIN (80)
#define BAUD_MAX (5000000)

// ESP32-S2: GPIO 0..46, without 22..25; 46 is an input only.
#define GPIO_LAST (46)

static bool within(uint32_t value, uint32_t low, uint32_t high) {
    return value >= low && value <= high;
}

bool atlink_settings_valid(const atlink_settings_t *settings) {
    return within(settings->baud, BAUD_MIN, BAUD_MAX) && within(settings->bits, 5, 8)
           && within(settings->stop, 1, 3) && settings->parity <= 2 && settings->flow <= 3;
}

static bool is_input(int pin) {
    return pin >= 0 && pin <= GPIO_LAST && !(pin >= 22 && pin <= 25);
}

static bool is_output(int pin) {
    return is_input(pin) && pin != GPIO_LAST;
}

bool atlink_pins_valid(const atlink_pins_t *pins) {
    if (!is_output(pins->tx) || !is_input(pins->rx) || (pins->cts != -1 && !is_input(pins->cts))
        || (pins->rts != -1 && !is_output(pins->rts))) {
        return false;
    }
    const int used[4] = {pins->tx, pins->rx, pins->cts, pins->rts};
    for (int i = 0; i < 4; i++) {
        for (int j = i + 1; j < 4; j++) {
            if (used[i] != -1 && used[i] == used[j]) {
                return false;
            }
        }
    }
    return true;
}

bool atlink_pins_allow(const atlink_pins_t *pins, uint8_t flow) {
    return !((flow & ATLINK_FLOW_RTS) && pins->rts == -1)
           && !((flow & ATLINK_FLOW_CTS) && pins->cts == -1);
}

uint32_t atlink_baud_real(uint32_t baud) {
    uint32_t divider = CLOCK_HZ * 16u / baud;
    return CLOCK_HZ * 16u / divider;
}
