// TLS of links (firmware/atlink/net/tls*.c) between a fuzzer and a real peer, for libFuzzer (`make fuzzc`)
// and for the replay of its corpus (tests_host/c/test_corpus.py). The peer is Mbed TLS as well, client or
// server; its records pass through the steps of an input, which carry, damage, repeat, split or invent
// them, let memory fail, and say what either side does. Whatever happens: bytes that one side has read
// are those that the other side has sent, in order, and nothing is held at the end.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/md.h>
#include <mbedtls/platform.h>

#include "net/tls.h"
#include "tlspeer.h"

#define ROUNDS (40) // of both sides, in which a handshake comes to its end
#define RECORD_HEAD (5)

static bool is_deaf; // nothing is taken from our socket
static atlink_link_t *link_;
static int far;
static uint32_t luck;
static unsigned fail_in; // the so manieth allocation from now finds no memory

void *__real_calloc(size_t number, size_t size);
void *__wrap_calloc(size_t number, size_t size);
int __real_mbedtls_md_setup(mbedtls_md_context_t *context, const mbedtls_md_info_t *info, int hmac);
int __wrap_mbedtls_md_setup(mbedtls_md_context_t *context, const mbedtls_md_info_t *info, int hmac);
int __wrap_mbedtls_ctr_drbg_random(void *state, unsigned char *data, size_t size);

void *__wrap_calloc(size_t number, size_t size) {
    return fail_in > 0 && --fail_in == 0 ? NULL : __real_calloc(number, size);
}

// A hash always finds memory: Mbed TLS 3.6.6 does not look whether ssl_compute_master() had its hash of
// the handshake (handshake->calc_verify), and takes 64 bytes of the 48 that nobody has written.
int __wrap_mbedtls_md_setup(mbedtls_md_context_t *context, const mbedtls_md_info_t *info, int hmac) {
    unsigned put_off = fail_in;
    fail_in = 0;
    int code = __real_mbedtls_md_setup(context, info, hmac);
    fail_in = put_off;
    return code;
}

// The same numbers for each input.
int __real_mbedtls_md_setup(mbedtls_md_context_t *context, const mbedtls_md_info_t *info, int hmac);
int __wrap_mbedtls_md_setup(mbedtls_md_context_t *context, const mbedtls_md_info_t *info, int hmac);
int __wrap_mbedtls_ctr_drbg_random(void *state, unsigned char *data, size_t size) {
    (void)state;
    for (size_t i = 0; i < size; i++) {
        luck = luck * 1664525 + 1013904223;
        data[i] = (unsigned char)(luck >> 24);
    }
    return 0;
}

// The size of the record at the head of what the peer says, or all there is.
static size_t record_size(void) {
    const uint8_t *head = from_peer.data;
    size_t size = RECORD_HEAD + (size_t)(head[3] << 8 | head[4]);
    return from_peer.size >= RECORD_HEAD && size < from_peer.size ? size : from_peer.size;
}

