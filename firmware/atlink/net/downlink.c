// From links to the host: `+IPD` messages, passthrough, counted answers of AT+CIPRECVDATA.
//
// Everything is received straight into the free part of the transmit ring, behind room for its
// head; a head that is shorter than was thought moves the payload. Bytes are taken from a socket
// only if the ring has room for them, so a slow host leaves its data in the sockets and the peers
// are held back.

#include "core/ipd.h"
#include "flow.h"
#include "port.h"
#include "tls.h"
#include "uart.h"

#define PIECES_AT_ONCE (32)
#define STREAM_ROOM (ATLINK_TX_SIZE / 2) // a piece of a stream is worth its head then
#define DATAGRAM_ROOM (ATLINK_IPD_HEAD_MAX + ATLINK_IPD_MAX) // one of up to two packets comes whole

_Static_assert(DATAGRAM_ROOM <= ATLINK_TX_SIZE, "the ring takes the longest piece");

static bool gate_open;
static bool may_tell; // notices go straight to the host, too: no filter looks at them
static bool is_held; // for the moment, though the gate is open
static uint32_t passed; // pieces, modulo 2**32
static unsigned turn; // the link that is served first, so that none starves the others

// Let received data pass to the host or not: the AT port has one writer at a time. Counted
// answers pass a closed gate, because they are what the writer is writing. Returns how many pieces
// have passed so far.
uint32_t atlink_down_gate(bool open, bool tells) {
    gate_open = open;
    may_tell = open && tells;
    return passed;
}

// mode: all but DOWN_COUNT; number of the link in heads, -1 none; info: with sender; single: notices
// tell the size of the next datagram alone.
void atlink_down_set(atlink_link_t *link, int mode, int number, bool info, bool single) {
    if (mode != DOWN_NOTICE) {
        link->down.told = false;
    }
    link->down.mode = (uint8_t)mode;
    link->down.number = (int8_t)number;
    link->down.info = info;
    link->down.single = single;
    link->down.ready = true;
}

static void fill_sender(const atlink_link_t *link, const atlink_addr_t *sender, char *text,
    atlink_ipd_from_t *from) {
    from->link = link->down.number;
    from->ip = NULL;
    from->port = 0;
    if (link->down.info && sender->len > 0) {
        from->port = (uint16_t)atlink_addr_format(sender, text, false);
        from->ip = text;
    }
}

// Room in the ring that a link's next piece needs.
static size_t room_for(const atlink_link_t *link) {
    return link->down.mode == DOWN_NOTICE ? ATLINK_IPD_NOTICE_MAX
        : link->kind == ATLINK_NET_TCP ? STREAM_ROOM : DATAGRAM_ROOM;
}

// Write a head, which ends at `end`, and the `size` bytes that stand in the free part of the ring
// `at` bytes behind its beginning.
static void put(const uint8_t *end, size_t head, size_t at, size_t size) {
    if (at != head) {
        atlink_ring_move(&atlink_port_tx, at, head, size);
    }
    atlink_ring_put(&atlink_port_tx, 0, end - head, head);
    atlink_port_filled(head + size);
}

// One datagram is one answer; of one that is larger than wanted the rest stays in the socket.
static int32_t count_datagram(atlink_link_t *link, uint32_t wanted) {
    atlink_addr_t sender;
    char text[ATLINK_ADDR_TEXT];
    atlink_ipd_from_t from;
    uint8_t head[ATLINK_IPD_HEAD_MAX];
    uint8_t *end = head + sizeof(head);
    atlink_span_t spans[2];
    atlink_ring_free(&atlink_port_tx, sizeof(head), ATLINK_IPD_MAX, spans);
    int got = atlink_net_piece(link, spans, wanted < ATLINK_IPD_MAX ? wanted : ATLINK_IPD_MAX, &sender);
    if (got >= 0) {
        fill_sender(link, &sender, text, &from);
        put(end, atlink_ipd_recvdata(end, (uint32_t)got, &from), sizeof(head), (size_t)got);
    }
    return got;
}

// Bytes of a stream that can be read now; of TLS what is still encrypted cannot be counted.
static int readable(atlink_link_t *link) {
    int there = atlink_net_available(link);
    return link->tls != NULL && there > 0 ? (int)atlink_tls_available(link->tls) : there;
}

