// uart.c on a port made of two arrays: staging, echo against a full ring, what wait() is told.
#include <errno.h>

#include "check.h"
#include "uart.h"

static const char *incoming; // what the port has to read
static size_t incoming_len;
static size_t reads; // calls of atlink_port_read()
static char sent[65536];
static size_t sent_len;
static size_t room; // of the transmit ring
static size_t drains; // bytes that each push frees
static uint64_t now_us;

int atlink_port_open(int port, const atlink_pins_t *pins) {
    (void)pins;
    return port == 1 ? 0 : ENODEV;
}

size_t atlink_port_read(uint8_t *buf, size_t n) {
    reads++;
    if (n > incoming_len) {
        n = incoming_len;
    }
    if (n > 0) {
        memcpy(buf, incoming, n);
        incoming += n;
        incoming_len -= n;
    }
    return n;
}

size_t atlink_port_room(void) {
    return room;
}

uint64_t atlink_port_now_us(void) {
    return now_us;
}

void atlink_port_push(void) {
    room += drains;
}

size_t atlink_port_write(const uint8_t *buf, size_t n) {
    CHECK(n <= room);
    memcpy(sent + sent_len, buf, n);
    sent_len += n;
    room -= n;
    return n;
}

static void begin(void) {
    const atlink_pins_t pins = {17, 21, 20, 19};
    CHECK(atlink_uart_open(1, &pins) == 0);
    atlink_rx_listen(&atlink_uart_rx);
    incoming_len = sent_len = reads = drains = 0;
    room = 8192;
}

static void arrive(const char *text, size_t n) {
    incoming = text;
    incoming_len = n;
}

#define ARRIVE(text) arrive(text, sizeof(text) - 1)
#define CHECK_LINE(text) CHECK_BYTES(atlink_uart_rx.line, atlink_uart_rx.line_len, text)
#define CHECK_SENT(text) CHECK_BYTES(sent, sent_len, text); sent_len = 0

static void lines_come_one_at_a_time(void) {
    begin();
    ARRIVE("AT\r\nATE0\r\nA");
    CHECK(atlink_uart_poll() == ATLINK_LINE);
    CHECK_LINE("AT");
    CHECK_SENT("AT\r\n");
    CHECK(atlink_uart_poll() == ATLINK_NONE);
    atlink_rx_listen(&atlink_uart_rx);
    CHECK(atlink_uart_poll() == ATLINK_LINE);
    CHECK_LINE("ATE0");
    CHECK_SENT("ATE0\r\n");
    CHECK(reads == 1);
    atlink_rx_listen(&atlink_uart_rx);
    CHECK(atlink_uart_poll() == ATLINK_NONE);
    CHECK_SENT("A");
    CHECK(atlink_uart_open(2, &(atlink_pins_t) {17, 21, -1, -1}) == ENODEV);
}

static void no_echo_is_lost_when_the_ring_is_full(void) {
    begin();
    room = 2;
    ARRIVE("AT+GMR\r\n");
    CHECK(atlink_uart_poll() == ATLINK_NONE);
    CHECK_SENT("AT");
    CHECK(!(atlink_uart_watch(ATLINK_UART_RX) & ATLINK_UART_RX)); // would only spin
    drains = 3;
    CHECK(atlink_uart_poll() == ATLINK_LINE); // goes on as the ring drains
    CHECK_SENT("+GMR\r\n");
    CHECK_LINE("AT+GMR");
    begin();
    room = 0;
    ARRIVE("AT\r\n");
    atlink_uart_service(ATLINK_UART_RX);
    CHECK(!atlink_uart_is_ready(ATLINK_UART_RX));
    room = 100;
    atlink_uart_service(0);
    CHECK(atlink_uart_is_ready(0));
    atlink_rx_listen(&atlink_uart_rx);
    atlink_uart_rx.echo = false;
    room = 0;
    atlink_uart_poll();
    atlink_rx_listen(&atlink_uart_rx);
    ARRIVE("AT\r\n");
    CHECK(atlink_uart_poll() == ATLINK_LINE); // without echo the ring does not matter
}

static void payload_follows_a_line_without_a_copy(void) {
    begin();
    uint8_t buf[5000];
    static char big[6000];
    memset(big, 'x', sizeof(big));
    memcpy(big, "AT\r\nabc", 7);
    arrive(big, sizeof(big));
    CHECK(atlink_uart_poll() == ATLINK_LINE);
    atlink_rx_data(&atlink_uart_rx, 5990);
    CHECK(atlink_uart_poll() == ATLINK_DATA);
    CHECK(atlink_uart_take(buf, 3) == 3);
    CHECK_BYTES(buf, 3, "abc");
    CHECK(atlink_uart_take(buf, sizeof(buf)) == 5000);
    CHECK(reads == 2);
    CHECK(atlink_uart_rx.remaining == 987);
    CHECK(atlink_uart_staged() == 512); // of the 993 that came
    CHECK(atlink_uart_take(buf, sizeof(buf)) == 987);
    CHECK(atlink_uart_take(buf, sizeof(buf)) == 0);
    CHECK(atlink_uart_poll() == ATLINK_NONE);
    CHECK(atlink_uart_staged() == 0);
    CHECK(sent_len == 4); // payload is never echoed
    atlink_rx_busy(&atlink_uart_rx); // six bytes too many
    CHECK(atlink_uart_poll() == ATLINK_NONE);
    CHECK(atlink_uart_fragment());
    CHECK(!atlink_uart_fragment());
}

