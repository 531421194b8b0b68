// What went wrong in TLS, in a few words for people, logs and the error codes of services.
//
// The words are stable. The first fault that applies is named, the most basic one first: a
// certificate of an unknown issuer may say what it likes about its dates and names.

#include "tls.h"

typedef struct _flag_words_t {
    uint32_t flag;
    const char *reason;
} flag_words_t;

static const flag_words_t flag_words[] = {
    { MBEDTLS_X509_BADCERT_MISSING, "no certificate" },
    { MBEDTLS_X509_BADCERT_NOT_TRUSTED, "unknown CA" },
    { MBEDTLS_X509_BADCERT_OTHER, "the clock is not set" }, // nobody else uses this flag
    { MBEDTLS_X509_BADCERT_EXPIRED, "certificate expired" },
    { MBEDTLS_X509_BADCERT_FUTURE, "certificate not yet valid" },
    { MBEDTLS_X509_BADCERT_CN_MISMATCH, "wrong name" },
    { MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK | MBEDTLS_X509_BADCERT_BAD_KEY,
      "weak certificate" },
    { MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE
      | MBEDTLS_X509_BADCERT_NS_CERT_TYPE, "wrong certificate usage" },
};

typedef struct _code_words_t {
    int code;
    const char *reason;
} code_words_t;

static const code_words_t code_words[] = {
    { MBEDTLS_ERR_SSL_ALLOC_FAILED, "out of memory" },
    { MBEDTLS_ERR_SSL_BAD_CERTIFICATE, "bad certificate" },
    { MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, "protocol version" },
    { MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED, "no CA to check with" },
    { MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, "no common cipher" },
    { MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL, "alpn mismatch" },
    { MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE, "no client certificate" },
    { MBEDTLS_ERR_SSL_PRIVATE_KEY_REQUIRED, "no certificate of our own" },
    { MBEDTLS_ERR_SSL_UNKNOWN_IDENTITY, "psk mismatch" },
};

static const code_words_t alert_words[] = {
    { MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, "no common cipher" },
    { MBEDTLS_SSL_ALERT_MSG_BAD_CERT, "own certificate refused" },
    { MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT, "own certificate refused" },
    { MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED, "own certificate refused" },
    { MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED, "own certificate refused" },
    { MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN, "own certificate refused" },
    { MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA, "own certificate refused" },
    { MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION, "protocol version" },
    { MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME, "unknown server name" },
    { MBEDTLS_SSL_ALERT_MSG_UNKNOWN_PSK_IDENTITY, "psk mismatch" },
    { 116, "client certificate required" }, // RFC 8446, 6.2
    { MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL, "alpn mismatch" },
};

static const char *find(const code_words_t *table, size_t count, int code, const char *other) {
    for (size_t i = 0; i < count; ++i) {
        if (table[i].code == code) {
            return table[i].reason;
        }
    }
    return other;
}

// The number of the fatal alert that was just received, -1 if it cannot be told: Mbed TLS keeps
// the record where it was read and has no call for it.
static int alert_number(const atlink_tls_t *tls) {
    if (tls->ssl.MBEDTLS_PRIVATE(in_buf) == NULL) {
        return -1;
    }
    return tls->ssl.MBEDTLS_PRIVATE(in_msg)[1];
}

static const char *alert_reason(const atlink_tls_t *tls, int number) {
    if (tls->up) {
        return "alert from the peer";
    }
    int state = tls->ssl.MBEDTLS_PRIVATE(state);
    bool answered = !tls->profile->server && state > MBEDTLS_SSL_SERVER_HELLO_DONE;
    if (tls->profile->has_psk && (number == MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC
                                  || number == MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR)) {
        return "psk mismatch";
    }
    // TLS 1.2 has no alert of its own for it. A server that agreed on a cipher, saw our answer
    // without a certificate and then fails the handshake has missed one.
    if (number == MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE && answered
        && !tls->profile->has_own && !tls->profile->has_psk) {
        return "client certificate required";
    }
    return find(alert_words, sizeof(alert_words) / sizeof(alert_words[0]), number,
        "alert from the peer");
}

static const char *verify_reason(uint32_t flags) {
    for (size_t i = 0; i < sizeof(flag_words) / sizeof(flag_words[0]); ++i) {
        if (flags & flag_words[i].flag) {
            return flag_words[i].reason;
        }
    }
    return "bad certificate";
}

// Sending failed in the handshake: a peer that had enough of us says why before it closes. Its
// alert is the next record at the socket, in the clear. NULL if there is none.
const char *atlink_tls_last_words(const atlink_tls_t *tls) {
    uint8_t record[7];
    ssize_t got = recv(tls->fd, record, sizeof(record), MSG_DONTWAIT);
    if (got != sizeof(record) || record[0] != MBEDTLS_SSL_MSG_ALERT || record[3] != 0
        || record[4] != 2) {
        return NULL;
    }
    return alert_reason(tls, record[6]);
}

// What is wrong with the certificates: what our check saw, and what Mbed TLS finds after it (use,
// curve). All ones: it has not looked yet.
static uint32_t all_flags(const atlink_tls_t *tls) {
    uint32_t found = mbedtls_ssl_get_verify_result(&tls->ssl);
    return found == UINT32_MAX ? tls->flags : tls->flags | found;
}

const char *atlink_tls_reason(const atlink_tls_t *tls, int code) {
    if (tls->asked_anew) {
        return "renegotiation refused";
    }
    switch (code) {
        case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
        case MBEDTLS_ERR_SSL_BAD_CERTIFICATE:
            return verify_reason(all_flags(tls));
        case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
            return alert_reason(tls, alert_number(tls));
        case MBEDTLS_ERR_SSL_CONN_EOF:
            return tls->up ? "closed without close_notify" : "closed during handshake";
        case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
            return "closed during handshake";
        case MBEDTLS_ERR_SSL_INVALID_MAC:
            return !tls->up && tls->profile->has_psk ? "psk mismatch" : "damaged record";
        case MBEDTLS_ERR_SSL_INVALID_RECORD:
        case MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE:
            return tls->up ? "damaged record" : "not a TLS peer";
        default:
            return find(code_words, sizeof(code_words) / sizeof(code_words[0]), code,
                "TLS error");
    }
}
