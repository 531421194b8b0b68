// The AT port on a PC: descriptor ATLINK_UART1_FD (the master of a pty, or a socket) stands for
// UART1. Owns the transmit ring and what happens while nobody holds the other end. Settings are
// reported on ATLINK_EVENT_FD, so that whoever is there can pace the line.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "port.h"
#include "route.h"
#include "port_unix.h"

#define POWER_UP_BAUD (115200)
#define AWAY_US (20000) // how often to look whether the air carries again
#define HUNG_UP_US (50000) // how often to look whether somebody opened the other end again

static int uart_fd = -1;
static int event_fd = -1;
static bool has_sent; // the first bytes are out, and whoever is on the event descriptor knows it
static bool hung_up; // nobody holds the other end: what is to be sent waits in the ring
static atlink_pins_t pins;
static atlink_settings_t line;

static uint8_t ring[ATLINK_TX_SIZE];
atlink_ring_t atlink_port_tx = {ring, sizeof(ring), 0, 0};

static size_t ring_used(void) {
    return atlink_ring_used(&atlink_port_tx);
}

static int fd_from_environment(const char *name) {
    const char *text = getenv(name);
    if (text == NULL) {
        return -1;
    }
    char *end;
    long fd = strtol(text, &end, 10);
    return end != text && *end == '\0' && fcntl(fd, F_GETFD) != -1 ? (int)fd : -1;
}

int atlink_port_open(int port, const atlink_pins_t *wired) {
    char name[32];
    snprintf(name, sizeof(name), "ATLINK_UART%d_FD", port);
    int fd = fd_from_environment(name);
    if (fd == -1) {
        return ENODEV;
    }
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == -1) {
        return errno;
    }
    uart_fd = fd;
    event_fd = fd_from_environment("ATLINK_EVENT_FD");
    hung_up = false;
    pins = *wired;
    line = (atlink_settings_t) {atlink_baud_real(POWER_UP_BAUD), 8, 1, 0, 0};
    return 0;
}

