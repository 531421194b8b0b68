// From the host to a link: the payload of AT+CIPSEND and AT+CIPSENDEX (collected, then sent in
// one go), AT+CIPSENDL and passthrough (streamed by the framer's rules).
//
// There is one AT port, so there is one flow and one buffer; a block that is too large for it takes
// one of its own until it is sent. Python starts the flow, is told when it has news, and decides
// what follows; the receive mode of the UART is Python's, too.

#include <string.h>

#include "core/unescape.h"
#include "flow.h"
#include "port.h"
#include "uart.h"

#define ROUNDS (16) // full buffers to move before others are looked after

typedef enum { KIND_COLLECT, KIND_ESCAPED, KIND_SEND, KIND_STREAM } up_kind_t;

#define PLUSES (3) // room for a `+++` behind a full buffer

static uint8_t own[ATLINK_UP_SIZE + PLUSES];
static uint8_t *buffer = own;
static size_t buffer_size = sizeof(own);

static struct {
    uint8_t kind; // up_kind_t
    uint8_t state; // atlink_up_state_t
    bool news;
    bool drop; // swallow what should be sent
    bool blocked; // the link took nothing
    bool has_room; // for more from the UART
    bool is_endless; // passthrough: the host may be silent as long as it likes
    bool has_peer; // send to `peer`, not to the link's own
    int32_t handle; // -1: none for now
    uint32_t received;
    uint32_t sent;
    uint32_t surplus;
    uint32_t report; // tell Python each time so many bytes were sent; 0: not
    uint32_t report_at;
    uint32_t count; // KIND_ESCAPED: bytes at most
    uint64_t full_us; // when the UART was last kept waiting for room
    atlink_framer_t framer;
    atlink_unescape_t unescape;
    atlink_addr_t peer;
} up;

static void release(void) {
    if (buffer != own) {
        atlink_port_free(buffer);
        buffer = own;
        buffer_size = sizeof(own);
    }
}

// Have room for so many bytes; false, and our own buffer, if there is no memory.
static bool reserve(size_t size) {
    release();
    if (size > ATLINK_UP_SIZE) {
        uint8_t *large = atlink_port_alloc(size + PLUSES);
        if (large == NULL) {
            return false;
        }
        buffer = large;
        buffer_size = size + PLUSES;
    }
    return true;
}

static void begin(up_kind_t kind, int32_t handle) {
    up.kind = (uint8_t)kind;
    up.state = UP_RUNNING;
    up.news = false;
    up.drop = false;
    up.blocked = false;
    up.has_room = true;
    up.is_endless = false;
    up.has_peer = false;
    up.full_us = 0;
    up.handle = handle;
    up.sent = 0;
}

static void end(atlink_up_state_t state) {
    if (state == UP_ENDED) {
        up.received -= PLUSES; // the `+++` was counted, but is no payload
    }
    up.state = (uint8_t)state;
    up.news = true;
    atlink_uart_pump(ATLINK_PUMP_NONE);
}

// Collect count bytes, 1..ATLINK_PAYLOAD_MAX, of the UART's payload; with escapes up to `\0`. False,
// and nothing has begun, if there is no memory for a large block.
bool atlink_up_collect(uint32_t count, bool escaped) {
    if (!reserve(count)) {
        return false;
    }
    begin(escaped ? KIND_ESCAPED : KIND_COLLECT, -1);
    up.received = 0;
    up.surplus = 0;
    up.count = count;
    atlink_unescape_init(&up.unescape);
    atlink_framer_init(&up.framer, buffer, buffer_size, ATLINK_CHUNK_MAX, 0,
        escaped ? ATLINK_UNCOUNTED : count, atlink_port_now_us());
    atlink_uart_pump(ATLINK_PUMP_OPEN);
    return true;
}

// Send what comes, as atlink_framer_init() says; tell Python every `report` bytes (0: never). If it
// has no end (passthrough), more is kept while there is no link, if there is memory. Datagrams go to
// the link's peer, or to that of atlink_up_peer().
void atlink_up_stream(int32_t handle, size_t chunk, uint32_t interval_ms, uint32_t total,
    uint32_t report) {
    reserve(total == ATLINK_UNCOUNTED ? ATLINK_PAYLOAD_MAX : 0);
    begin(KIND_STREAM, handle);
    up.received = 0;
    up.surplus = 0;
    up.is_endless = total == ATLINK_UNCOUNTED;
    up.report = report;
    up.report_at = report;
    atlink_framer_init(&up.framer, buffer, buffer_size, chunk, interval_ms, total,
        atlink_port_now_us());
    atlink_uart_pump(ATLINK_PUMP_OPEN);
}

