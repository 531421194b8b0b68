// Addresses of a small network on the loopback interface, for ports whose sockets are the PC's.
//
// The module's own address and the servers that really listen elsewhere are in a table
// (route_table.h); without it every call is the system's own. Like address translation in a router:
// a destination is looked up on the way out, and the sender of a datagram is given its own name back
// on the way in.

#include "net/compat.h"
#include "port_unix.h"
#include "route.h"
#include "route_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#define FLOWS (32)

// A datagram socket's correspondent that was routed.
typedef struct {
    int fd;
    address_t from;
    address_t to;
} flow_t;

static flow_t flows[FLOWS];
static unsigned next_flow;
static bool is_up;
static atlink_route_world_t world;
static uint64_t away_since_us; // 0: somebody is reached
static int here[FD_SETSIZE]; // bytes that lay in each socket when the radio fell silent

void atlink_route_up(bool up) {
    is_up = up;
}

void atlink_route_world(const atlink_route_world_t *given) {
    world = *given;
}

static void copy_in(address_t *addr, const struct sockaddr *given, socklen_t len) {
    memset(addr, 0, sizeof(*addr));
    memcpy(addr, given, len < sizeof(*addr) ? len : sizeof(*addr));
}

// An IPv4 address in the clothes of an IPv6 one, as dual-stack sockets use it.
static bool is_mapped(const address_t *addr) {
    return addr->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&addr->v6.sin6_addr);
}

static uint32_t v4_of(const address_t *addr) {
    uint32_t bits;
    if (is_mapped(addr)) {
        memcpy(&bits, (const uint8_t *)&addr->v6.sin6_addr + 12, 4);
    } else {
        bits = addr->v4.sin_addr.s_addr;
    }
    return ntohl(bits);
}

static bool is_v4(const address_t *addr) {
    return addr->any.sa_family == AF_INET || is_mapped(addr);
}

static void set_v4(address_t *addr, uint32_t bits) {
    bits = htonl(bits);
    if (is_mapped(addr)) {
        memcpy((uint8_t *)&addr->v6.sin6_addr + 12, &bits, 4);
    } else {
        addr->v4.sin_addr.s_addr = bits;
    }
}

static bool is_loopback(uint32_t ip) {
    return ip >> 24 == 127;
}

// Put an unbound socket at home if it speaks to this computer, so that others see who it is.
static void leave_from_home(int fd, const address_t *to) {
    address_t own;
    socklen_t size = sizeof(own);
    if (getsockname(fd, &own.any, &size) != 0 || port_of(&own) != 0
        || !is_v4(to) || !is_loopback(v4_of(to))) {
        return;
    }
    address_t start = *to;
    set_v4(&start, ntohl(route_home()));
    if (is_mapped(to)) {
        start.v6.sin6_port = 0;
    } else {
        start.v4.sin_port = 0;
    }
    bind(fd, &start.any, size_of(&start));
}

static int type_of(int fd) {
    int type = 0;
    socklen_t size = sizeof(type);
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
    return type;
}

bool atlink_route_is_away(void) {
    bool is_away = world.away != NULL && *world.away != 0;
    if (!is_away) {
        away_since_us = 0;
    } else if (away_since_us == 0) {
        away_since_us = atlink_unix_now_us();
        for (int fd = 0; fd < FD_SETSIZE; ++fd) {
            here[fd] = net_unread(fd, type_of(fd) == SOCK_DGRAM);
        }
    }
    return is_away;
}

static void note_flow(int fd, const address_t *from, const address_t *to) {
    flow_t *flow = &flows[next_flow % FLOWS];
    for (int i = 0; i < FLOWS; ++i) {
        if (flows[i].fd == fd && same_host(&flows[i].to, to) && port_of(&flows[i].to) == port_of(to)) {
            flow = &flows[i];
        }
    }
    if (flow == &flows[next_flow % FLOWS]) {
        ++next_flow;
    }
    flow->fd = fd;
    flow->from = *from;
    flow->to = *to;
}

// Turn a destination into the one on this computer. False: there is no network.
static bool way_out(int fd, address_t *addr) {
    if (!is_up) {
        errno = EHOSTUNREACH;
        return false;
    }
    address_t said = *addr;
    int type = type_of(fd);
    const route_t *route = route_find(type, addr);
    if (route != NULL) {
        *addr = route->to;
        if (type == SOCK_DGRAM) {
            note_flow(fd, &said, addr);
        }
    } else if (is_v4(addr) && v4_of(addr) == INADDR_BROADCAST) {
        set_v4(addr, 0x7fffffff); // the loopback interface's own broadcast address
    }
    leave_from_home(fd, addr);
    return true;
}