// One short message; whoever holds the other end has to read it, so there will be room.
static int report(const char *text, size_t len) {
    for (;;) {
        if (write(event_fd, text, len) == (ssize_t)len) {
            return 0;
        }
        if (errno == EAGAIN) {
            struct pollfd wait = {.fd = event_fd, .events = POLLOUT};
            poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
}

int atlink_port_config(const atlink_settings_t *settings) {
    if (!atlink_pins_allow(&pins, settings->flow)) {
        return EINVAL;
    }
    atlink_settings_t real = *settings;
    real.baud = atlink_baud_real(settings->baud);
    if (event_fd != -1) {
        char text[64];
        int len = snprintf(text, sizeof(text), "{\"uart\":[%u,%u,%u,%u,%u]}", (unsigned)real.baud,
            real.bits, real.stop, real.parity, real.flow);
        int error = report(text, len);
        if (error != 0) {
            return error;
        }
    }
    line = real;
    return 0;
}

void atlink_port_settings(atlink_settings_t *settings) {
    *settings = line;
}

// What a failed read or write means: nothing right now, or that the other end is gone (a pty
// says EIO until it is opened again).
static void note_failure(void) {
    if (errno != EAGAIN) {
        hung_up = true;
    }
}

size_t atlink_port_read(uint8_t *buf, size_t n) {
    ssize_t got;
    do {
        got = read(uart_fd, buf, n);
    } while (got == -1 && errno == EINTR);
    if (got == -1) {
        note_failure();
        return 0;
    }
    if (got == 0 && n > 0) {
        hung_up = true;
    }
    return got;
}

static void note_sent(void) {
    static const char text[] = "{\"uart_tx\":true}";
    if (!has_sent && event_fd != -1) {
        report(text, sizeof(text) - 1);
    }
    has_sent = true;
}

void atlink_port_push(void) {
    atlink_span_t spans[2];
    while (ring_used() > 0 && !hung_up) {
        atlink_ring_peek(&atlink_port_tx, spans);
        struct iovec parts[2] = {
            {spans[0].data, spans[0].size},
            {spans[1].data, spans[1].size},
        };
        ssize_t done = writev(uart_fd, parts, spans[1].size > 0 ? 2 : 1);
        if (done == -1) {
            if (errno == EINTR) {
                continue;
            }
            note_failure();
            return;
        }
        note_sent();
        atlink_ring_take(&atlink_port_tx, done);
    }
}

size_t atlink_port_room(void) {
    return atlink_ring_room(&atlink_port_tx);
}

size_t atlink_port_write(const uint8_t *buf, size_t n) {
    size_t done = 0;
    while (done < n) {
        size_t room = atlink_port_room();
        size_t part = n - done < room ? n - done : room;
        atlink_ring_put(&atlink_port_tx, 0, buf + done, part);
        atlink_ring_fill(&atlink_port_tx, part);
        done += part;
        if (ring_used() < ATLINK_TX_SIZE / 2) {
            break; // it can wait for company
        }
        size_t before = ring_used();
        atlink_port_push();
        if (ring_used() == before) {
            break;
        }
    }
    return done;
}

void atlink_port_filled(size_t n) {
    atlink_ring_fill(&atlink_port_tx, n);
    if (ring_used() >= ATLINK_TX_SIZE / 2) {
        atlink_port_push();
    }
}

size_t atlink_port_pending(void) {
    // On a socket this counts what the far end has not taken, with the system's overhead; a pty
    // has no far end to wait for and answers 0.
    int taken = 0;
    if (uart_fd == -1 || ioctl(uart_fd, TIOCOUTQ, &taken) == -1) {
        taken = 0;
    }
    return ring_used() + taken;
}

static void *(*allocate)(size_t size) = malloc;
static void (*release)(void *memory) = free;

void atlink_port_heap(void *(*new_allocate)(size_t size), void (*new_release)(void *memory)) {
    allocate = new_allocate;
    release = new_release;
}

void *atlink_port_alloc(size_t size) {
    return allocate(size);
}

void atlink_port_free(void *memory) {
    release(memory);
}

uint64_t atlink_port_now_us(void) {
    return atlink_unix_now_us();
}

// Whether bytes are left to read; poll() says so at the end of the stream as well.
static bool has_bytes(int fd) {
    int left = 0;
    return ioctl(fd, FIONREAD, &left) == 0 && left > 0;
}

// Look whether the other end is back. A pty that nobody holds is always "ready", so it cannot be
// waited for; and what is written to it now might come back as an echo.
static bool is_back(void) {
    struct pollfd uart = {.fd = uart_fd};
    poll(&uart, 1, 0);
    return (uart.revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
}

static short poll_events(uint8_t events) {
    return (events & ATLINK_READ ? POLLIN : 0) | (events & ATLINK_WRITE ? POLLOUT : 0);
}

// Fill in the descriptors to wait for; returns their number. sources[i] is the bit of fds[i].
static nfds_t collect(uint32_t want, const atlink_watch_t *watch, struct pollfd *fds,
    uint32_t *sources) {
    nfds_t n = 0;
    short events = (want & ATLINK_UART_RX ? POLLIN : 0) | (ring_used() > 0 ? POLLOUT : 0);
    if (events != 0 && !hung_up && uart_fd != -1) {
        sources[n] = ATLINK_UART_RX;
        fds[n++] = (struct pollfd) {.fd = uart_fd, .events = events};
    }
    if ((want & ATLINK_EVENT) && event_fd != -1) {
        sources[n] = ATLINK_EVENT;
        fds[n++] = (struct pollfd) {.fd = event_fd, .events = POLLIN};
    }
    for (uint32_t links = want >> ATLINK_LINK_FIRST; links != 0; links &= links - 1) {
        int i = __builtin_ctz(links);
        sources[n] = ATLINK_LINK(i);
        fds[n++] = (struct pollfd) {.fd = watch[i].fd, .events = poll_events(watch[i].events)};
    }
    return n;
}

// What one descriptor's news mean.
static uint32_t judge(uint32_t source, short revents) {
    bool is_gone = (revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
    if (source == ATLINK_UART_RX) {
        hung_up = hung_up || is_gone;
        return (revents & POLLIN ? ATLINK_UART_RX : 0) | (revents & POLLOUT ? ATLINK_UART_TX : 0);
    }
    if (source == ATLINK_EVENT && is_gone && !has_bytes(event_fd)) {
        event_fd = -1;
        return 0;
    }
    return source;
}

// While nobody is reached, links bring nothing and take nothing; datagrams of that time are lost.
// Returns what to wait for, and lowers *until_us so that the end of it is noticed.
static uint32_t without_air(uint32_t want, const atlink_watch_t *watch, uint64_t *until_us) {
    static bool was_away;
    const uint32_t links = ((1u << ATLINK_LINKS) - 1) << ATLINK_LINK_FIRST;
    bool is_away = atlink_route_is_away();
    for (int i = 0; was_away && !is_away && i < ATLINK_LINKS; ++i) {
        if (watch[i].events != 0) {
            atlink_route_forget(watch[i].fd);
        }
    }
    was_away = is_away;
    if (!is_away || (want & links) == 0) {
        return want;
    }
    uint64_t soon = atlink_port_now_us() + AWAY_US;
    *until_us = soon < *until_us ? soon : *until_us;
    for (uint32_t left = want & links; left != 0; left &= left - 1) {
        int i = __builtin_ctz(left) - ATLINK_LINK_FIRST;
        if (!atlink_route_is_halted(watch[i].fd)) {
            want &= ~ATLINK_LINK(i);
        }
    }
    return want;
}

// Links whose stack has given up; they hear of it when they send or read.
static uint32_t given_up(uint32_t want, const atlink_watch_t *watch) {
    uint32_t found = 0;
    for (uint32_t links = want >> ATLINK_LINK_FIRST; links != 0; links &= links - 1) {
        int i = __builtin_ctz(links);
        if (atlink_route_gave_up(watch[i].fd)) {
            found |= ATLINK_LINK(i);
        }
    }
    return found;
}

uint32_t atlink_port_block(uint32_t want, const atlink_watch_t *watch, uint64_t until_us) {
    uint32_t over = atlink_route_is_away() ? given_up(want, watch) : 0;
    if (over != 0) {
        return over;
    }
    want = without_air(want, watch, &until_us);
    uint64_t now = until_us == 0 || until_us == UINT64_MAX ? 0 : atlink_port_now_us();
    if (hung_up) {
        hung_up = !is_back();
        if (hung_up && (want & ATLINK_UART_RX) && has_bytes(uart_fd)) {
            return ATLINK_UART_RX;
        }
        uint64_t again = atlink_port_now_us() + HUNG_UP_US;
        if (hung_up && again < until_us) {
            until_us = again;
            now = again - HUNG_UP_US;
        }
    }
    struct pollfd fds[2 + ATLINK_LINKS];
    uint32_t sources[2 + ATLINK_LINKS];
    nfds_t n = collect(want, watch, fds, sources);
    uint64_t left = until_us > now ? until_us - now : 0;
    struct timespec timeout = {.tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000};
    if (ppoll(fds, n, until_us == UINT64_MAX ? NULL : &timeout, NULL) <= 0) {
        return 0;
    }
    uint32_t ready = 0;
    for (nfds_t i = 0; i < n; i++) {
        if (fds[i].revents != 0) {
            ready |= judge(sources[i], fds[i].revents);
        }
    }
    return ready;
}
