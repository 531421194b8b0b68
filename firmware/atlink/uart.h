// The AT port: joins the receive machine to the port, echoes, and hands payload on. There is one,
// so its state is static. The Python object and the network part both call these functions;
// none blocks or allocates.
#ifndef ATLINK_UART_H
#define ATLINK_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rx.h"
#include "port.h"

// A host that sends nothing for so long will not send the rest of a payload; long enough for 1200 baud.
#define ATLINK_SILENCE_MS (20000)

// The receive machine, for its modes: atlink_rx_listen(&atlink_uart_rx) and so on.
extern atlink_rx_t atlink_uart_rx;

// Take the UART over, in HOLD, with the settings it has after power-up. Returns 0 or an errno.
int atlink_uart_open(int port, const atlink_pins_t *pins);

// Take in what has arrived and return the next event (ATLINK_NONE: nothing yet).
atlink_event_t atlink_uart_poll(void);

// BUSY: take in what has arrived; see atlink_rx_fragment().
bool atlink_uart_fragment(void);

// DATA and STREAM: take up to n payload bytes that have arrived.
size_t atlink_uart_take(uint8_t *buf, size_t n);

// DATA and STREAM: how many bytes atlink_uart_take() gives without reading the port again; reads
// it if there are none.
size_t atlink_uart_staged(void);

// DATA and STREAM: drop what atlink_uart_staged() tells of; returns how many bytes.
size_t atlink_uart_skip(void);

// Until when the UART is known to have had nothing to take (microseconds): for the `+++` guards.
uint64_t atlink_uart_quiet_us(void);

// For how much longer (microseconds) the echo of a line must not be broken by anything else: 0 if
// no line is under way, or if it was not continued for a while. A line that is too long counts as
// none: it could go on for ever.
uint32_t atlink_uart_typing_us(void);

// Say whether a C pump takes the payload of DATA and STREAM, and whether it can take any now.
// While one does, wait() watches the UART for it and does not report UART_RX for payload.
typedef enum {
    ATLINK_PUMP_NONE, // payload is read from Python
    ATLINK_PUMP_FULL, // a pump takes it, but has no room
    ATLINK_PUMP_OPEN, // a pump takes it: wake its service when bytes are there
} atlink_pump_t;
void atlink_uart_pump(atlink_pump_t pump);

// For wait(), in this order: which of `mask` to watch the port for; how long that was known to be
// quiet; take in what fired; whether poll() has news, or payload that fired waits to be read.
uint32_t atlink_uart_watch(uint32_t mask);
void atlink_uart_slept(uint32_t watched, uint32_t fired, uint64_t from_us, uint64_t to_us);
void atlink_uart_service(uint32_t fired);
bool atlink_uart_is_ready(uint32_t fired);

#endif // ATLINK_UART_H
