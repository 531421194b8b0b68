// The network layer: TCP, UDP, ICMP and TLS links on POSIX sockets and Mbed TLS.
//
// Owns the table of links and every descriptor in it. Nothing here blocks, and nothing here
// knows MicroPython: modatnet*.c binds it, wait() of the port polls it (fill, check, pending).
// Names are resolved elsewhere: addresses are numeric.
#ifndef ATLINK_NET_H
#define ATLINK_NET_H

#include "compat.h"
#include "core/ring.h"

#define ATLINK_NET_SLOTS (16) // links; link i is ATLINK_LINK(i) of wait()
#define ATLINK_ADDR_TEXT (64) // longest address text, with zone and NUL

// What functions return that do not count: the error is in atlink_net_error, or try again later.
#define ATLINK_NET_FAIL (-1)
#define ATLINK_NET_AGAIN (-2)

enum { ATLINK_NET_READ = 1, ATLINK_NET_WRITE = 2 };
enum { ATLINK_NET_TCP = 1, ATLINK_NET_UDP = 2, ATLINK_NET_ICMP = 3 };

typedef enum {
    LINK_FREE, // the slot is empty
    LINK_IDLE, // a socket that is neither connected nor listening; datagram links stay here
    LINK_CONNECTING, // connect() is under way
    LINK_OPEN, // connected
    LINK_LISTENING,
    LINK_FAILED, // unusable but for its error; waits to be closed
} atlink_link_state_t;

// An error: a positive errno or a negative Mbed TLS code, and a few words for people and logs.
typedef struct _atlink_net_error_t {
    int code;
    const char *reason;
} atlink_net_error_t;

typedef struct _atlink_addr_t {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } sa;
    socklen_t len;
} atlink_addr_t;

typedef struct _atlink_tls_t atlink_tls_t; // tls.h

// Where received bytes go by themselves (downlink.c).
typedef enum {
    DOWN_OFF, // Python reads
    DOWN_IPD, // to the host, each piece behind its `+IPD` head
    DOWN_RAW, // to the host as they are
    DOWN_COUNT, // to the host, `left` of them
    DOWN_NOTICE, // nowhere: the host is told that they are there, and reads when it likes
} atlink_down_mode_t;

typedef struct _atlink_down_t {
    uint8_t mode; // atlink_down_mode_t
    bool info; // name the sender in heads
    bool ready; // the socket may have bytes
    bool done; // a DOWN_COUNT is complete and Python has not been told
    bool told; // DOWN_NOTICE: the host knows of what waits
    bool single; // DOWN_NOTICE: tell the size of the next datagram, not of all
    int8_t number; // link number in heads, -1: none
    uint32_t left; // bytes of DOWN_COUNT still to come
} atlink_down_t;

typedef struct _atlink_link_t {
    int fd;
    uint32_t generation; // 22 bits, never 0: part of the handle
    uint8_t state; // atlink_link_state_t
    uint8_t kind; // ATLINK_NET_TCP, _UDP, _ICMP
    uint8_t family; // 4, 6
    uint8_t armed; // what wait() looks for: ATLINK_NET_READ, _WRITE
    bool eof; // the peer has ended its stream; kept because lwIP tells it only once
    bool error_due; // an error met while looking; the next recv() reports it
    bool stalled; // the last send found no room
    int32_t linger_s; // -1 off, 0 reset at close, else seconds to deliver what is unsent
    uint32_t send_timeout_ms; // 0: none
    uint32_t stalled_ms; // when sending stopped
    uint32_t active_ms; // when bytes last went either way
    uint32_t received; // bytes, modulo 2**32
    uint32_t sent;
    atlink_addr_t peer; // who is connected; of datagram links where send() goes. len 0: nobody
    uint16_t taken; // bytes of the next datagram that the host has
    uint8_t peer_mode; // datagram links: 0 peer is fixed, 1 next other sender, 2 each sender
    atlink_down_t down;
    atlink_net_error_t error; // the last one of this link, kept for reports
    atlink_tls_t *tls; // NULL for plain links
} atlink_link_t;

// The error of the last function that failed.
extern atlink_net_error_t atlink_net_error;