// The address of an interface that only this small network knows, like a softAP's 192.168.4.1.
// Without a world that tells them it is any private one.
static bool is_of_the_air(const address_t *own) {
    uint32_t ip = v4_of(own);
    if (world.own != NULL) {
        return htonl(ip) == world.own[0] || htonl(ip) == world.own[1];
    }
    return ip >> 24 == 10 || ip >> 20 == 0xAC1 || ip >> 16 == 0xC0A8;
}

// Segments and windows of the chip's stack (TCP_MSS, TCP_WND, TCP_SND_BUF of its configuration);
// the system keeps twice as much as it is told, for its own needs. With ATLINK_WIDE in the environment
// those of this computer stay, for benchmarks of what the firmware itself costs.
#define SEGMENT (1440)
#define WINDOW (5760)

static void be_small(int fd) {
    int segment = SEGMENT;
    int window = WINDOW;
    if (type_of(fd) == SOCK_STREAM && getenv("ATLINK_WIDE") == NULL) {
        setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window));
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &window, sizeof(window));
    }
}

// Servers on ports that this computer keeps for its administrator are found this much higher.
#define PRIVILEGED (1024)
#define SHIFT (20000)

static int bind_low(int fd, address_t *own) {
    int result = bind(fd, &own->any, size_of(own));
    uint16_t port = ntohs(port_of(own));
    if (result == 0 || errno != EACCES || port >= PRIVILEGED || own->any.sa_family != AF_INET) {
        return result;
    }
    own->v4.sin_port = htons(port + SHIFT);
    result = bind(fd, &own->any, size_of(own));
    if (result == 0 && world.moved != NULL) {
        world.moved(port, port + SHIFT);
    }
    return result;
}

// Any address means the module's own: never one of the PC's real interfaces.
int atlink_route_bind(int fd, const struct sockaddr *addr, socklen_t len) {
    if (route_home() == 0) {
        return bind(fd, addr, len);
    }
    address_t own;
    copy_in(&own, addr, len);
    if (own.any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&own.v6.sin6_addr)
        && is_loopback(ntohl(route_home()))) {
        own.v6.sin6_addr = in6addr_loopback;
    } else if (own.any.sa_family == AF_INET
        && (own.v4.sin_addr.s_addr == INADDR_ANY || is_of_the_air(&own))) {
        own.v4.sin_addr.s_addr = route_home();
    } else if (own.any.sa_family == AF_INET && world.own != NULL
        && own.v4.sin_addr.s_addr != route_home()) {
        errno = EADDRNOTAVAIL; // it may well be the PC's, but it is not the module's
        return -1;
    }
    be_small(fd);
    return bind_low(fd, &own);
}

int atlink_route_connect(int fd, const struct sockaddr *addr, socklen_t len) {
    if (route_home() == 0) {
        return connect(fd, addr, len);
    }
    address_t to;
    copy_in(&to, addr, len);
    be_small(fd);
    return way_out(fd, &to) ? connect(fd, &to.any, size_of(&to)) : -1;
}

// Sockets that could not send while nobody was reached.
static fd_set stalled;

static int number_of(int fd, int level, int name) {
    int value = 0;
    socklen_t size = sizeof(value);
    return getsockopt(fd, level, name, &value, &size) == 0 ? value : 0;
}

// As tcp_slowtmr() of lwIP counts: what nobody answered for the idle time and that of all probes is
// over, sent or not. Loopback would answer, so the time counts from the loss of the air.
static bool is_kept_alive_in_vain(int fd) {
    if (number_of(fd, SOL_SOCKET, SO_KEEPALIVE) == 0) {
        return false;
    }
    uint64_t idle_s = number_of(fd, IPPROTO_TCP, TCP_KEEPIDLE);
    uint64_t probe_s = number_of(fd, IPPROTO_TCP, TCP_KEEPINTVL);
    uint64_t limit_s = idle_s + probe_s * number_of(fd, IPPROTO_TCP, TCP_KEEPCNT);
    return atlink_unix_now_us() - away_since_us > limit_s * 1000000;
}

void atlink_route_halt(int fd) {
    shutdown(fd, SHUT_RDWR);
}

bool atlink_route_is_halted(int fd) {
    struct tcp_info info;
    socklen_t size = sizeof(info);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0
        && (info.tcpi_state == TCP_CLOSE || info.tcpi_state == TCP_CLOSING
            || info.tcpi_state == TCP_FIN_WAIT1 || info.tcpi_state == TCP_FIN_WAIT2
            || info.tcpi_state == TCP_LAST_ACK || info.tcpi_state == TCP_TIME_WAIT);
}

