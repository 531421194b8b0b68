// The module's own address, and where servers really are, as the environment says:
// ATLINK_ROUTES="home=127.3.2.1 udp/192.168.3.1:53=127.0.0.1:40053 udp/*:123=127.0.0.1:40123".
// For port_unix_route.c alone.
#ifndef ATLINK_ROUTE_TABLE_H
#define ATLINK_ROUTE_TABLE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} address_t;

typedef struct {
    int type; // SOCK_DGRAM, SOCK_STREAM
    bool everywhere; // the port on any address
    address_t from; // as the module says
    address_t to; // where the server really is
} route_t;

static inline uint16_t port_of(const address_t *addr) {
    return addr->any.sa_family == AF_INET6 ? addr->v6.sin6_port : addr->v4.sin_port;
}

static inline bool same_host(const address_t *one, const address_t *other) {
    if (one->any.sa_family != other->any.sa_family) {
        return false;
    }
    return one->any.sa_family == AF_INET6
        ? memcmp(&one->v6.sin6_addr, &other->v6.sin6_addr, 16) == 0
        : one->v4.sin_addr.s_addr == other->v4.sin_addr.s_addr;
}

static inline socklen_t size_of(const address_t *addr) {
    return addr->any.sa_family == AF_INET6 ? sizeof(addr->v6) : sizeof(addr->v4);
}

// The module's address in network order; 0: nothing is routed.
in_addr_t route_home(void);

// The route to a destination, NULL if there is none.
const route_t *route_find(int type, const address_t *to);

#endif // ATLINK_ROUTE_TABLE_H
