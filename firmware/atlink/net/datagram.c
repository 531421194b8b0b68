// Datagrams: each has a sender, and comes whole or in pieces of which the rest waits.

#include <string.h>

#include "net.h"
#include "route.h"

// Enough to skip 64 KiB where the wider span has half of the longest piece of +IPD.
#define PARTS (48)

static bool same_address(const atlink_addr_t *one, const atlink_addr_t *other) {
    if (one->len != other->len || one->sa.any.sa_family != other->sa.any.sa_family) {
        return false;
    }
    if (one->sa.any.sa_family == AF_INET) {
        return one->sa.v4.sin_port == other->sa.v4.sin_port
               && one->sa.v4.sin_addr.s_addr == other->sa.v4.sin_addr.s_addr;
    }
    return one->sa.v6.sin6_port == other->sa.v6.sin6_port
           && memcmp(&one->sa.v6.sin6_addr, &other->sa.v6.sin6_addr, 16) == 0;
}

// AT+CIPSTART's UDP modes 1 and 2: another sender becomes the peer, once or each time.
static void follow_sender(atlink_link_t *link, const atlink_addr_t *sender) {
    if (link->peer_mode != 0 && !same_address(sender, &link->peer)) {
        link->peer = *sender;
        if (link->peer_mode == 1) {
            link->peer_mode = 0;
        }
    }
}

// Receive the next datagram into `count` parts: its whole length, also where it did not fit, as lwIP
// returns it.
static ssize_t receive(int fd, struct iovec *parts, size_t count, int flags,
    atlink_addr_t *sender) {
    struct msghdr message = {
        .msg_name = &sender->sa,
        .msg_namelen = sizeof(sender->sa),
        .msg_iov = parts,
        .msg_iovlen = count,
    };
    ssize_t whole = atlink_route_recvmsg(fd, &message, flags | MSG_DONTWAIT);
    sender->len = whole < 0 ? 0 : message.msg_namelen;
    return whole;
}

// The same, but it stays. Empty ones are dropped: nobody can see them.
static ssize_t peek(int fd, struct iovec *parts, size_t count, atlink_addr_t *sender) {
    ssize_t whole;
    while ((whole = receive(fd, parts, count, MSG_PEEK, sender)) == 0) {
        recv(fd, parts[0].iov_base, parts[0].iov_len, MSG_DONTWAIT);
    }
    return whole;
}

// The whole length of the next datagram, which stays, and its sender; negative if there is none.
static ssize_t look(const atlink_link_t *link, atlink_addr_t *sender) {
    uint8_t byte;
    return peek(link->fd, &(struct iovec) { &byte, sizeof(byte) }, 1, sender);
}

static int count_traffic(atlink_link_t *link, size_t size) {
    link->received += (uint32_t)size;
    link->active_ms = net_now_ms();
    return (int)size;
}

// Raw sockets deliver the IP header too, for IPv6 on lwIP only, echo sockets none. Its first four
// bits are the version; as types of ICMP messages these values are not assigned.
static size_t cut_ip_header(uint8_t *data, size_t size) {
    size_t head = data[0] >> 4 == 4 ? (data[0] & 15) * 4 : data[0] >> 4 == 6 ? 40 : 0;
    size = size > head ? size - head : 0;
    memmove(data, data + head, size);
    return size;
}

// One datagram into one piece, and its sender; what does not fit is lost.
int atlink_net_recvfrom(atlink_link_t *link, void *data, size_t size, atlink_addr_t *sender) {
    if (link->kind == ATLINK_NET_TCP) {
        return atlink_net_fail_errno(link, EOPNOTSUPP);
    }
    ssize_t whole = receive(link->fd, &(struct iovec) { data, size }, 1, 0, sender);
    if (whole < 0) {
        return atlink_net_fail_errno(link, errno);
    }
    follow_sender(link, sender);
    size_t got = (size_t)whole < size ? (size_t)whole : size;
    if (link->kind == ATLINK_NET_ICMP && got > 0) {
        got = cut_ip_header(data, got);
    }
    return got > 0 ? count_traffic(link, got) : 0;
}

// Parts that take `wanted` bytes into the room, behind `skip` bytes that are laid down where they
// come to lie afterwards: no stack reads from the middle of a datagram, but each fills part by part.
static size_t lay_out(struct iovec *parts, const atlink_span_t room[2], size_t skip,
    size_t wanted) {
    const atlink_span_t *wide = &room[room[1].size > room[0].size];
    size_t count = 0;
    for (size_t size; skip > 0 && count < PARTS - 2; skip -= size) {
        size = skip < wide->size ? skip : wide->size;
        parts[count++] = (struct iovec) { wide->data, size };
    }
    for (int i = 0; i < 2 && wanted > 0; ++i) {
        size_t size = wanted < room[i].size ? wanted : room[i].size;
        parts[count++] = (struct iovec) { room[i].data, size };
        wanted -= size;
    }
    return count;
}

static void drop(atlink_link_t *link) {
    uint8_t byte;
    atlink_addr_t sender;
    link->taken = 0;
    receive(link->fd, &(struct iovec) { &byte, sizeof(byte) }, 1, 0, &sender);
}

// What is left of the next datagram, up to `wanted` bytes, not more than there is room for; and its
// sender. What is left then stays.
int atlink_net_piece(atlink_link_t *link, const atlink_span_t room[2], size_t wanted,
    atlink_addr_t *sender) {
    struct iovec parts[PARTS];
    size_t skip = link->taken;
    ssize_t whole = peek(link->fd, parts, lay_out(parts, room, skip, wanted), sender);
    if (whole < 0) {
        return atlink_net_fail_errno(link, errno);
    }
    follow_sender(link, sender);
    size_t left = (size_t)whole > skip ? (size_t)whole - skip : 0;
    size_t size = wanted < left ? wanted : left;
    link->taken += (uint16_t)size;
    if (size == left) {
        drop(link);
    }
    return count_traffic(link, size);
}

// Let the peer follow the sender of the next datagram, which stays.
void atlink_net_follow(atlink_link_t *link) {
    atlink_addr_t sender;
    if (link->kind == ATLINK_NET_UDP && look(link, &sender) > 0) {
        follow_sender(link, &sender);
    }
}

// Bytes that can be read: of a datagram link what is left of the next datagram.
int atlink_net_next(atlink_link_t *link) {
    atlink_addr_t sender;
    if (link->kind != ATLINK_NET_UDP) {
        return atlink_net_available(link);
    }
    int whole = (int)look(link, &sender);
    return whole > link->taken ? whole - link->taken : 0;
}

// A datagram link that is readable but shows no bytes has an empty datagram first: drop it.
void atlink_net_drop_empty(atlink_link_t *link) {
    atlink_addr_t sender;
    look(link, &sender);
}
