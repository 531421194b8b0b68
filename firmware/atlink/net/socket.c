// What links do with their sockets: connect, listen, accept, send, receive, ask for names.
//
// Every call returns at once. ATLINK_NET_AGAIN means "arm the link and wait()"; ATLINK_NET_FAIL
// leaves the reason in atlink_net_error and in the link. Bytes of TLS links go through tls.c.

#include <string.h>

#include "net.h"
#include "route.h"
#include "tls.h"

int atlink_net_bind(atlink_link_t *link, const atlink_addr_t *addr) {
    if (link->kind == ATLINK_NET_TCP && atlink_net_setopt(link, ATLINK_OPT_REUSE_ADDRESS, 1) < 0) {
        return ATLINK_NET_FAIL;
    }
    if (atlink_route_bind(link->fd, &addr->sa.any, addr->len) != 0) {
        return atlink_net_fail_errno(link, errno);
    }
    return 0;
}

// Start a connection: 1 when it stands already, 0 when atlink_net_connected() will tell. On a
// datagram socket this fixes the peer: it alone is heard then, and send() goes to it.
int atlink_net_connect(atlink_link_t *link, const atlink_addr_t *addr) {
    if (link->state != LINK_IDLE) {
        return atlink_net_fail_errno(link, link->state == LINK_OPEN ? EISCONN : EINVAL);
    }
    link->state = LINK_CONNECTING;
    link->peer = *addr;
    if (atlink_route_connect(link->fd, &addr->sa.any, addr->len) == 0) {
        link->state = LINK_OPEN;
        return 1;
    }
    if (errno == EINPROGRESS || errno == EAGAIN) {
        return 0;
    }
    atlink_net_fail_errno(link, errno);
    link->state = LINK_FAILED;
    return ATLINK_NET_FAIL;
}

// How a connection attempt stands: 1 connected, 0 still under way.
int atlink_net_connected(atlink_link_t *link) {
    if (link->state != LINK_CONNECTING) {
        return link->state == LINK_OPEN ? 1 : atlink_net_fail_errno(link, ENOTCONN);
    }
    struct pollfd item = { .fd = link->fd, .events = POLLOUT };
    if (atlink_route_poll(&item, 1, 0) <= 0) {
        return 0;
    }
    int code = 0;
    socklen_t size = sizeof(code);
    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0) {
        code = errno;
    }
    if (code != 0) {
        atlink_net_fail_errno(link, code);
        link->state = LINK_FAILED;
        return ATLINK_NET_FAIL;
    }
    link->state = LINK_OPEN;
    return 1;
}

int atlink_net_listen(atlink_link_t *link, int backlog) {
    if (listen(link->fd, backlog) != 0) {
        return atlink_net_fail_errno(link, errno);
    }
    link->state = LINK_LISTENING;
    return 0;
}

// The handle of the next client. One that went away before it was accepted is no error.
int32_t atlink_net_accept(atlink_link_t *link) {
    if (link->state != LINK_LISTENING) {
        return atlink_net_fail_errno(link, EINVAL);
    }
    atlink_addr_t peer = { .len = sizeof(peer.sa) };
    int fd = atlink_route_accept(link->fd, &peer.sa.any, &peer.len);
    if (fd < 0) {
        return errno == ECONNABORTED ? ATLINK_NET_AGAIN : atlink_net_fail_errno(link, errno);
    }
    int32_t handle = atlink_net_adopt(fd, link->family);
    if (handle >= 0) {
        atlink_net_get(handle)->peer = peer;
    }
    return handle;
}

static int count_traffic(atlink_link_t *link, uint32_t *total, int result) {
    if (result > 0) {
        *total += (uint32_t)result;
        link->active_ms = net_now_ms();
    }
    return result;
}

static ssize_t receive(int fd, const atlink_span_t spans[2]) {
    if (spans[1].size == 0) { // lwIP takes no empty part
        return atlink_route_recv(fd, spans[0].data, spans[0].size, MSG_DONTWAIT);
    }
    struct iovec parts[2] = {
        { spans[0].data, spans[0].size },
        { spans[1].data, spans[1].size },
    };
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
    return atlink_route_recvmsg(fd, &message, MSG_DONTWAIT);
}

// Bytes from the stream itself; 0 is its end, remembered because lwIP reports it once and then
// an error. After an error nothing more will come either.
static int recv_stream(atlink_link_t *link, const atlink_span_t spans[2]) {
    if (link->eof || spans[0].size == 0) {
        return 0;
    }
    ssize_t got = receive(link->fd, spans);
    if (got < 0) {
        int result = atlink_net_fail_errno(link, errno);
        link->eof = result == ATLINK_NET_FAIL;
        return result;
    }
    link->eof = got == 0;
    return (int)got;
}

// Decrypted bytes. A record that ends in the first span says nothing of the second.
static int recv_tls(atlink_link_t *link, const atlink_span_t spans[2]) {
    int got = atlink_tls_read(link, spans[0].data, spans[0].size);
    if (got < 0 || (size_t)got < spans[0].size || spans[1].size == 0
        || atlink_tls_available(link->tls) == 0) {
        return got;
    }
    int more = atlink_tls_read(link, spans[1].data, spans[1].size);
    return more > 0 ? got + more : got;
}

// SO_SNDTIMEO for sockets that never wait: sending fails once the peer has taken nothing for
// that long since the first refusal.
static int watch_stall(atlink_link_t *link, int result) {
    if (result != ATLINK_NET_AGAIN) {
        link->stalled = false;
    } else if (!link->stalled) {
        link->stalled = true;
        link->stalled_ms = net_now_ms();
    } else if (link->send_timeout_ms > 0
               && net_now_ms() - link->stalled_ms >= link->send_timeout_ms) {
        return atlink_net_fail(link, ETIMEDOUT, "send timed out");
    }
    return count_traffic(link, &link->sent, result);
}