// Send the datagrams of this flow elsewhere.
void atlink_up_peer(const atlink_addr_t *peer) {
    up.has_peer = true;
    up.peer = *peer;
}

void atlink_up_interval(uint32_t interval_ms) {
    atlink_framer_interval(&up.framer, interval_ms);
}

// Go on with another link (-1: wait for one), or swallow all that comes.
void atlink_up_attach(int32_t handle, bool drop) {
    up.handle = handle;
    up.drop = drop;
    up.blocked = false;
    if (up.state == UP_FAILED) {
        up.state = UP_RUNNING;
    }
}

void atlink_up_stop(void) {
    end(UP_IDLE);
    release();
    up.news = false;
    up.blocked = false;
}

void atlink_up_status(atlink_up_status_t *status) {
    *status = (atlink_up_status_t) {up.state, up.received, up.sent, up.surplus};
    up.news = false;
}

// The collected payload, until the next flow begins.
size_t atlink_up_payload(const uint8_t **payload) {
    *payload = buffer;
    return up.received;
}

bool atlink_up_has_news(void) {
    return up.news;
}

// The link that wait() is to watch for room, NULL if there is none.
atlink_link_t *atlink_up_blocked(void) {
    return up.blocked && up.state == UP_RUNNING ? atlink_net_get(up.handle) : NULL;
}

// The link has room, or its time to find some is over: try again.
void atlink_up_unblock(void) {
    up.blocked = false;
}

// Take payload from the UART into the framer's buffer. Less than there is room for is all that
// has come: asking again would cost a system call for nothing.
static void take(uint64_t now) {
    uint8_t *space;
    size_t room = atlink_framer_space(&up.framer, &space);
    if (room > 0) {
        size_t got = atlink_uart_take(space, room);
        atlink_framer_fed(&up.framer, got, now);
        up.received += (uint32_t)got;
        room -= got;
        if (room == 0) {
            room = atlink_framer_space(&up.framer, &space); // at the beginning of the buffer?
        }
    }
    up.has_room = room > 0;
    atlink_uart_pump(up.has_room ? ATLINK_PUMP_OPEN : ATLINK_PUMP_FULL);
}

// The same with escapes: decoded where it was read. The framer sees the raw bytes, for `+++`.
static void take_escaped(uint64_t now) {
    while (up.received < up.count && !up.unescape.ended) {
        uint8_t *space = buffer + up.received;
        size_t used = 0;
        size_t got = atlink_uart_take(space, up.count - up.received);
        if (got == 0) {
            return;
        }
        up.framer.buf = space;
        up.framer.start = up.framer.end = 0;
        atlink_framer_fed(&up.framer, got, now);
        up.received += (uint32_t)atlink_unescape(&up.unescape, space, got, space, got, &used);
        up.surplus = (uint32_t)(got - used);
    }
    end(UP_DONE);
}

static void run_collect(uint64_t now) {
    if (up.framer.ended) {
        end(UP_ENDED);
    } else if (up.kind == KIND_ESCAPED) {
        take_escaped(now);
    } else {
        take(now);
        if (up.framer.left == 0) {
            end(UP_DONE);
        }
    }
}

// Bytes that the link took, 0 if it takes none now. A link that fails ends the flow for now.
static size_t give(const uint8_t *data, size_t size) {
    if (up.drop) {
        return size;
    }
    atlink_link_t *link = atlink_net_get(up.handle);
    int taken = ATLINK_NET_FAIL;
    if (link != NULL) {
        taken = up.has_peer ? atlink_net_sendto(link, data, size, &up.peer)
            : atlink_net_send(link, data, size);
    }
    up.blocked = taken == ATLINK_NET_AGAIN;
    if (taken == ATLINK_NET_FAIL && up.handle >= 0) {
        up.handle = -1;
        up.state = UP_FAILED;
        up.news = true;
    }
    if (taken > 0) {
        up.sent += (uint32_t)taken;
    }
    return taken > 0 ? (size_t)taken : 0;
}

static void run_send(void) {
    while (up.sent < up.received) {
        if (give(buffer + up.sent, up.received - up.sent) == 0) {
            return;
        }
    }
    end(UP_DONE);
}

// Send what was collected, at once as far as the link takes it; datagrams to `peer` unless NULL.
void atlink_up_send(int32_t handle, const atlink_addr_t *peer) {
    begin(KIND_SEND, handle);
    if (peer != NULL) {
        atlink_up_peer(peer);
    }
    run_send();
}

