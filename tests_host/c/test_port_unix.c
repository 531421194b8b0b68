// port_unix.c on real descriptors: a socket pair, and a pty with and without a host.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

#include "check.h"
#include "port.h"
#include "port_unix.h"

#define WANTED (ATLINK_UART_RX | ATLINK_EVENT)
#define SECOND (1000000)

static const atlink_pins_t pins = {17, 21, 20, 19};
static int far_end; // of the UART
static int events; // far end of the event descriptor

static void set_fd(const char *name, int fd) {
    char text[16];
    snprintf(text, sizeof(text), "%d", fd);
    setenv(name, text, 1);
}

// A UART that is a socket pair, with an event descriptor.
static void on_sockets(void) {
    int pair[2], bus[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, bus) == 0);
    set_fd("ATLINK_UART1_FD", pair[0]);
    set_fd("ATLINK_EVENT_FD", bus[0]);
    far_end = pair[1];
    events = bus[1];
    CHECK(atlink_port_open(1, &pins) == 0);
}

// A UART that is the master of a pty; returns the slave's name.
static const char *on_pty(void) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(grantpt(master) == 0 && unlockpt(master) == 0);
    set_fd("ATLINK_UART1_FD", master);
    CHECK(atlink_port_open(1, &pins) == 0);
    return ptsname(master);
}

static int open_slave(const char *name) {
    int slave = open(name, O_RDWR | O_NOCTTY);
    struct termios raw;
    CHECK(tcgetattr(slave, &raw) == 0);
    cfmakeraw(&raw);
    CHECK(tcsetattr(slave, TCSANOW, &raw) == 0);
    return slave;
}

static size_t put(const char *text) {
    return atlink_port_write((const uint8_t *)text, strlen(text));
}

static uint32_t block(uint32_t want, uint64_t us) {
    return atlink_port_block(want, NULL, us == 0 ? 0 : atlink_port_now_us() + us);
}

static char heard[65536];

static size_t hear(int fd) {
    ssize_t n = recv(fd, heard, sizeof(heard), MSG_DONTWAIT);
    return n > 0 ? n : 0;
}

static void writes_leave_together(void) {
    on_sockets();
    CHECK(put("echo ") == 5);
    CHECK(put("answer") == 6);
    CHECK(hear(far_end) == 0);
    CHECK(atlink_port_room() == ATLINK_TX_SIZE - 11);
    CHECK(atlink_port_pending() == 11);
    atlink_port_push();
    CHECK(atlink_port_room() == ATLINK_TX_SIZE);
    CHECK(atlink_port_pending() > 0); // nobody has taken it from the wire
    CHECK_BYTES(heard, hear(far_end), "echo answer");
    CHECK(atlink_port_pending() == 0);
}

// Comes first: only the very first bytes are told of.
static void the_first_bytes_are_reported_once(void) {
    on_sockets();
    CHECK(put("\r\nready\r\n") == 9);
    CHECK(hear(events) == 0);
    atlink_port_push();
    CHECK_BYTES(heard, hear(events), "{\"uart_tx\":true}");
    put("more");
    atlink_port_push();
    CHECK(hear(events) == 0);
}

static void a_half_full_ring_leaves_by_itself(void) {
    on_sockets();
    static uint8_t half[ATLINK_TX_SIZE / 2];
    CHECK(atlink_port_write(half, sizeof(half) - 1) == sizeof(half) - 1);
    CHECK(hear(far_end) == 0);
    CHECK(put("x") == 1);
    CHECK(hear(far_end) == sizeof(half));
}

static void bytes_are_received_straight_into_the_ring(void) {
    on_sockets();
    CHECK(put("head") == 4);
    atlink_ring_put(&atlink_port_tx, 0, (const uint8_t *)"body", 4);
    atlink_port_filled(4);
    CHECK(put("tail") == 4);
    atlink_port_push();
    CHECK_BYTES(heard, hear(far_end), "headbodytail");
    atlink_port_filled(ATLINK_TX_SIZE);
    CHECK(hear(far_end) == ATLINK_TX_SIZE); // more than half: it leaves by itself
}

static size_t asked;

static void *no_memory(size_t size) {
    asked = size;
    return NULL;
}

static void memory_is_that_of_the_imitated_chip(void) {
    void *memory = atlink_port_alloc(100);
    CHECK(memory != NULL);
    atlink_port_free(memory);
    atlink_port_heap(no_memory, free);
    CHECK(atlink_port_alloc(8192) == NULL && asked == 8192);
}

static void a_full_wire_loses_nothing(void) {
    on_sockets();
    uint8_t block_of[1000];
    size_t written = 0, n;
    for (;;) {
        for (size_t i = 0; i < sizeof(block_of); i++) {
            block_of[i] = (written + i) * 31 >> 3;
        }
        n = atlink_port_write(block_of, sizeof(block_of));
        written += n;
        if (n < sizeof(block_of)) {
            break;
        }
    }
    CHECK(atlink_port_room() == 0);
    CHECK(put("x") == 0);
    CHECK(block(ATLINK_UART_RX, 0) == 0);
    size_t read = 0;
    while (read < written) {
        while ((n = hear(far_end)) > 0) {
            for (size_t i = 0; i < n; i++) {
                CHECK((uint8_t)heard[i] == (uint8_t)((read + i) * 31 >> 3));
            }
            read += n;
        }
        if (read < written && !(block(0, SECOND) & ATLINK_UART_TX)) {
            break;
        }
        atlink_port_push();
    }
    CHECK(read == written);
}