// 0 when the link can carry a stream; a connection attempt may have come to its end meanwhile.
static int check_open(atlink_link_t *link) {
    int result = link->state == LINK_OPEN ? 1 : atlink_net_connected(link);
    return result == 1 ? 0 : result == 0 ? ATLINK_NET_AGAIN : result;
}

// Bytes accepted, 1..size; a TLS link takes at most one record. Never a SIGPIPE. A datagram link
// that is not connected sends to its peer.
int atlink_net_send(atlink_link_t *link, const void *data, size_t size) {
    if (link->state == LINK_IDLE && link->kind != ATLINK_NET_TCP && link->peer.len > 0) {
        return atlink_net_sendto(link, data, size, &link->peer);
    }
    int result = check_open(link);
    if (result != 0) {
        return result;
    }
    if (link->tls != NULL) {
        return watch_stall(link, atlink_tls_write(link, data, size));
    }
    ssize_t sent = atlink_route_send(link->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    return watch_stall(link, sent >= 0 ? (int)sent : atlink_net_fail_errno(link, errno));
}

// Receive into one or two spans, the second of which may be empty: bytes of a stream, 0 at its end.
int atlink_net_receive(atlink_link_t *link, const atlink_span_t spans[2]) {
    int result = check_open(link);
    if (result != 0) {
        return result;
    }
    if (link->error_due) {
        link->error_due = false;
        return atlink_net_fail(link, link->error.code, link->error.reason);
    }
    result = link->tls != NULL ? recv_tls(link, spans) : recv_stream(link, spans);
    return count_traffic(link, &link->received, result);
}

int atlink_net_sendto(atlink_link_t *link, const void *data, size_t size,
    const atlink_addr_t *peer) {
    ssize_t sent = atlink_route_sendto(link->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT,
        &peer->sa.any, peer->len);
    return watch_stall(link, sent >= 0 ? (int)sent : atlink_net_fail_errno(link, errno));
}

// Bytes of a stream, 0 at its end, or one datagram, whose sender is not told.
int atlink_net_recv(atlink_link_t *link, void *data, size_t size) {
    atlink_addr_t sender;
    return link->kind == ATLINK_NET_TCP
        ? atlink_net_receive(link, (atlink_span_t[2]) {{ data, size }, { NULL, 0 }})
        : atlink_net_recvfrom(link, data, size, &sender);
}

// Milliseconds until a stalled send fails, -1 if it does not.
int32_t atlink_net_send_left(const atlink_link_t *link) {
    if (!link->stalled || link->send_timeout_ms == 0) {
        return -1;
    }
    uint32_t gone = net_now_ms() - link->stalled_ms;
    return gone < link->send_timeout_ms ? (int32_t)(link->send_timeout_ms - gone) : 0;
}

// End our direction of the stream; the peer's goes on.
int atlink_net_shutdown(atlink_link_t *link) {
    if (link->tls != NULL && atlink_tls_goodbye(link->tls) == ATLINK_NET_AGAIN) {
        return ATLINK_NET_AGAIN;
    }
    if (shutdown(link->fd, SHUT_WR) != 0) {
        return atlink_net_fail_errno(link, errno);
    }
    return 0;
}

// Give a connection up whose own address is gone: what has come can be read, and nothing else comes.
void atlink_net_halt(const atlink_link_t *link) {
    atlink_route_halt(link->fd);
}

// Bytes that wait: decrypted ones of a TLS link if there are any, else what is at the socket (for
// TLS that is encrypted).
int atlink_net_waiting(atlink_link_t *link) {
    size_t decrypted = link->tls != NULL ? atlink_tls_available(link->tls) : 0;
    if (decrypted > 0 || link->eof) {
        return (int)decrypted;
    }
    int count = net_unread(link->fd, link->kind == ATLINK_NET_UDP);
    count = atlink_route_unread(link->fd, count);
    return count < 0 ? atlink_net_fail_errno(link, errno) : count;
}

// Note the end of a stream whose socket holds nothing more; a byte that comes meanwhile stays.
static void look_for_end(atlink_link_t *link) {
    uint8_t byte;
    ssize_t got = atlink_route_recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    link->error_due = got < 0 && atlink_net_fail_errno(link, errno) == ATLINK_NET_FAIL;
    link->eof = got == 0 || link->error_due;
}

// Bytes that can be read, like atlink_net_waiting(), but a TLS record is decrypted for it, and the
// end of the stream is seen when there are none.
int atlink_net_available(atlink_link_t *link) {
    if (link->tls != NULL && !link->eof) {
        link->error_due = atlink_tls_fill(link) == ATLINK_NET_FAIL;
    }
    int count = atlink_net_waiting(link);
    if (count == 0 && link->kind == ATLINK_NET_UDP) {
        atlink_net_drop_empty(link);
    } else if (count == 0 && !link->eof && link->tls == NULL && link->kind == ATLINK_NET_TCP
               && link->state == LINK_OPEN) {
        look_for_end(link);
    }
    return count > 0 ? count - link->taken : count;
}

int atlink_net_name(atlink_link_t *link, atlink_addr_t *addr) {
    addr->len = sizeof(addr->sa);
    return getsockname(link->fd, &addr->sa.any, &addr->len) == 0 ? 0
        : atlink_net_fail_errno(link, errno);
}