// addr.c
int atlink_addr_parse(const char *text, int port, int family, atlink_addr_t *addr);
int atlink_addr_format(const atlink_addr_t *addr, char *text, bool zone);

// error.c
int atlink_net_fail(atlink_link_t *link, int code, const char *reason);
int atlink_net_fail_errno(atlink_link_t *link, int code);

// link.c
int32_t atlink_net_open(int kind, int family);
int32_t atlink_net_adopt(int fd, int family);
atlink_link_t *atlink_net_get(int32_t handle);
int atlink_net_index(const atlink_link_t *link);
int32_t atlink_net_handle(const atlink_link_t *link);
void atlink_net_close(atlink_link_t *link, bool reset);
atlink_link_t *atlink_net_slot(int index);

// The slots in use, a bit each: for (uint32_t left = atlink_net_used; left != 0; left &= left - 1)
// visits slot __builtin_ctz(left).
extern uint32_t atlink_net_used;

// closing.c
void atlink_closing_take(atlink_link_t *link);
int atlink_closing_count(void);
int32_t atlink_closing_tick(void);
bool atlink_closing_give_up(void);

// socket.c
int atlink_net_bind(atlink_link_t *link, const atlink_addr_t *addr);
int atlink_net_connect(atlink_link_t *link, const atlink_addr_t *addr);
int atlink_net_connected(atlink_link_t *link);
int atlink_net_listen(atlink_link_t *link, int backlog);
int32_t atlink_net_accept(atlink_link_t *link);
int atlink_net_send(atlink_link_t *link, const void *data, size_t size);
int atlink_net_receive(atlink_link_t *link, const atlink_span_t spans[2]);
int atlink_net_recv(atlink_link_t *link, void *data, size_t size);
int atlink_net_sendto(atlink_link_t *link, const void *data, size_t size,
    const atlink_addr_t *peer);
int32_t atlink_net_send_left(const atlink_link_t *link);
int atlink_net_shutdown(atlink_link_t *link);
void atlink_net_halt(const atlink_link_t *link);
int atlink_net_waiting(atlink_link_t *link);
int atlink_net_available(atlink_link_t *link);
int atlink_net_name(atlink_link_t *link, atlink_addr_t *addr);

// datagram.c
int atlink_net_recvfrom(atlink_link_t *link, void *data, size_t size, atlink_addr_t *sender);
int atlink_net_piece(atlink_link_t *link, const atlink_span_t room[2], size_t wanted,
    atlink_addr_t *sender);
void atlink_net_follow(atlink_link_t *link);
int atlink_net_next(atlink_link_t *link);
void atlink_net_drop_empty(atlink_link_t *link);

// option.c: numbers of atnet.setopt() and getopt()
enum {
    ATLINK_OPT_NODELAY = 1, // 0, 1
    ATLINK_OPT_LINGER = 2, // s; -1 off, 0 reset
    ATLINK_OPT_SEND_TIMEOUT = 3, // ms; 0 none
    ATLINK_OPT_KEEPALIVE = 4, // 0, 1
    ATLINK_OPT_KEEP_IDLE = 5, // s
    ATLINK_OPT_KEEP_INTERVAL = 6, // s
    ATLINK_OPT_KEEP_COUNT = 7,
    ATLINK_OPT_REUSE_ADDRESS = 8, // 0, 1
    ATLINK_OPT_BROADCAST = 9, // 0, 1
    ATLINK_OPT_V6ONLY = 10, // 0, 1; before bind
    ATLINK_OPT_HOPS = 11, // time to live, unicast
    ATLINK_OPT_MULTICAST_HOPS = 12,
    ATLINK_OPT_MULTICAST_LOOP = 13, // 0, 1
};
int atlink_net_setopt(atlink_link_t *link, int option, int32_t value);
int atlink_net_getopt(atlink_link_t *link, int option, int32_t *value);
int atlink_net_group(atlink_link_t *link, bool join, const atlink_addr_t *group,
    const atlink_addr_t *interface);

// service.c
int atlink_net_poll(atlink_link_t *link);
bool atlink_net_ended(const atlink_link_t *link);
void atlink_net_serve(void);

#endif