static void what_arrives_wakes_and_is_read(void) {
    on_sockets();
    CHECK(block(WANTED, 0) == 0);
    CHECK(write(far_end, "AT\r\n", 4) == 4);
    CHECK(block(WANTED, SECOND) == ATLINK_UART_RX);
    CHECK(block(ATLINK_EVENT, 0) == 0); // not asked for
    uint8_t buf[16];
    CHECK(atlink_port_read(buf, 2) == 2);
    CHECK(block(WANTED, SECOND) == ATLINK_UART_RX);
    CHECK_BYTES(buf, atlink_port_read(buf, sizeof(buf)), "\r\n");
    CHECK(atlink_port_read(buf, sizeof(buf)) == 0);
    CHECK(write(events, "{}", 2) == 2);
    CHECK(block(WANTED, UINT64_MAX / 2) == ATLINK_EVENT);
    close(events);
    CHECK(block(WANTED, SECOND) == ATLINK_EVENT); // a packet is left
}

static void a_lost_event_descriptor_is_left_alone(void) {
    on_sockets();
    close(events);
    block(WANTED, SECOND);
    uint64_t from = atlink_port_now_us();
    CHECK(block(WANTED, 50000) == 0);
    CHECK(atlink_port_now_us() - from >= 50000);
}

static void links_are_watched_on_demand(void) {
    on_sockets();
    int a[2], b[2];
    CHECK(pipe(a) == 0 && pipe(b) == 0);
    atlink_watch_t watch[ATLINK_LINKS] = {[0] = {a[0], ATLINK_READ}, [ATLINK_LINKS - 1] = {b[1], ATLINK_WRITE}};
    CHECK(atlink_port_block(ATLINK_LINK(0), watch, 0) == 0);
    CHECK(atlink_port_block(ATLINK_LINK(0) | ATLINK_LINK(ATLINK_LINKS - 1), watch, 0) == ATLINK_LINK(ATLINK_LINKS - 1));
    close(a[1]);
    CHECK(atlink_port_block(ATLINK_LINK(0), watch, 0) == ATLINK_LINK(0)); // its end is news
    close(a[0]);
    close(b[0]);
    close(b[1]);
}

static void settings_are_reported_as_they_are(void) {
    on_sockets();
    atlink_settings_t now;
    atlink_port_settings(&now);
    CHECK(now.baud == 115201 && now.bits == 8 && now.stop == 1 && !now.parity && !now.flow);
    CHECK(atlink_port_config(&(atlink_settings_t) {921600, 7, 3, 2, 3}) == 0);
    CHECK_BYTES(heard, hear(events), "{\"uart\":[922190,7,3,2,3]}");
    atlink_port_settings(&now);
    CHECK(now.baud == 922190 && now.stop == 3 && now.flow == 3);
    const atlink_pins_t no_flow = {17, 21, -1, -1};
    CHECK(atlink_port_open(1, &no_flow) == 0);
    CHECK(atlink_port_config(&(atlink_settings_t) {9600, 8, 1, 0, 1}) == EINVAL);
    CHECK(hear(events) == 0);
    close(events);
    CHECK(atlink_port_config(&(atlink_settings_t) {9600, 8, 1, 0, 0}) == EPIPE);
    atlink_port_settings(&now);
    CHECK(now.baud == 115201);
    unsetenv("ATLINK_EVENT_FD");
    CHECK(atlink_port_open(1, &pins) == 0);
    CHECK(atlink_port_config(&(atlink_settings_t) {9600, 8, 1, 0, 0}) == 0);
}

static void a_report_waits_for_room(void) {
    on_sockets();
    int flags = fcntl(events, F_GETFL);
    fcntl(events, F_SETFL, flags | O_NONBLOCK);
    fcntl(atoi(getenv("ATLINK_EVENT_FD")), F_SETFL, flags | O_NONBLOCK);
    int filler = atoi(getenv("ATLINK_EVENT_FD"));
    while (write(filler, heard, 1) == 1) {
    }
    pid_t child = fork();
    if (child == 0) {
        usleep(20000);
        while (recv(events, heard, sizeof(heard), 0) == 1) {
        }
        _exit(0);
    }
    CHECK(atlink_port_config(&(atlink_settings_t) {9600, 8, 1, 0, 0}) == 0);
    kill(child, SIGKILL);
}

