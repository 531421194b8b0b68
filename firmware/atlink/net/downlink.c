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

#define PIECES_AT_ONCE (32)
#define STREAM_ROOM (ATLINK_TX_SIZE / 2) // a piece of a stream is worth its head then
#define DATAGRAM_ROOM (ATLINK_IPD_HEAD_MAX + ATLINK_IPD_MAX) // a datagram comes whole

_Static_assert(DATAGRAM_ROOM <= ATLINK_TX_SIZE, "the ring takes any datagram");

static bool gate_open;
static int turn; // the link that is served first, so that none starves the others

// Let received data pass to the host or not: the AT port has one writer at a time. Counted
// answers pass a closed gate, because they are what the writer is writing.
void atlink_down_gate(bool open) {
    gate_open = open;
}

// mode: DOWN_OFF, DOWN_IPD or DOWN_RAW; number of the link in heads, -1 none; info: with sender.
void atlink_down_set(atlink_link_t *link, int mode, int number, bool info) {
    link->down.mode = (uint8_t)mode;
    link->down.number = (int8_t)number;
    link->down.info = info;
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
    return link->kind == ATLINK_NET_TCP ? STREAM_ROOM : DATAGRAM_ROOM;
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
    int got = atlink_net_peek(link, spans, &sender);
    if (got < 0) {
        return got;
    }
    size_t left = (size_t)got > link->taken ? (size_t)got - link->taken : 0;
    size_t size = wanted < left ? wanted : left;
    fill_sender(link, &sender, text, &from);
    put(end, atlink_ipd_recvdata(end, (uint32_t)size, &from), sizeof(head) + link->taken, size);
    link->taken += (uint16_t)size;
    if (size == left) {
        link->taken = 0;
        atlink_net_drop(link, got);
    }
    return (int32_t)size;
}

// Begin the answer of AT+CIPRECVDATA: its head now, the bytes as the ring has room. Returns how
// many there will be; AGAIN if there is nothing to read or no room for a head.
int32_t atlink_down_count(atlink_link_t *link, uint32_t wanted) {
    if (atlink_port_room() < room_for(link)) {
        return ATLINK_NET_AGAIN;
    }
    if (link->kind != ATLINK_NET_TCP) {
        return count_datagram(link, wanted);
    }
    int there = atlink_net_available(link);
    if (link->tls != NULL && there > 0) {
        there = (int)atlink_tls_available(link->tls); // what is still encrypted cannot be counted
    }
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

// News of the upward flow come first: the host is told that its bytes were sent before it sees
// what the peer answers to them.
static bool may_move(const atlink_link_t *link) {
    return link->down.mode == DOWN_COUNT
           || (link->down.mode != DOWN_OFF && gate_open && !atlink_up_has_news());
}

// Whether wait() is to watch the link for us.
bool atlink_down_wants(const atlink_link_t *link) {
    return may_move(link) && !link->down.ready && !link->eof;
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
    int got = atlink_net_receive(link, spans, &sender);
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
    int got = atlink_net_receive(link, spans, &sender);
    if (got > 0) {
        atlink_port_filled((size_t)got);
        count_down(link, (size_t)got);
    }
    return got;
}

// Receive one piece. Less than was asked for means that the socket of a stream is empty.
static void move(atlink_link_t *link) {
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

// Serve links in turn, a piece each, while the ring has room and sockets have bytes; but not for
// ever, because others want to be served, too. Returns how the matter stands; with DOWN_NO_ROOM
// *room is how much the next piece needs.
atlink_down_state_t atlink_down_run(size_t *room) {
    int idle = 0;
    for (int pieces = 0; pieces < PIECES_AT_ONCE;) {
        atlink_link_t *link = atlink_net_slot(turn);
        if (link->state == LINK_FREE || !link->down.ready || !may_move(link)) {
            if (++idle == ATLINK_NET_SLOTS) {
                return DOWN_QUIET;
            }
        } else if (atlink_port_room() < room_for(link)) {
            *room = room_for(link);
            return DOWN_NO_ROOM;
        } else {
            idle = 0;
            ++pieces;
            move(link);
        }
        turn = (turn + 1) % ATLINK_NET_SLOTS;
    }
    return DOWN_MORE;
}
