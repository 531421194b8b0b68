// Seam for addresses: what bind, connect and datagrams mean to the net layer. On the chip they are
// the stack's own calls. With ATLINK_ROUTE they pass through a table, so that a whole network fits
// into one computer's loopback interface (port_unix_route.c).
#ifndef ATLINK_ROUTE_H
#define ATLINK_ROUTE_H

#include <sys/socket.h>

#ifdef ATLINK_ROUTE
#include <stdbool.h>

int atlink_route_bind(int fd, const struct sockaddr *addr, socklen_t len);
int atlink_route_connect(int fd, const struct sockaddr *addr, socklen_t len);
ssize_t atlink_route_sendto(int fd, const void *data, size_t size, int flags,
    const struct sockaddr *addr, socklen_t len);
ssize_t atlink_route_recvmsg(int fd, struct msghdr *message, int flags);
int atlink_route_setsockopt(int fd, int level, int name, const void *value, socklen_t len);

// For whoever imitates the radio: whether an interface has an address. None has at first.
void atlink_route_up(bool up);
#else
#define atlink_route_bind bind
#define atlink_route_connect connect
#define atlink_route_sendto sendto
#define atlink_route_recvmsg recvmsg
#define atlink_route_setsockopt setsockopt
#endif

#endif // ATLINK_ROUTE_H
