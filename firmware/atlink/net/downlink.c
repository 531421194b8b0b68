// From links to the host: `+IPD` messages, passthrough, counted answers of AT+CIPRECVDATA.
//
// Each piece is received behind room for its head, so that head and payload go to the transmit
// ring in one write. A piece is taken from a socket only if the ring has room for the largest, so
// a slow host leaves its data in the sockets and the peers are held back.

#include <string.h>

#include "core/ipd.h"
#include "flow.h"
#include "port.h"
#include "tls.h"

#define PIECES_AT_ONCE (32)
#define STRAIGHT_MIN (1024) // less room at the end of the ring is not worth a call of the stack

static uint8_t piece[ATLINK_PIECE_MAX];
static uint8_t *const payload = piece + ATLINK_IPD_HEAD_MAX;
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

static void put(size_t head, size_t size) {
    atlink_port_write(payload - head, head + size);
}

// One datagram is one answer; of one that is larger than wanted the rest stays in the socket.
static int32_t count_datagram(atlink_link_t *link, uint32_t wanted) {
    atlink_addr_t sender;
    char text[ATLINK_ADDR_TEXT];
    atlink_ipd_from_t from;
    int got = atlink_net_peek(link, payload, ATLINK_IPD_MAX, &sender);
    if (got < 0) {
        return got;
    }
    size_t left = (size_t)got > link->taken ? (size_t)got - link->taken : 0;
    size_t size = wanted < left ? wanted : left;
    memmove(payload, payload + link->taken, size);
    fill_sender(link, &sender, text, &from);
    put(atlink_ipd_recvdata(payload, (uint32_t)size, &from), size);
    link->taken += (uint16_t)size;
    if (size == left) {
        link->taken = 0;
        atlink_net_recvfrom(link, payload, ATLINK_IPD_MAX, &sender);
    }
    return (int32_t)size;
}

// Begin the answer of AT+CIPRECVDATA: its head now, the bytes as the ring has room. Returns how
// many there will be; AGAIN if there is nothing to read or no room for a head.
int32_t atlink_down_count(atlink_link_t *link, uint32_t wanted) {
    if (atlink_port_room() < ATLINK_PIECE_MAX) {
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
    fill_sender(link, &link->peer, text, &from);
    put(atlink_ipd_recvdata(payload, count, &from), 0);
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

// Receive bytes that need no head straight into the transmit ring, if it has room in one piece.
static bool move_straight(atlink_link_t *link) {
    uint8_t *space;
    size_t limit = atlink_port_space(&space);
    if (limit < STRAIGHT_MIN || link->kind != ATLINK_NET_TCP || link->down.mode == DOWN_IPD) {
        return false;
    }
    if (link->down.mode == DOWN_COUNT && link->down.left < limit) {
        limit = link->down.left;
    }
    int got = atlink_net_recv(link, space, limit);
    link->down.ready = got > 0 && ((size_t)got == limit || link->tls != NULL);
    if (got > 0) {
        atlink_port_filled((size_t)got);
        count_down(link, (size_t)got);
    }
    return true;
}

// Receive one piece and write it. Less than the whole room means that the socket is empty.
static void move(atlink_link_t *link) {
    if (move_straight(link)) {
        return;
    }
    atlink_addr_t sender = { .len = 0 };
    size_t limit = ATLINK_IPD_MAX;
    if (link->down.mode == DOWN_COUNT && link->down.left < limit) {
        limit = link->down.left;
    }
    int got = link->kind == ATLINK_NET_TCP ? atlink_net_recv(link, payload, limit)
        : atlink_net_recvfrom(link, payload, limit, &sender);
    link->down.ready = got > 0 && ((size_t)got == limit || link->kind != ATLINK_NET_TCP
        || link->tls != NULL);
    if (got <= 0) {
        return;
    }
    size_t head = 0;
    if (link->down.mode == DOWN_IPD) {
        char text[ATLINK_ADDR_TEXT];
        atlink_ipd_from_t from;
        fill_sender(link, link->kind == ATLINK_NET_TCP ? &link->peer : &sender, text, &from);
        head = atlink_ipd_head(payload, (uint32_t)got, &from);
    }
    put(head, (size_t)got);
    count_down(link, (size_t)got);
}

// Serve links in turn, a piece each, while the ring has room and sockets have bytes; but not for
// ever, because others want to be served, too. Returns how the matter stands.
atlink_down_state_t atlink_down_run(void) {
    int idle = 0;
    for (int pieces = 0; pieces < PIECES_AT_ONCE;) {
        atlink_link_t *link = atlink_net_slot(turn);
        if (link->state == LINK_FREE || !link->down.ready || !may_move(link)) {
            if (++idle == ATLINK_NET_SLOTS) {
                return DOWN_QUIET;
            }
        } else if (atlink_port_room() < ATLINK_PIECE_MAX) {
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
