// ESP-IDF v5.4: components/newlib/platform_include/sys/poll.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 0f231daf7f12
#ifndef DECL_SYS_POLL_H
#define DECL_SYS_POLL_H

#define POLLIN (1u << 0)
#define POLLOUT (1u << 3)
#define POLLERR (1u << 5)
#define POLLHUP (1u << 6)
#define POLLNVAL (1u << 7)

struct pollfd {
    int fd;
    short events;
    short revents;
};
typedef unsigned int nfds_t;

int poll(struct pollfd *fds, nfds_t nfds, int timeout);

#endif
