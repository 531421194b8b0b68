// The real peer of a fuzzed TLS link: Mbed TLS between two queues, and what both sides have said.
#ifndef FUZZ_TLSPEER_H
#define FUZZ_TLSPEER_H

#include <stdbool.h>

#include "fuzz.h"

#define QUEUE (1 << 16)

enum {
    MODE_SERVER = 1, // our side is one
    MODE_CERTS = 2, // else a key that both know
    MODE_CHECK = 4, // our side wants the other's certificate
    MODE_ALPN = 8,
    MODE_NARROW = 16, // our socket takes little at once
    MODE_RESET = 32,
    MODE_PROFILE = 64, // no session: what a host writes for certificates
};

typedef struct {
    uint8_t data[QUEUE];
    size_t size;
} queue_t;

typedef struct {
    uint32_t sent; // bytes that this side has accepted
    uint32_t read; // and has got from the other
    uint8_t first; // of what it sends
} side_t;

typedef struct {
    uint8_t data[4096];
    size_t size; // with the NUL
} file_t;

extern queue_t from_peer, to_peer;
extern side_t ours, theirs;
extern file_t cert, key, ca;

// What a side says next, and a check that it has read what the other one has said.
void side_fill(const side_t *side, uint8_t *data, size_t size);
void side_check(side_t *side, const side_t *other, const uint8_t *data, size_t size);

void queue_drop(queue_t *queue, size_t size);

void peer_setup(uint8_t mode);
void peer_turn(void); // shake hands, or read
void peer_write(size_t size);
void peer_act(unsigned what); // 0 close_notify, 1 an alert, 2 renegotiate, 3 an empty record
void peer_free(void);

#endif
