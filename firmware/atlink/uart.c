// The AT port: one receive machine on one port. Owns the bytes between them: `stage` holds what
// was read from the port and the machine has not taken. See uart.h.
#include <string.h>

#include "uart.h"

#define STAGE_SIZE (512) // behind it is the port's own buffer: a driver's ring, a kernel's

// How long a line that is not continued keeps reports out of its echo, and what is left of one that
// was dropped counts as its rest.
#define TYPING_US (100000)

atlink_rx_t atlink_uart_rx;

static uint8_t stage[STAGE_SIZE];
static size_t stage_start;
static size_t stage_end;
static uint64_t quiet_us;
static uint64_t typed_us; // when a line was last begun or continued
static atlink_pump_t pump;

int atlink_uart_open(int port, const atlink_pins_t *pins) {
    int error = atlink_port_open(port, pins);
    if (error == 0) {
        atlink_rx_init(&atlink_uart_rx);
        stage_start = stage_end = 0;
        quiet_us = 0;
        pump = ATLINK_PUMP_NONE;
    }
    return error;
}

// Read the port if all that was read before is taken; false if there is nothing to take.
static bool refill(void) {
    if (stage_start == stage_end) {
        stage_start = 0;
        stage_end = atlink_port_read(stage, sizeof(stage));
    }
    return stage_start < stage_end;
}

// How many bytes may be taken so that their echo finds room: an echo is never lost, so a host
// that does not read is not read either.
static size_t echo_room(void) {
    const atlink_rx_t *rx = &atlink_uart_rx;
    if (!rx->echo || rx->mode != ATLINK_MODE_LINE) {
        return sizeof(stage);
    }
    size_t room = atlink_port_room();
    if (room == 0) {
        atlink_port_push();
        room = atlink_port_room();
    }
    return room;
}

// Feed the machine from the stage, as far as it takes bytes.
static void feed(void) {
    if (quiet_us > typed_us + TYPING_US) { // seen, not only long ago: somebody may have held the loop
        atlink_rx_forget_rest(&atlink_uart_rx);
    }
    while (stage_start < stage_end && atlink_rx_feeds(&atlink_uart_rx)) {
        size_t n = echo_room();
        if (n == 0) {
            return;
        }
        if (n > stage_end - stage_start) {
            n = stage_end - stage_start;
        }
        size_t echo;
        typed_us = atlink_port_now_us();
        stage_start += atlink_rx_feed(&atlink_uart_rx, stage + stage_start, n, &echo);
        if (echo > 0) {
            atlink_port_write(stage + stage_start - echo, echo);
        }
    }
}

static void pull(void) {
    while (atlink_rx_feeds(&atlink_uart_rx) && refill()) {
        size_t before = stage_start;
        feed();
        if (stage_start == before) {
            return; // no room for the echo
        }
    }
}

static bool is_payload_mode(void) {
    return atlink_uart_rx.mode == ATLINK_MODE_DATA || atlink_uart_rx.mode == ATLINK_MODE_STREAM;
}

atlink_event_t atlink_uart_poll(void) {
    pull();
    atlink_event_t event = atlink_rx_fetch(&atlink_uart_rx);
    if (event == ATLINK_NONE && is_payload_mode() && refill()) {
        return ATLINK_DATA;
    }
    return event;
}

bool atlink_uart_fragment(void) {
    if (atlink_uart_rx.mode == ATLINK_MODE_BUSY) {
        pull();
    }
    return atlink_rx_fragment(&atlink_uart_rx);
}

static size_t take_staged(uint8_t *buf, size_t n) {
    size_t staged = stage_end - stage_start;
    if (staged > n) {
        staged = n;
    }
    if (staged > 0) {
        memcpy(buf, stage + stage_start, staged);
        stage_start += staged;
    }
    return staged;
}

size_t atlink_uart_take(uint8_t *buf, size_t n) {
    size_t wants = atlink_rx_wants(&atlink_uart_rx);
    if (n > wants) {
        n = wants;
    }
    size_t done = take_staged(buf, n);
    if (n - done >= sizeof(stage)) {
        done += atlink_port_read(buf + done, n - done); // no need to copy it twice
    } else if (done < n && refill()) {
        done += take_staged(buf + done, n - done);
    }
    atlink_rx_took(&atlink_uart_rx, done);
    return done;
}

size_t atlink_uart_staged(void) {
    size_t wants = atlink_rx_wants(&atlink_uart_rx);
    if (wants == 0 || !refill()) {
        return 0;
    }
    size_t staged = stage_end - stage_start;
    return staged < wants ? staged : wants;
}

size_t atlink_uart_skip(void) {
    size_t done = atlink_uart_staged();
    stage_start += done;
    atlink_rx_took(&atlink_uart_rx, done);
    return done;
}

uint64_t atlink_uart_quiet_us(void) {
    return quiet_us;
}

uint32_t atlink_uart_typing_us(void) {
    const atlink_rx_t *rx = &atlink_uart_rx;
    if (!rx->echo || rx->mode != ATLINK_MODE_LINE || rx->len == 0) {
        return 0;
    }
    uint64_t gone = atlink_port_now_us() - typed_us;
    return gone < TYPING_US ? (uint32_t)(TYPING_US - gone) : 0;
}

void atlink_uart_pump(atlink_pump_t state) {
    pump = state;
}

uint32_t atlink_uart_watch(uint32_t mask) {
    uint32_t watched = mask & ~ATLINK_UART_RX;
    bool rx;
    if (stage_start < stage_end) {
        rx = false; // the port cannot tell anything new; what holds these bytes up ends elsewhere
    } else if (is_payload_mode()) {
        rx = pump == ATLINK_PUMP_NONE ? (mask & ATLINK_UART_RX) != 0 : pump == ATLINK_PUMP_OPEN;
    } else {
        rx = atlink_rx_feeds(&atlink_uart_rx);
    }
    return rx ? watched | ATLINK_UART_RX : watched;
}

// A sleep this long cannot have begun with bytes waiting.
#define SLEPT_US (1000)

void atlink_uart_slept(uint32_t watched, uint32_t fired, uint64_t from_us, uint64_t to_us) {
    if ((watched & ATLINK_UART_RX)
        && (!(fired & ATLINK_UART_RX) || to_us - from_us > SLEPT_US)) {
        quiet_us = to_us;
    }
}

void atlink_uart_service(uint32_t fired) {
    if (stage_start < stage_end) {
        feed();
    } else if (fired & ATLINK_UART_RX) {
        pull();
    }
}

bool atlink_uart_is_ready(uint32_t fired) {
    if (atlink_uart_rx.event != ATLINK_NONE) {
        return true;
    }
    return is_payload_mode() && pump == ATLINK_PUMP_NONE
           && (stage_start < stage_end || (fired & ATLINK_UART_RX));
}