// A command ends while the next line is on its way; in a moment, or after a while, the rest comes.
static void the_rest_of_a_dropped_line_comes_soon_or_not_at_all(void) {
    for (int is_late = 0; is_late < 2; is_late++) {
        begin();
        atlink_rx_busy(&atlink_uart_rx);
        ARRIVE("AT+GM");
        CHECK(atlink_uart_poll() == ATLINK_NONE);
        now_us += 1000000; // the command takes its time
        ARRIVE("R");
        CHECK(atlink_uart_fragment());
        atlink_rx_listen(&atlink_uart_rx);
        uint64_t before = now_us;
        now_us += 200000; // in which the loop sleeps, or is held up
        if (is_late) {
            atlink_uart_slept(ATLINK_UART_RX, ATLINK_UART_RX, before, now_us);
        }
        ARRIVE("?\r\n");
        CHECK(atlink_uart_poll() == (is_late ? ATLINK_LINE : ATLINK_NONE));
        CHECK(sent_len == (is_late ? 3 : 0));
        atlink_rx_listen(&atlink_uart_rx);
        ARRIVE("AT\r\n");
        CHECK(atlink_uart_poll() == ATLINK_LINE);
    }
}

static void small_payload_reads_share_one_look_at_the_port(void) {
    begin();
    uint8_t buf[4];
    atlink_rx_data(&atlink_uart_rx, 8);
    ARRIVE("12345678AT\r\n");
    CHECK(atlink_uart_take(buf, 4) == 4);
    CHECK(atlink_uart_take(buf, 4) == 4);
    CHECK_BYTES(buf, 4, "5678");
    CHECK(reads == 1);
    CHECK(!atlink_uart_fragment()); // nothing is dropped unless busy
    atlink_rx_listen(&atlink_uart_rx);
    CHECK(atlink_uart_poll() == ATLINK_LINE);
}

static void a_fragment_is_looked_for(void) {
    begin();
    atlink_rx_busy(&atlink_uart_rx);
    ARRIVE("AT\r\nAT\r\n\r");
    CHECK(atlink_uart_poll() == ATLINK_BUSY);
    CHECK_LINE("AT");
    CHECK(atlink_uart_fragment()); // the second line
    CHECK(atlink_uart_fragment()); // the CR
    CHECK(!atlink_uart_fragment());
    atlink_rx_listen(&atlink_uart_rx);
    ARRIVE("\nAT\r\n");
    CHECK(atlink_uart_poll() == ATLINK_LINE);
    CHECK_SENT("AT\r\n");
}

static void wait_watches_what_can_move(void) {
    begin();
    const uint32_t all = ATLINK_UART_RX | ATLINK_UART_TX | ATLINK_EVENT;
    CHECK(atlink_uart_watch(all) == all);
    CHECK(atlink_uart_watch(0) == ATLINK_UART_RX); // echo, whoever waits
    ARRIVE("AT\r\n");
    atlink_uart_service(ATLINK_UART_RX);
    CHECK(atlink_uart_is_ready(0));
    CHECK(atlink_uart_watch(all) == (ATLINK_UART_TX | ATLINK_EVENT)); // until it is fetched
    CHECK(atlink_uart_poll() == ATLINK_LINE);
    CHECK(!atlink_uart_is_ready(ATLINK_UART_RX));
    atlink_rx_data(&atlink_uart_rx, 4);
    CHECK(atlink_uart_watch(0) == 0);
    CHECK(atlink_uart_watch(ATLINK_UART_RX) == ATLINK_UART_RX);
    CHECK(atlink_uart_is_ready(ATLINK_UART_RX) && !atlink_uart_is_ready(0));
    ARRIVE("ab");
    CHECK(atlink_uart_poll() == ATLINK_DATA);
    CHECK(atlink_uart_is_ready(0));
}

static void a_pump_takes_the_payload(void) {
    begin();
    uint8_t buf[8];
    atlink_rx_stream(&atlink_uart_rx);
    atlink_uart_pump(ATLINK_PUMP_OPEN);
    CHECK(atlink_uart_watch(0) == ATLINK_UART_RX);
    CHECK(!atlink_uart_is_ready(ATLINK_UART_RX));
    atlink_uart_pump(ATLINK_PUMP_FULL);
    CHECK(atlink_uart_watch(ATLINK_UART_RX) == 0);
    ARRIVE("a\r\n");
    CHECK(atlink_uart_take(buf, 8) == 3);
    CHECK(sent_len == 0);
    atlink_uart_pump(ATLINK_PUMP_NONE);
    CHECK(atlink_uart_watch(ATLINK_UART_RX) == ATLINK_UART_RX);
    begin();
    atlink_rx_stream(&atlink_uart_rx);
    CHECK(atlink_uart_watch(0) == 0); // opening anew ends the pump
}

static void silence_is_what_was_seen(void) {
    begin();
    CHECK(atlink_uart_quiet_us() == 0);
    atlink_uart_slept(ATLINK_UART_RX, 0, 100, 200);
    CHECK(atlink_uart_quiet_us() == 200);
    atlink_uart_slept(ATLINK_UART_RX, ATLINK_UART_RX, 300, 400); // may have been there at once
    CHECK(atlink_uart_quiet_us() == 200);
    atlink_uart_slept(ATLINK_UART_RX, ATLINK_UART_RX, 400, 5000); // ended the sleep
    CHECK(atlink_uart_quiet_us() == 5000);
    atlink_uart_slept(0, 0, 6000, 9000); // nobody looked
    CHECK(atlink_uart_quiet_us() == 5000);
}

int main(void) {
    lines_come_one_at_a_time();
    no_echo_is_lost_when_the_ring_is_full();
    payload_follows_a_line_without_a_copy();
    the_rest_of_a_dropped_line_comes_soon_or_not_at_all();
    small_payload_reads_share_one_look_at_the_port();
    a_fragment_is_looked_for();
    wait_watches_what_can_move();
    a_pump_takes_the_payload();
    silence_is_what_was_seen();
    return CHECK_END();
}