static void send_chunks(uint64_t now) {
    const uint8_t *data;
    size_t size;
    const atlink_link_t *link = atlink_net_get(up.handle);
    bool is_stream = link != NULL && link->kind == ATLINK_NET_TCP;
    while (up.state == UP_RUNNING) {
        size = is_stream ? atlink_framer_chunks(&up.framer, now, &data)
            : atlink_framer_chunk(&up.framer, now, &data);
        if (size == 0) {
            break;
        }
        size_t taken = give(data, size);
        if (taken == 0) {
            break;
        }
        atlink_framer_sent(&up.framer, taken);
    }
    if (up.report > 0 && up.sent >= up.report_at) {
        up.report_at = up.sent - up.sent % up.report + up.report;
        up.news = true;
    }
}

// Whether the full buffer has become less full, so that the UART can go on.
static bool has_moved(void) {
    uint8_t *space;
    return up.state == UP_RUNNING && !up.framer.ended
           && atlink_framer_space(&up.framer, &space) > 0;
}

// A full buffer and no link: the oldest bytes go, so that a `+++` behind them is seen.
static void forget_oldest(uint64_t now) {
    const uint8_t *data;
    size_t size;
    while (up.handle < 0 && !up.has_room
           && (size = atlink_framer_chunk(&up.framer, now, &data)) > 0) {
        atlink_framer_sent(&up.framer, size);
        take(now);
    }
}

// Bytes are taken while there is no link, too. `+++` ends that as well.
static void run_stream(uint64_t now) {
    if (!up.framer.ended) {
        take(now);
        if (up.framer.left == 0 && atlink_uart_rx.mode == ATLINK_MODE_HOLD) {
            atlink_rx_busy(&atlink_uart_rx); // the rest may take a while, in which lines can come
        }
        if (up.state == UP_RUNNING && !up.drop) {
            forget_oldest(now);
        }
    }
    if (up.state == UP_RUNNING && !up.blocked) {
        send_chunks(now);
        for (int i = 0; i < ROUNDS && !up.has_room && has_moved(); ++i) {
            take(now);
            send_chunks(now);
        }
    }
    bool empty = atlink_framer_waiting(&up.framer) == 0;
    if (up.framer.ended) {
        if (empty || up.state == UP_FAILED || (up.handle < 0 && !up.drop)) {
            end(UP_ENDED);
        }
    } else if (empty && up.framer.left == 0 && up.state == UP_RUNNING) {
        end(UP_DONE);
    }
}

// How long the host may be silent: until this time, if it owes payload that it has announced.
static uint64_t patience(void) {
    bool is_owed = up.state == UP_RUNNING && up.kind != KIND_SEND && !up.is_endless
        && up.framer.left > 0 && !up.framer.ended;
    uint64_t since = up.framer.last_us > up.full_us ? up.framer.last_us : up.full_us;
    return is_owed ? since + ATLINK_SILENCE_MS * 1000ull : ATLINK_NEVER;
}

// When the flow has something to do without news from UART or link; but for silent hosts.
static uint64_t next_time(void) {
    if (up.kind == KIND_STREAM && !up.has_room && has_moved()) {
        return 0; // at once, but after everybody else
    }
    bool taking = up.state != UP_IDLE && (up.framer.ended || up.has_room);
    if (up.kind == KIND_SEND || !taking || up.state == UP_DONE || up.state == UP_ENDED) {
        return ATLINK_NEVER;
    }
    if (up.kind == KIND_STREAM && up.state == UP_RUNNING && !up.blocked
        && (up.handle >= 0 || up.drop)) {
        return atlink_framer_deadline(&up.framer);
    }
    return up.framer.held > 0 ? up.framer.last_us + ATLINK_GUARD_US + 1 : ATLINK_NEVER;
}

// Move on as far as it goes; the time at which there is something to do again without news.
uint64_t atlink_up_run(uint64_t now_us) {
    if (up.state != UP_RUNNING && up.state != UP_FAILED) {
        return ATLINK_NEVER;
    }
    if (up.blocked && atlink_net_get(up.handle) == NULL) {
        up.blocked = false; // the link was closed meanwhile: giving it more will tell
    }
    if (up.kind == KIND_SEND) {
        if (!up.blocked && up.state == UP_RUNNING) {
            run_send();
        }
        return ATLINK_NEVER;
    }
    atlink_framer_idle(&up.framer, atlink_uart_quiet_us());
    if (up.kind == KIND_STREAM) {
        run_stream(now_us);
    } else {
        run_collect(now_us);
    }
    if (!up.has_room) {
        up.full_us = now_us;
    }
    uint64_t last = patience();
    if (up.framer.quiet_us > last) {
        end(UP_SILENT);
        last = ATLINK_NEVER;
    }
    if (last < now_us) { // nobody saw the UART empty: look again
        last = now_us + ATLINK_GUARD_US;
    }
    uint64_t next = next_time();
    return next <= last ? next : last + 1;
}