static size_t tell(const uint8_t *data, size_t size) {
    ssize_t sent = send(far, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : (size_t)sent;
}

static bool carry(size_t size) {
    size_t sent = size > 0 ? tell(from_peer.data, size) : 0;
    queue_drop(&from_peer, sent);
    return sent > 0;
}

static bool fetch(void) {
    ssize_t got = is_deaf ? -1
        : recv(far, to_peer.data + to_peer.size, QUEUE - to_peer.size, MSG_DONTWAIT);
    to_peer.size += got > 0 ? (size_t)got : 0;
    return got > 0;
}

// Our side.

static void shake(void) {
    int wanted = atlink_tls_handshake(link_);
    HOLDS(wanted >= 0 ? wanted <= 3 : wanted == ATLINK_NET_FAIL);
}

static bool receive(size_t size) {
    uint8_t data[4096];
    int got = atlink_net_recv(link_, data, size);
    HOLDS(got <= (int)size && got >= ATLINK_NET_AGAIN);
    if (got > 0) {
        side_check(&ours, &theirs, data, (size_t)got);
    }
    return got > 0;
}

static void transmit(size_t size) {
    uint8_t data[4096];
    side_fill(&ours, data, size);
    int sent = atlink_net_send(link_, data, size);
    HOLDS(sent <= (int)size && sent >= ATLINK_NET_AGAIN);
    ours.sent += sent > 0 ? (uint32_t)sent : 0;
}

static void our_turn(void) {
    if (link_->tls->up) {
        while (receive(1000)) {
        }
    } else {
        shake();
    }
}

static void act(input_t *in, unsigned what) {
    switch (what & 3) {
        case 0:
            HOLDS(atlink_net_available(link_) >= ATLINK_NET_AGAIN);
            break;
        case 1:
            shutdown(far, SHUT_WR);
            break;
        case 2:
            atlink_tls_flush(link_->tls);
            break;
        default:
            fail_in = 1 + next(in);
    }
}

// Let both sides go on undisturbed.
static void run(void) {
    for (int i = 0; i < ROUNDS; i++) {
        our_turn();
        fetch();
        peer_turn();
        carry(from_peer.size);
    }
}

static void invent(input_t *in, bool is_lie) {
    uint8_t record[RECORD_HEAD + 256] = {next(in), 3, 3};
    size_t size = next(in);
    size = size < in->left ? size : in->left;
    memcpy(record + RECORD_HEAD, in->data, size);
    in->data += size;
    in->left -= size;
    record[3] = is_lie ? next(in) : 0;
    record[4] = is_lie ? next(in) : (uint8_t)size;
    tell(record, RECORD_HEAD + size);
}

static void step(input_t *in, uint8_t op, unsigned arg) {
    size_t size = record_size();
    switch (op) {
        case 0:
            run();
            break;
        case 1:
            for (unsigned i = 0; i <= arg; i++) {
                carry(record_size());
            }
            break;
        case 2:
            if (size > 0) {
                size_t place = next32(in) % size;
                from_peer.data[place] ^= 1 + next(in) % 255;
                carry(size);
            }
            break;
        case 3:
            queue_drop(&from_peer, size);
            break;
        case 4:
            tell(from_peer.data, size);
            carry(size);
            break;
        case 5:
            size = 1 + next(in);
            carry(size < from_peer.size ? size : from_peer.size);
            break;
        case 6:
            invent(in, arg & 1);
            break;
        case 7:
            our_turn();
            break;
        case 8:
            receive(1 + next(in) * 16);
            break;
        case 9:
            transmit(1 + next(in) * 16);
            break;
        case 10:
            act(in, arg);
            break;
        case 11:
            peer_write(1 + next(in) * 16);
            break;
        case 12:
            peer_act(arg);
            break;
        case 13:
            is_deaf = !is_deaf;
            break;
        default:
            fetch();
            peer_turn();
    }
}

static atlink_profile_t *profile_for(uint8_t mode) {
    static const char *const names[] = {"at", "x"};
    atlink_profile_t *profile = atlink_profile_new(mode & MODE_SERVER);
    HOLDS(profile != NULL);
    if (mode & MODE_CERTS) {
        HOLDS(atlink_profile_own(profile, cert.data, cert.size, key.data, key.size) == 0);
        HOLDS(!(mode & MODE_CHECK) || atlink_profile_ca(profile, ca.data, ca.size) == 0);
        HOLDS(!(mode & MODE_CHECK) || atlink_profile_verify(profile, 2) == 0);
    } else {
        HOLDS(atlink_profile_psk(profile, "secret", 6, "me", 2) == 0);
    }
    HOLDS(!(mode & MODE_ALPN) || atlink_profile_alpn(profile, names, 2) == 0);
    return profile;
}

static void begin(uint8_t mode) {
    int pair[2];
    HOLDS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    if (mode & MODE_NARROW) {
        int room = 1;
        setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    }
    far = pair[1];
    link_ = atlink_net_get(atlink_net_adopt(pair[0], 4));
    HOLDS(link_ != NULL);
    peer_setup(mode);
    atlink_profile_t *profile = profile_for(mode);
    HOLDS(atlink_tls_start(link_, profile, "peer.test", mode & MODE_CHECK ? "peer.test" : NULL) == 0);
    atlink_profile_release(profile);
}

static void end(uint8_t mode) {
    fail_in = 0;
    is_deaf = false;
    atlink_net_close(link_, mode & MODE_RESET);
    for (int i = 0; i < ROUNDS && atlink_closing_tick() >= 0; i++) {
        fetch();
        peer_turn();
    }
    while (atlink_closing_give_up()) {
    }
    close(far);
    peer_free();
    HOLDS(atlink_net_used == 0 && atlink_closing_count() == 0);
}

// Certificates and keys as a host may write them.
static void fuzz_profile(input_t *in) {
    atlink_profile_t *profile = atlink_profile_new(next(in) & 1);
    HOLDS(profile != NULL);
    unsigned failing = next(in);
    size_t size = next(in) * 16;
    size = size < in->left ? size : in->left;
    fail_in = failing;
    atlink_profile_ca(profile, in->data, size);
    atlink_profile_own(profile, in->data, size, in->data + size, in->left - size);
    atlink_profile_psk(profile, in->data, size, in->data + size, in->left - size);
    fail_in = 0;
    atlink_profile_release(profile);
}

void fuzz_one(input_t *in) {
    uint8_t mode = next(in);
    luck = 1;
    if (mode & MODE_PROFILE) {
        fuzz_profile(in);
        return;
    }
    begin(mode);
    while (in->left > 0) {
        uint8_t what = next(in);
        step(in, what & 15, what >> 4);
    }
    end(mode);
}

static void load(const char *name, file_t *file) {
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", CERTS, name);
    FILE *source = fopen(path, "rb");
    if (source == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    file->size = fread(file->data, 1, sizeof(file->data) - 1, source) + 1;
    fclose(source);
}

void fuzz_begin(void) {
    load("peer.crt", &cert);
    load("peer.key", &key);
    load("ca.crt", &ca);
}