// Begin the answer of AT+CIPRECVDATA: its head now, the bytes as the ring has room. Returns how
// many there will be; AGAIN if there is nothing to read or no room for a head.
int32_t atlink_down_count(atlink_link_t *link, uint32_t wanted) {
    if (atlink_port_room() < (link->kind == ATLINK_NET_TCP ? STREAM_ROOM : DATAGRAM_ROOM)) {
        return ATLINK_NET_AGAIN;
    }
    if (link->kind != ATLINK_NET_TCP) {
        return count_datagram(link, wanted);
    }
    int there = readable(link);
    if (there <= 0) {
        return there == 0 ? ATLINK_NET_AGAIN : there;
    }
    char text[ATLINK_ADDR_TEXT];
    atlink_ipd_from_t from;
    uint32_t count = wanted < (uint32_t)there ? wanted : (uint32_t)there;
    uint8_t head[ATLINK_IPD_HEAD_MAX];
    uint8_t *end = head + sizeof(head);
    fill_sender(link, &link->peer, text, &from);
    put(end, atlink_ipd_recvdata(end, count, &from), 0, 0);
    link->down.mode = DOWN_COUNT;
    link->down.left = count;
    link->down.ready = true;
    return (int32_t)count;
}

// The answer of AT+CIPRECVDATA of a stream, head and bytes; false if there is nothing or no room.
static bool answer_stream(atlink_link_t *link, uint32_t wanted) {
    int there = readable(link);
    size_t size = there > 0 && (uint32_t)there < wanted ? (size_t)there : wanted;
    if (there <= 0 || size + ATLINK_IPD_HEAD_MAX > atlink_port_room()) {
        return false;
    }
    char text[ATLINK_ADDR_TEXT];
    atlink_ipd_from_t from;
    uint8_t head[ATLINK_IPD_HEAD_MAX];
    uint8_t *end = head + sizeof(head);
    atlink_span_t spans[2];
    fill_sender(link, &link->peer, text, &from);
    size_t at = atlink_ipd_recvdata(end, (uint32_t)size, &from);
    atlink_ring_free(&atlink_port_tx, at, size, spans);
    int got = atlink_net_receive(link, spans);
    if (got <= 0) {
        return false;
    }
    put(end, atlink_ipd_recvdata(end, (uint32_t)got, &from), at, (size_t)got);
    atlink_down_told(link, false);
    link->down.ready = got < there || link->tls != NULL; // else the socket tells of more
    return true;
}

// Write the whole answer of AT+CIPRECVDATA at once, if nobody else writes and the ring takes it;
// false: that is not possible now. What is left, or comes, is announced anew.
bool atlink_down_now(atlink_link_t *link, uint32_t wanted) {
    if (link->down.mode != DOWN_NOTICE || !gate_open) {
        return false;
    }
    if (link->kind == ATLINK_NET_TCP) {
        return answer_stream(link, wanted);
    }
    if (atlink_port_room() < DATAGRAM_ROOM || count_datagram(link, wanted) < 0) {
        return false;
    }
    atlink_down_told(link, false);
    return true;
}

// Note whether the host knows of what waits on a link.
void atlink_down_told(atlink_link_t *link, bool told) {
    link->down.told = told;
    link->down.ready = true;
}

// A command line that has come is served before a notice: the host may have begun to ask for data.
static bool may_notify(void) {
    return may_tell && !is_held && atlink_uart_rx.event != ATLINK_LINE;
}

// Whether a message of so many bytes, which no filter is to see, may go straight to the ring now; it
// counts as passed.
bool atlink_down_admit(size_t size) {
    bool may = may_tell && atlink_uart_rx.mode != ATLINK_MODE_STREAM
        && atlink_uart_typing_us() == 0 && atlink_port_room() >= size;
    passed += may;
    return may;
}

// News of the upward flow come first: the host is told that its bytes were sent before it sees
// what the peer answers to them.
static bool may_move(const atlink_link_t *link) {
    switch (link->down.mode) {
        case DOWN_OFF:
            return false;
        case DOWN_COUNT:
            return true;
        case DOWN_NOTICE:
            return !link->down.told && may_notify() && !atlink_up_has_news();
        default:
            return gate_open && !is_held && !atlink_up_has_news();
    }
}

// Whether Python is to see a link whose data C looks after: it has ended, or there is a notice that
// C may not write.
bool atlink_down_needs_python(atlink_link_t *link) {
    if (link->down.mode != DOWN_NOTICE) {
        return link->down.mode != DOWN_OFF && link->eof;
    }
    if (link->down.told) {
        return false;
    }
    if (!may_tell && link->down.ready) {
        link->down.ready = atlink_net_available(link) > 0;
    }
    return atlink_net_ended(link) || (!may_tell && link->down.ready);
}

// Whether wait() is to watch the link for us.
bool atlink_down_wants(const atlink_link_t *link) {
    bool waits = link->down.mode == DOWN_NOTICE ? !link->down.told : may_move(link);
    return waits && !link->down.ready && !link->eof;
}

// So many bytes of a counted answer are on their way.
static void count_down(atlink_link_t *link, size_t size) {
    if (link->down.mode == DOWN_COUNT) {
        link->down.left -= (uint32_t)size;
        if (link->down.left == 0) {
            link->down.mode = DOWN_OFF;
            link->down.done = true;
        }
    }
}