bool atlink_route_gave_up(int fd) {
    if (!atlink_route_is_away() || type_of(fd) != SOCK_STREAM || atlink_route_is_halted(fd)) {
        return false;
    }
    return (*world.away == 2 && fd < FD_SETSIZE && FD_ISSET(fd, &stalled))
        || is_kept_alive_in_vain(fd);
}

static ssize_t stall(int fd) {
    if (atlink_route_gave_up(fd)) {
        shutdown(fd, SHUT_RDWR);
        errno = ECONNABORTED;
    } else {
        if (fd < FD_SETSIZE) {
            FD_SET(fd, &stalled);
        }
        errno = EAGAIN;
    }
    return -1;
}

static bool nothing_comes(void) {
    errno = EAGAIN;
    return atlink_route_is_away();
}

// What came before can be read as long as it lasts; -1 with errno behind it.
static ssize_t take(int fd, struct msghdr *message, int flags) {
    if (nothing_comes() && !atlink_route_is_halted(fd) && atlink_route_unread(fd, 1) <= 0) {
        return -1;
    }
    ssize_t got = recvmsg(fd, message, flags);
    if (away_since_us != 0 && got > 0 && !(flags & MSG_PEEK)) {
        here[fd] -= (int)got;
    }
    return got;
}

int atlink_route_unread(int fd, int count) {
    if (!atlink_route_is_away() || count < 0 || atlink_route_is_halted(fd)) {
        return count;
    }
    int left = fd < FD_SETSIZE && here[fd] > 0 ? here[fd] : 0;
    return count < left ? count : left;
}

int atlink_route_accept(int fd, struct sockaddr *addr, socklen_t *len) {
    return nothing_comes() ? -1 : accept(fd, addr, len);
}

ssize_t atlink_route_send(int fd, const void *data, size_t size, int flags) {
    if (atlink_route_is_away()) {
        return stall(fd);
    }
    if (fd < FD_SETSIZE) {
        FD_CLR(fd, &stalled);
    }
    return send(fd, data, size, flags);
}

ssize_t atlink_route_recv(int fd, void *data, size_t size, int flags) {
    if (!atlink_route_is_away() || atlink_route_is_halted(fd)) {
        return recv(fd, data, size, flags);
    }
    if (atlink_route_gave_up(fd)) {
        FD_CLR(fd, &stalled);
        errno = ECONNABORTED;
        return -1;
    }
    int most = atlink_route_unread(fd, size < INT_MAX ? (int)size : INT_MAX);
    struct iovec part = { data, most > 0 ? (size_t)most : size };
    return take(fd, &(struct msghdr) { .msg_iov = &part, .msg_iovlen = 1 }, flags);
}

int atlink_route_poll(struct pollfd *fds, nfds_t n, int timeout_ms) {
    return nothing_comes() ? 0 : poll(fds, n, timeout_ms);
}

void atlink_route_forget(int fd) {
    char scratch[16];
    while (type_of(fd) == SOCK_DGRAM && recv(fd, scratch, sizeof(scratch), MSG_DONTWAIT) >= 0) {
    }
}

ssize_t atlink_route_sendto(int fd, const void *data, size_t size, int flags,
    const struct sockaddr *addr, socklen_t len) {
    if (route_home() == 0 || addr == NULL) {
        return sendto(fd, data, size, flags, addr, len);
    }
    address_t to;
    copy_in(&to, addr, len);
    if (is_up && atlink_route_is_away()) {
        return size; // into the air
    }
    return way_out(fd, &to) ? sendto(fd, data, size, flags, &to.any, size_of(&to)) : -1;
}

ssize_t atlink_route_recvmsg(int fd, struct msghdr *message, int flags) {
    // As lwIP does: the length of the whole datagram, however little of it was put down.
    ssize_t got = take(fd, message, flags | (type_of(fd) == SOCK_DGRAM ? MSG_TRUNC : 0));
    if (got < 0 || message->msg_name == NULL || route_home() == 0) {
        return got;
    }
    address_t sender;
    copy_in(&sender, message->msg_name, message->msg_namelen);
    for (int i = 0; i < FLOWS; ++i) {
        if (flows[i].fd == fd && same_host(&flows[i].to, &sender)
            && port_of(&flows[i].to) == port_of(&sender)) {
            message->msg_namelen = size_of(&flows[i].from);
            memcpy(message->msg_name, &flows[i].from, message->msg_namelen);
            break;
        }
    }
    return got;
}
