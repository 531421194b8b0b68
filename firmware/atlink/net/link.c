// The table of links: slots, their generations, opening and closing.
//
// A handle is generation << 4 | slot. The generation changes with every use of a slot, so a call
// that comes late, after its link was closed and the slot taken again, hits nothing.

#include <string.h>

#include "net.h"
#include "tls.h"

#define GENERATIONS (0x3fffffu) // a handle has to fit the small integers of a 32-bit build

static atlink_link_t links[ATLINK_NET_SLOTS];
uint32_t atlink_net_used;

atlink_link_t *atlink_net_slot(int index) {
    return &links[index];
}

int atlink_net_index(const atlink_link_t *link) {
    return (int)(link - links);
}

int32_t atlink_net_handle(const atlink_link_t *link) {
    return (int32_t)(link->generation << 4 | (uint32_t)atlink_net_index(link));
}

atlink_link_t *atlink_net_get(int32_t handle) {
    atlink_link_t *link = &links[handle & (ATLINK_NET_SLOTS - 1)];
    if (handle < 0 || link->state == LINK_FREE || link->generation != (uint32_t)handle >> 4) {
        atlink_net_fail_errno(NULL, EBADF);
        return NULL;
    }
    return link;
}

// Take a free slot for the descriptor, which is made non-blocking here; FAIL closes it.
static int32_t take(int fd, int kind, int family, int state) {
    atlink_link_t *link = links;
    while (link < links + ATLINK_NET_SLOTS && link->state != LINK_FREE) {
        ++link;
    }
    if (link == links + ATLINK_NET_SLOTS || net_set_nonblocking(fd) != 0) {
        close(fd);
        return atlink_net_fail_errno(NULL, EMFILE);
    }
    uint32_t generation = link->generation % GENERATIONS + 1;
    memset(link, 0, sizeof(*link));
    link->generation = generation;
    link->fd = fd;
    link->kind = (uint8_t)kind;
    link->family = (uint8_t)family;
    link->state = (uint8_t)state;
    link->linger_s = -1;
    link->active_ms = net_now_ms();
    atlink_net_used |= 1u << atlink_net_index(link);
    return atlink_net_handle(link);
}

// Without the right to raw sockets an echo socket does; it sets the identifier by itself.
static int open_icmp(int domain) {
    int protocol = domain == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
    int fd = socket(domain, SOCK_RAW, protocol);
    return fd >= 0 || (errno != EPERM && errno != EACCES) ? fd
        : socket(domain, SOCK_DGRAM, protocol);
}

// Make a socket; the handle of its link, or FAIL.
int32_t atlink_net_open(int kind, int family) {
    int domain = family == 6 ? AF_INET6 : AF_INET;
    int fd = kind == ATLINK_NET_ICMP ? open_icmp(domain)
        : socket(domain, kind == ATLINK_NET_UDP ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (fd < 0 && atlink_closing_give_up()) {
        return atlink_net_open(kind, family); // a lingering connection has made room
    }
    return fd < 0 ? atlink_net_fail_errno(NULL, errno) : take(fd, kind, family, LINK_IDLE);
}

// Make a link of a connection that accept() gave.
int32_t atlink_net_adopt(int fd, int family) {
    return take(fd, ATLINK_NET_TCP, family, LINK_OPEN);
}

// Close at once as far as the caller sees. What remains to be delivered (a TLS goodbye, unsent
// bytes under SO_LINGER) goes on in closing.c; with reset it is thrown away.
void atlink_net_close(atlink_link_t *link, bool reset) {
    if (reset) {
        link->linger_s = 0;
    }
    bool connected = link->kind == ATLINK_NET_TCP && link->state == LINK_OPEN;
    if (connected && link->linger_s != 0) {
        atlink_closing_take(link);
    } else {
        if (link->kind == ATLINK_NET_TCP && link->linger_s == 0) {
            net_set_linger(link->fd, 0);
        }
        close(link->fd);
        atlink_tls_free(link->tls);
    }
    link->tls = NULL;
    link->fd = -1;
    link->armed = 0;
    link->state = LINK_FREE;
    atlink_net_used &= ~(1u << atlink_net_index(link));
}