// One piece; of a datagram that is longer than that the rest is the next one.
static int receive(atlink_link_t *link, const atlink_span_t spans[2], size_t limit,
    atlink_addr_t *sender) {
    return link->kind == ATLINK_NET_TCP ? atlink_net_receive(link, spans)
        : atlink_net_piece(link, spans, limit, sender);
}

// Receive one piece of at most `limit` bytes behind its head.
static int move_headed(atlink_link_t *link, size_t limit) {
    atlink_addr_t sender = { .len = 0 };
    char text[ATLINK_ADDR_TEXT];
    atlink_ipd_from_t from;
    uint8_t head[ATLINK_IPD_HEAD_MAX];
    uint8_t *end = head + sizeof(head);
    atlink_span_t spans[2];
    bool is_stream = link->kind == ATLINK_NET_TCP;
    fill_sender(link, &link->peer, text, &from);
    // Of a datagram the sender is not known before; of a stream only the count may get shorter.
    size_t at = is_stream ? atlink_ipd_head_size((uint32_t)limit, &from) : sizeof(head);
    atlink_ring_free(&atlink_port_tx, at, limit, spans);
    int got = receive(link, spans, limit, &sender);
    if (got > 0) {
        if (!is_stream) {
            fill_sender(link, &sender, text, &from);
        }
        put(end, atlink_ipd_head(end, (uint32_t)got, &from), at, (size_t)got);
    }
    return got;
}

// The same without a head.
static int move_bare(atlink_link_t *link, size_t limit) {
    atlink_addr_t sender;
    atlink_span_t spans[2];
    atlink_ring_free(&atlink_port_tx, 0, limit, spans);
    int got = receive(link, spans, limit, &sender);
    if (got > 0) {
        atlink_port_filled((size_t)got);
        count_down(link, (size_t)got);
    }
    return got;
}

// Tell the host once that there is something to read.
static void notify(atlink_link_t *link) {
    int there = link->down.single ? atlink_net_next(link) : atlink_net_available(link);
    link->down.ready = false;
    if (there > 0) {
        uint8_t text[ATLINK_IPD_NOTICE_MAX];
        atlink_net_follow(link); // who is announced is who can be answered
        atlink_port_write(text, atlink_ipd_notice(text, link->down.number, (uint32_t)there));
        link->down.told = true;
    }
}

// Receive one piece. Less than was asked for means that the socket of a stream is empty.
static void move(atlink_link_t *link) {
    if (link->down.mode == DOWN_NOTICE) {
        notify(link);
        return;
    }
    bool has_head = link->down.mode == DOWN_IPD;
    size_t limit = atlink_port_room() - (has_head ? ATLINK_IPD_HEAD_MAX : 0);
    size_t most = link->down.mode == DOWN_COUNT ? link->down.left
        : has_head || link->kind != ATLINK_NET_TCP ? ATLINK_IPD_MAX : SIZE_MAX;
    if (limit > most) {
        limit = most;
    }
    int got = has_head ? move_headed(link, limit) : move_bare(link, limit);
    link->down.ready = got > 0 && ((size_t)got == limit || link->kind != ATLINK_NET_TCP
        || link->tls != NULL);
}

// The next link that has something to move, beginning with the one whose turn it is.
static atlink_link_t *next_in_turn(void) {
    uint32_t before = (1u << turn % ATLINK_NET_SLOTS) - 1;
    uint32_t parts[] = {atlink_net_used & ~before, atlink_net_used & before};
    for (int part = 0; part < 2; ++part) {
        for (uint32_t left = parts[part]; left != 0; left &= left - 1) {
            atlink_link_t *link = atlink_net_slot(__builtin_ctz(left));
            if (link->down.ready && may_move(link)) {
                return link;
            }
        }
    }
    return NULL;
}

// Serve links in turn, a piece each, while the ring has room and sockets have bytes; but not for
// ever, because others want to be served, too. `held`: only counted answers. Returns how the
// matter stands; with DOWN_NO_ROOM *room is how much the next piece needs.
atlink_down_state_t atlink_down_run(bool held, size_t *room) {
    is_held = held;
    for (int pieces = 0; pieces < PIECES_AT_ONCE; ++pieces) {
        atlink_link_t *link = next_in_turn();
        if (link == NULL) {
            return DOWN_QUIET;
        }
        if (atlink_port_room() < room_for(link)) {
            *room = room_for(link);
            return DOWN_NO_ROOM;
        }
        turn = (unsigned)atlink_net_index(link) + 1;
        ++passed;
        move(link);
    }
    return DOWN_MORE;
}
