// Seam for addresses: what bind, connect and datagrams mean to the net layer. On the chip they are
// the stack's own calls. With ATLINK_ROUTE they pass through a table, so that a whole network fits
// into one computer's loopback interface (port_unix_route.c).
#ifndef ATLINK_ROUTE_H
#define ATLINK_ROUTE_H

#include <sys/socket.h>

#ifdef ATLINK_ROUTE
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

int atlink_route_bind(int fd, const struct sockaddr *addr, socklen_t len);
int atlink_route_connect(int fd, const struct sockaddr *addr, socklen_t len);
ssize_t atlink_route_sendto(int fd, const void *data, size_t size, int flags,
    const struct sockaddr *addr, socklen_t len);
ssize_t atlink_route_recvmsg(int fd, struct msghdr *message, int flags);
int atlink_route_setsockopt(int fd, int level, int name, const void *value, socklen_t len);

int atlink_route_accept(int fd, struct sockaddr *addr, socklen_t *len);
ssize_t atlink_route_send(int fd, const void *data, size_t size, int flags);
ssize_t atlink_route_recv(int fd, void *data, size_t size, int flags);
void atlink_route_halt(int fd); // its address is gone: what has come can be read, then it ends
bool atlink_route_is_halted(int fd);
int atlink_route_unread(int fd, int count); // of what lies in the socket, what can be read
int atlink_route_poll(struct pollfd *fds, nfds_t n, int timeout_ms);

// For whoever imitates the radio: whether an interface has an address. None has at first.
void atlink_route_up(bool up);

// What the imitated radio and its interfaces are like, while they change.
typedef struct {
    volatile const uint32_t *own; // two addresses of the module, network order, 0: none
    volatile const uint8_t *away; // 1: nobody is reached, what is on the way is lost; 2: TCP has given up
    void (*moved)(unsigned port, unsigned real); // a server had to listen on another port
} atlink_route_world_t;

void atlink_route_world(const atlink_route_world_t *world);

// Whether nobody is reached now. Datagrams that came meanwhile are thrown away afterwards.
bool atlink_route_is_away(void);
void atlink_route_forget(int fd);

// Whether TCP has given this socket up while nobody was reached: what was to be sent was not
// answered, or keep-alive was not. The next send() or recv() says so.
bool atlink_route_gave_up(int fd);
#else
#define atlink_route_bind bind
#define atlink_route_connect connect
#define atlink_route_sendto sendto
#define atlink_route_recvmsg recvmsg
#define atlink_route_setsockopt setsockopt
#define atlink_route_accept accept
#define atlink_route_send send
#define atlink_route_recv recv
// The stack itself ends connections of an address that goes; SHUT_RD would drop what has come.
#define atlink_route_halt(fd) shutdown(fd, SHUT_WR)
#define atlink_route_is_halted(fd) ((void)(fd), 0)
#define atlink_route_unread(fd, count) (count)
#define atlink_route_poll poll
#define atlink_route_is_away() (0)
#define atlink_route_gave_up(fd) ((void)(fd), 0)
#define atlink_route_forget(fd) ((void)(fd))
#endif

#endif // ATLINK_ROUTE_H
