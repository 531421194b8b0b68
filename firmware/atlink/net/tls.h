// TLS for links: profiles (what to trust and to show) and sessions (one for each link).
//
// tls_profile.c owns profiles, tls.c owns sessions, tls_reason.c turns what went wrong into words.
// TLS 1.2 of Mbed TLS; its memory comes from the C heap, never from the garbage-collected one.
#ifndef ATLINK_TLS_H
#define ATLINK_TLS_H

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include "net.h"

#define ATLINK_ALPN_MAX (5)
#define ATLINK_SUITES_MAX (16) // that a profile is told

typedef struct _atlink_profile_t {
    mbedtls_ssl_config conf;
    mbedtls_x509_crt own; // our chain
    mbedtls_pk_context key;
    mbedtls_x509_crt ca;
    uint32_t users; // the Python object and each session; the last one frees
    bool server;
    bool has_own;
    bool has_ca;
    bool has_psk;
    int *suites; // ciphers to offer and take, 0 at the end
    char *alpn_text; // the names one behind the other, each with its NUL
    const char *alpn[ATLINK_ALPN_MAX + 1]; // into alpn_text, NULL at the end
} atlink_profile_t;

struct _atlink_tls_t {
    mbedtls_ssl_context ssl;
    atlink_profile_t *profile;
    int fd;
    int io_error; // errno of the last failed send or recv of the session, 0 if it was not that
    bool up; // the handshake is done
    bool ended; // nothing more to read: close_notify, a cut or an error
    bool dead; // after an error Mbed TLS must not be asked again
    bool goodbye; // close_notify is with Mbed TLS
    bool asked_anew; // the peer wants another handshake
    bool socket_eof; // the socket has ended
    uint8_t head[5]; // of the next record, while it is incomplete
    uint8_t head_size;
    uint16_t body_left; // bytes of the record whose head was the last one
    uint32_t flags; // X.509 findings of all certificates of the peer
    char *name; // the common name to check, NULL: none
};

// tls_profile.c
atlink_profile_t *atlink_profile_new(bool server);
void atlink_profile_release(atlink_profile_t *profile);
int atlink_profile_verify(atlink_profile_t *profile, int mode);
int atlink_profile_own(atlink_profile_t *profile, const void *cert, size_t cert_size,
    const void *key, size_t key_size);
int atlink_profile_ca(atlink_profile_t *profile, const void *data, size_t size);
int atlink_profile_psk(atlink_profile_t *profile, const void *key, size_t key_size,
    const void *identity, size_t identity_size);
int atlink_profile_suites(atlink_profile_t *profile, const int *wanted);
int atlink_suite(size_t index);
int atlink_profile_alpn(atlink_profile_t *profile, const char *const *names, size_t count);

// tls.c
int atlink_tls_start(atlink_link_t *link, atlink_profile_t *profile, const char *sni,
    const char *name);
int atlink_tls_handshake(atlink_link_t *link);
int atlink_tls_read(atlink_link_t *link, void *data, size_t size);
int atlink_tls_fill(atlink_link_t *link);
int atlink_tls_write(atlink_link_t *link, const void *data, size_t size);
size_t atlink_tls_available(const atlink_tls_t *tls);
bool atlink_tls_unflushed(const atlink_tls_t *tls);
int atlink_tls_flush(atlink_tls_t *tls);
int atlink_tls_goodbye(atlink_tls_t *tls);
void atlink_tls_free(atlink_tls_t *tls);

// tls_reason.c
const char *atlink_tls_last_words(const atlink_tls_t *tls);
const char *atlink_tls_reason(const atlink_tls_t *tls, int code);

#endif
