// Seam between the AT port (uart.c, wait.c) and what it runs on: port_unix.c works on file
// descriptors, port_esp32.c on the IDF driver. Only atlink_port_block() ever blocks. No function
// here knows of MicroPython.
#ifndef ATLINK_PORT_H
#define ATLINK_PORT_H

#include <stddef.h>
#include <stdint.h>

#include "core/ring.h"
#include "core/settings.h"

#define ATLINK_TX_SIZE (4096) // transmit ring, a power of two

// Sources of atlink_wait(), a bit each. Links follow from ATLINK_LINK_FIRST up.
#define ATLINK_UART_RX (1u << 0)
#define ATLINK_UART_TX (1u << 1)
#define ATLINK_EVENT (1u << 2)
#define ATLINK_LINK_FIRST (8)
#define ATLINK_LINKS (17) // bits 8..24: a mask stays a small integer on 32 bits
#define ATLINK_LINK(i) (1u << (ATLINK_LINK_FIRST + (i)))

// What to watch a descriptor for.
#define ATLINK_READ (1)
#define ATLINK_WRITE (2)

// A descriptor that stands for a link.
typedef struct {
    int fd;
    uint8_t events; // ATLINK_READ, ATLINK_WRITE
} atlink_watch_t;

// Take the UART over. Returns 0 or an errno.
int atlink_port_open(int port, const atlink_pins_t *pins);

// Apply valid settings at once. Returns 0 or an errno, and then nothing has changed.
int atlink_port_config(const atlink_settings_t *settings);

// Read back what the hardware does.
void atlink_port_settings(atlink_settings_t *settings);

// Take up to n received bytes.
size_t atlink_port_read(uint8_t *buf, size_t n);

// Put up to n bytes on the transmit ring; returns how many found room.
size_t atlink_port_write(const uint8_t *buf, size_t n);

// The transmit ring. Its free part may be filled directly instead of by atlink_port_write();
// atlink_port_filled() says how much of it was, before anything else is written.
extern atlink_ring_t atlink_port_tx;
void atlink_port_filled(size_t n);

// Free bytes of the transmit ring.
size_t atlink_port_room(void);

// Start sending what is on the ring, as far as the wire takes it.
void atlink_port_push(void);

// Bytes whose last bit has not left yet. 0 is exact; more may be an estimate.
size_t atlink_port_pending(void);

// Memory outside Python's heap; NULL if there is none.
void *atlink_port_alloc(size_t size);
void atlink_port_free(void *memory);

// Monotonic time in microseconds.
uint64_t atlink_port_now_us(void);

// Sleep until one of `want` is ready, the transmit ring can move on, or `until_us` has come (0:
// only look; UINT64_MAX: for ever). watch[i] is the descriptor of ATLINK_LINK(i), if that is
// wanted. Returns what is ready: UART_RX: bytes have come; UART_TX: the ring can move on; EVENT;
// links. May return early with 0. The only call made with the GIL released.
uint32_t atlink_port_block(uint32_t want, const atlink_watch_t *watch, uint64_t until_us);

#endif // ATLINK_PORT_H
