// The real peer of a fuzzed TLS link. See tlspeer.h.
#include <string.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ssl.h>

#include "tlspeer.h"

queue_t from_peer, to_peer;
side_t ours, theirs;
file_t cert, key, ca;

static mbedtls_ssl_context peer;
static mbedtls_ssl_config conf;
static mbedtls_x509_crt peer_cert;
static mbedtls_pk_context peer_key;
static bool is_over, is_dead;

// With a key that both know: no arithmetic that takes long.
static const int stream_suites[] = {MBEDTLS_TLS_PSK_WITH_AES_128_GCM_SHA256, 0};
static const int block_suites[] = {MBEDTLS_TLS_PSK_WITH_AES_128_CBC_SHA256, 0};

static uint8_t pattern(const side_t *side, uint32_t place) {
    return (uint8_t)(side->first + place * 7 + (place >> 8));
}

void side_fill(const side_t *side, uint8_t *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        data[i] = pattern(side, side->sent + (uint32_t)i);
    }
}

// What `side` has read is what the other one has sent.
void side_check(side_t *side, const side_t *other, const uint8_t *data, size_t size) {
    HOLDS(size <= other->sent - side->read);
    for (size_t i = 0; i < size; i++) {
        HOLDS(data[i] == pattern(other, side->read++));
    }
}

void queue_drop(queue_t *queue, size_t size) {
    queue->size -= size;
    memmove(queue->data, queue->data + size, queue->size);
}

static int queue_send(void *context, const unsigned char *data, size_t size) {
    (void)context;
    if (size > QUEUE - from_peer.size) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    memcpy(from_peer.data + from_peer.size, data, size);
    from_peer.size += size;
    return (int)size;
}

static int queue_recv(void *context, unsigned char *data, size_t size) {
    (void)context;
    size = size < to_peer.size ? size : to_peer.size;
    if (size == 0) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    memcpy(data, to_peer.data, size);
    queue_drop(&to_peer, size);
    return (int)size;
}

static void judge(int code) {
    is_dead = is_dead
        || (code < 0 && code != MBEDTLS_ERR_SSL_WANT_READ && code != MBEDTLS_ERR_SSL_WANT_WRITE);
}

void peer_turn(void) {
    uint8_t data[4096];
    if (is_dead) {
        return;
    }
    if (!is_over) {
        int code = mbedtls_ssl_handshake(&peer);
        is_over = code == 0;
        judge(code);
        return;
    }
    int code = mbedtls_ssl_read(&peer, data, sizeof(data));
    judge(code == 0 ? MBEDTLS_ERR_SSL_CONN_EOF : code);
    if (code > 0) {
        side_check(&theirs, &ours, data, (size_t)code);
    }
}

void peer_write(size_t size) {
    uint8_t data[4096];
    if (!is_over || is_dead || from_peer.size > QUEUE / 2) {
        return;
    }
    side_fill(&theirs, data, size);
    int code = mbedtls_ssl_write(&peer, data, size);
    judge(code);
    theirs.sent += code > 0 ? (uint32_t)code : 0;
}

void peer_act(unsigned what) {
    if (is_dead || from_peer.size > QUEUE / 2) {
        return;
    }
    switch (what & 3) {
        case 0:
            judge(mbedtls_ssl_close_notify(&peer));
            break;
        case 1:
            judge(mbedtls_ssl_send_alert_message(&peer, 1 + (what >> 2 & 1), what & 0xff));
            break;
        case 2:
            if (is_over) {
                judge(mbedtls_ssl_renegotiate(&peer));
            }
            break;
        default:
            peer_write(0);
    }
}

void peer_setup(uint8_t mode) {
    bool is_server = !(mode & MODE_SERVER);
    from_peer.size = to_peer.size = 0;
    ours = (side_t) {.first = 1};
    theirs = (side_t) {.first = 101};
    is_over = is_dead = false;
    mbedtls_ssl_init(&peer);
    mbedtls_ssl_config_init(&conf);
    mbedtls_x509_crt_init(&peer_cert);
    mbedtls_pk_init(&peer_key);
    mbedtls_ssl_config_defaults(&conf, is_server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
        MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_authmode(&conf, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_rng(&conf, mbedtls_ctr_drbg_random, NULL);
    mbedtls_ssl_conf_renegotiation(&conf, MBEDTLS_SSL_RENEGOTIATION_ENABLED);
    if (mode & MODE_CERTS) {
        HOLDS(mbedtls_x509_crt_parse(&peer_cert, cert.data, cert.size) == 0);
        HOLDS(mbedtls_pk_parse_key(&peer_key, key.data, key.size, NULL, 0, mbedtls_ctr_drbg_random, NULL) == 0);
        HOLDS(mbedtls_ssl_conf_own_cert(&conf, &peer_cert, &peer_key) == 0);
    } else {
        mbedtls_ssl_conf_ciphersuites(&conf, mode & MODE_ALPN ? block_suites : stream_suites);
        HOLDS(mbedtls_ssl_conf_psk(&conf, (const uint8_t *)"secret", 6, (const uint8_t *)"me", 2) == 0);
    }
    HOLDS(mbedtls_ssl_setup(&peer, &conf) == 0);
    HOLDS(mbedtls_ssl_set_hostname(&peer, NULL) == 0);
    mbedtls_ssl_set_bio(&peer, NULL, queue_send, queue_recv, NULL);
}

void peer_free(void) {
    mbedtls_ssl_free(&peer);
    mbedtls_ssl_config_free(&conf);
    mbedtls_x509_crt_free(&peer_cert);
    mbedtls_pk_free(&peer_key);
}
