// The sockets of lwIP (ESP-IDF) and of Linux, made alike for the files of this folder.
//
// Owns the system includes, the few names that only one side has, and the translation of error
// numbers that mean the same but differ. Decides by feature macros alone, never by platform.
#ifndef ATLINK_NET_COMPAT_H
#define ATLINK_NET_COMPAT_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "route.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL (0)
#endif

#ifndef IPV6_JOIN_GROUP
#define IPV6_JOIN_GROUP IPV6_ADD_MEMBERSHIP
#define IPV6_LEAVE_GROUP IPV6_DROP_MEMBERSHIP
#endif

// Options that lwIP lacks or has only with some settings: setsockopt() refuses this number.
#ifndef IPV6_UNICAST_HOPS
#define IPV6_UNICAST_HOPS (-1)
#endif
#ifndef IPV6_MULTICAST_HOPS
#define IPV6_MULTICAST_HOPS (-1)
#define IPV6_MULTICAST_LOOP (-1)
#endif

// Milliseconds of a clock that never jumps; wraps after 49 days, so compare by difference.
static inline uint32_t net_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_sec * 1000u + (uint32_t)now.tv_nsec / 1000000u;
}

static inline int net_set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL, 0);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

// Bytes that the peer's stack has not acknowledged, -1 where the stack does not tell.
static inline int net_unsent(int fd) {
    (void)fd;
    int unsent = -1;
    #ifdef TIOCOUTQ
    if (ioctl(fd, TIOCOUTQ, &unsent) != 0) {
        unsent = 0; // the connection is gone
    }
    #endif
    return unsent;
}

// Close, but never wait: -1 with EWOULDBLOCK while a lingering socket has unacknowledged bytes.
// lwIP's close() itself answers so on a non-blocking socket. Linux would wait in close(), so
// SO_LINGER is not given to it (net_set_linger) and its send queue is asked instead.
static inline int net_try_close(int fd) {
    #ifdef TIOCOUTQ
    if (net_unsent(fd) > 0) {
        errno = EWOULDBLOCK;
        return -1;
    }
    #endif
    return close(fd);
}

// Bytes that wait at a socket, of datagrams all of them: -1 with errno if it cannot tell. lwIP's
// FIONREAD counts so; where it counts one datagram, those behind it are peeked at, one by one.
static inline int net_unread(int fd, bool datagrams) {
    int count = 0;
    #ifdef SO_PEEK_OFF
    int offset = 0;
    if (datagrams && setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)) == 0) {
        const int how = MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT;
        uint8_t byte;
        ssize_t got;
        while ((got = recv(fd, &byte, sizeof(byte), how)) >= 0) {
            count += (int)got;
        }
        offset = -1;
        setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset));
        return count;
    }
    #else
    (void)datagrams;
    #endif
    return ioctl(fd, FIONREAD, &count) != 0 ? -1 : count;
}

// Hand a linger time to the stack: 0 makes close() reset the connection, negative switches off.
static inline int net_set_linger(int fd, int seconds) {
    #ifdef TIOCOUTQ
    if (seconds > 0) {
        seconds = -1;
    }
    #endif
    struct linger linger = { .l_onoff = seconds >= 0, .l_linger = seconds >= 0 ? seconds : 0 };
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

// lwIP says ECONNRESET for a refused and ECONNABORTED for an unanswered connection attempt, and
// ECONNABORTED again when its retransmissions end: give them the names Linux has for these.
static inline int net_errno(int code, bool connecting) {
    if (code == ECONNABORTED) {
        return ETIMEDOUT;
    }
    return connecting && code == ECONNRESET ? ECONNREFUSED : code;
}

#endif