static void a_pty_without_a_host_keeps_what_is_sent(void) {
    unsetenv("ATLINK_EVENT_FD");
    const char *name = on_pty();
    close(open_slave(name));
    block(ATLINK_UART_RX, 0);
    CHECK(put("\r\nready\r\n") == 9);
    atlink_port_push();
    CHECK(atlink_port_pending() == 9);
    uint64_t from = atlink_port_now_us();
    int rounds = 0;
    while (atlink_port_now_us() - from < 120000) {
        CHECK(block(ATLINK_UART_RX, 200000) == 0);
        rounds++;
    }
    CHECK(rounds <= 4); // it sleeps meanwhile
    uint8_t buf[8];
    CHECK(atlink_port_read(buf, sizeof(buf)) == 0);
    int slave = open_slave(name);
    for (int i = 0; i < 100 && atlink_port_pending() > 0; i++) {
        block(ATLINK_UART_RX, 100000);
        atlink_port_push();
    }
    CHECK_BYTES(heard, (size_t)read(slave, heard, sizeof(heard)), "\r\nready\r\n");
    CHECK(write(slave, "AT\r\n", 4) == 4);
    CHECK(block(ATLINK_UART_RX, SECOND) == ATLINK_UART_RX);
    CHECK_BYTES(buf, atlink_port_read(buf, sizeof(buf)), "AT\r\n");
    close(slave);
}

static void a_slow_host_gets_every_byte(void) {
    int slave = open_slave(on_pty());
    fcntl(slave, F_SETFL, O_NONBLOCK);
    size_t written = 0, heard_of = 0;
    for (int round = 0; round < 4000 && (written < 300000 || heard_of < written); round++) {
        uint8_t more[701];
        for (size_t i = 0; i < sizeof(more); i++) {
            more[i] = (written + i) * 31 >> 3;
        }
        if (written < 300000) {
            written += atlink_port_write(more, sizeof(more));
        } else {
            block(0, 1000);
            atlink_port_push();
        }
        ssize_t n = read(slave, heard, 613);
        for (ssize_t i = 0; i < n; i++) {
            CHECK((uint8_t)heard[i] == (uint8_t)((heard_of + i) * 31 >> 3));
        }
        heard_of += n > 0 ? n : 0;
    }
    CHECK(heard_of == written && written >= 300000);
    close(slave);
}

static void a_host_that_left_is_still_read(void) {
    const char *name = on_pty();
    int slave = open_slave(name);
    CHECK(write(slave, "AT\r\n", 4) == 4);
    close(slave);
    uint32_t ready = 0;
    for (int i = 0; i < 100 && ready == 0; i++) { // a pty hands on when it likes to
        ready = block(ATLINK_UART_RX, SECOND);
    }
    CHECK(ready == ATLINK_UART_RX);
    CHECK(block(ATLINK_UART_RX, 0) == ATLINK_UART_RX);
    uint8_t buf[8];
    CHECK_BYTES(buf, atlink_port_read(buf, sizeof(buf)), "AT\r\n");
    CHECK(atlink_port_read(buf, sizeof(buf)) == 0);
    CHECK(block(ATLINK_UART_RX, 1000) == 0);
}

static void a_far_end_that_is_gone_is_survived(void) {
    on_sockets();
    CHECK(write(far_end, "AT", 2) == 2);
    close(far_end);
    uint8_t buf[8];
    CHECK(put("late") == 4);
    atlink_port_push();
    CHECK(atlink_port_pending() >= 4);
    CHECK(block(ATLINK_UART_RX, SECOND) == ATLINK_UART_RX);
    CHECK(atlink_port_read(buf, sizeof(buf)) == 2);
    CHECK(atlink_port_read(buf, sizeof(buf)) == 0);
    CHECK(block(ATLINK_UART_RX, 1000) == 0);
}

static void ignore(int number) {
    (void)number;
}

static void a_signal_ends_the_sleep(void) {
    on_sockets();
    struct sigaction action = {.sa_handler = ignore};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    struct itimerval soon = {.it_value = {0, 20000}};
    CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    CHECK(atlink_port_block(WANTED, NULL, UINT64_MAX) == 0);
}

static void no_uart_without_a_descriptor(void) {
    CHECK(atlink_port_open(0, &pins) == ENODEV);
    setenv("ATLINK_UART1_FD", "x", 1);
    CHECK(atlink_port_open(1, &pins) == ENODEV);
    setenv("ATLINK_UART1_FD", "999", 1);
    CHECK(atlink_port_open(1, &pins) == ENODEV);
    setenv("ATLINK_UART1_FD", "", 1);
    CHECK(atlink_port_open(1, &pins) == ENODEV);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    CHECK(block(WANTED, 1000) == 0); // before any UART is open
    CHECK(atlink_port_pending() == 0);
    no_uart_without_a_descriptor();
    the_first_bytes_are_reported_once();
    writes_leave_together();
    a_half_full_ring_leaves_by_itself();
    bytes_are_received_straight_into_the_ring();
    memory_is_that_of_the_imitated_chip();
    a_full_wire_loses_nothing();
    what_arrives_wakes_and_is_read();
    a_lost_event_descriptor_is_left_alone();
    links_are_watched_on_demand();
    settings_are_reported_as_they_are();
    a_report_waits_for_room();
    a_pty_without_a_host_keeps_what_is_sent();
    a_slow_host_gets_every_byte();
    a_host_that_left_is_still_read();
    a_signal_ends_the_sleep();
    a_far_end_that_is_gone_is_survived();
    return CHECK_END();
}
