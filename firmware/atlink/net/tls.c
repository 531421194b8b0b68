// TLS sessions: the handshake step by step, records in and out, the goodbye.
//
// A record that was accepted but not yet taken by the socket stays with Mbed TLS; it goes out at
// the next write, at flush() from wait(), or while closing. So write() can always say how many
// bytes it took, which Mbed TLS by itself does not. What is pending is Mbed TLS's own count alone:
// it flushes by itself whenever it has something to say.

#include <string.h>

#include <mbedtls/net_sockets.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_time.h>

#include "record.h"
#include "route.h"
#include "tls.h"

#define CLOCK_SET_S (1577836800) // 2020: a clock that shows less was never set

static int socket_send(void *context, const unsigned char *data, size_t size) {
    atlink_tls_t *tls = context;
    ssize_t sent = atlink_route_send(tls->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
        return (int)sent;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    tls->io_error = errno;
    return MBEDTLS_ERR_NET_SEND_FAILED;
}

static int recv_some(atlink_tls_t *tls, unsigned char *data, size_t size) {
    if (tls->socket_eof) {
        return 0;
    }
    ssize_t got = atlink_route_recv(tls->fd, data, size, MSG_DONTWAIT);
    if (got >= 0) {
        tls->socket_eof = got == 0;
        return (int)got;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    tls->io_error = errno;
    return MBEDTLS_ERR_NET_RECV_FAILED;
}

// Check a head that is complete: 0, or why the session ends.
static int judge_head(atlink_tls_t *tls) {
    if (!atlink_is_record_head(tls->head)) {
        return MBEDTLS_ERR_SSL_INVALID_RECORD;
    }
    // The type is in the clear. Nobody here renegotiates, and Mbed TLS would go on after refusing.
    if (tls->up && tls->head[0] == MBEDTLS_SSL_MSG_HANDSHAKE) {
        tls->asked_anew = true;
        return MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
    }
    return 0;
}

// Mbed TLS asks for heads and bodies of records one after the other, never for both at once, and
// for the rest of a body that came in parts: only counting tells a head from five bytes of a body.
// Heads are given whole or not at all: ESP-IDF's MBEDTLS_DYNAMIC_BUFFER reads them to the stack, so
// one that came in two parts would lose the first. It also takes memory for the length in a head
// before anybody has looked at it: 17 to 29 KB for what a plain server says.
static int socket_recv(void *context, unsigned char *data, size_t size) {
    atlink_tls_t *tls = context;
    if (tls->body_left > 0) {
        int got = recv_some(tls, data, size);
        tls->body_left -= got > 0 ? (uint16_t)got : 0;
        return got;
    }
    while (tls->head_size < sizeof(tls->head)) {
        int got = recv_some(tls, tls->head + tls->head_size, sizeof(tls->head) - tls->head_size);
        if (got <= 0) {
            return got;
        }
        tls->head_size += (uint8_t)got;
    }
    tls->head_size = 0;
    tls->body_left = (uint16_t)(tls->head[3] << 8 | tls->head[4]);
    memcpy(data, tls->head, sizeof(tls->head));
    int code = judge_head(tls);
    return code != 0 ? code : (int)sizeof(tls->head);
}

// Whether the module can know if a date has passed: at power-up its clock begins in 1970, and Mbed
// TLS sees the year 2000 then (MicroPython's ports/esp32/main.c).
static bool clock_is_set(void) {
    return mbedtls_time(NULL) >= CLOCK_SET_S;
}

// The name that the user wants to see, apart from the SNI that Mbed TLS would check: its finding
// is dropped, and its own matching (alternative names, wildcards) is asked again for our name. The
// copy without successors, trusted by itself, costs no signature check and only that flag counts.
// Without a clock dates are not judged: a server takes clients of any (the manual's example 4.2.8
// sets no time), a client takes no server at all, as the manual says of AT+CIPSSLCCONF.
static int check_certificate(void *context, mbedtls_x509_crt *crt, int depth, uint32_t *flags) {
    atlink_tls_t *tls = context;
    if (!clock_is_set()) {
        *flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
        *flags |= tls->profile->server ? 0 : MBEDTLS_X509_BADCERT_OTHER;
    }
    if (depth == 0) {
        *flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH;
        if (tls->name != NULL) {
            mbedtls_x509_crt leaf = *crt;
            uint32_t found = 0;
            leaf.next = NULL;
            mbedtls_x509_crt_verify(&leaf, &leaf, NULL, tls->name, &found, NULL, NULL);
            *flags |= found & MBEDTLS_X509_BADCERT_CN_MISMATCH;
        }
    }
    tls->flags |= *flags;
    return 0;
}

// Note a failure of the session with its link. The session is not to be used any more.
static int fail(atlink_link_t *link, int code) {
    atlink_tls_t *tls = link->tls;
    if (tls->asked_anew && !atlink_tls_unflushed(tls)) {
        mbedtls_ssl_send_alert_message(&tls->ssl, MBEDTLS_SSL_ALERT_LEVEL_WARNING,
            MBEDTLS_SSL_ALERT_MSG_NO_RENEGOTIATION); // the socket takes it or not
    }
    tls->dead = true;
    tls->ended = true;
    if (code == MBEDTLS_ERR_SSL_ALLOC_FAILED) {
        atlink_closing_give_up(); // the next attempt may find what it holds
    }
    if (code == MBEDTLS_ERR_NET_SEND_FAILED && !tls->up) {
        const char *words = atlink_tls_last_words(tls);
        if (words != NULL) {
            return atlink_net_fail(link, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE, words);
        }
    }
    if (tls->io_error != 0) {
        return atlink_net_fail_errno(link, tls->io_error);
    }
    return atlink_net_fail(link, code, atlink_tls_reason(tls, code));
}

static int set_names(atlink_tls_t *tls, const char *sni, const char *name) {
    if (name != NULL) {
        size_t size = strlen(name) + 1;
        tls->name = mbedtls_calloc(1, size);
        if (tls->name == NULL) {
            return MBEDTLS_ERR_SSL_ALLOC_FAILED;
        }
        memcpy(tls->name, name, size);
    }
    return mbedtls_ssl_set_hostname(&tls->ssl, sni); // NULL is told too: "I mean none"
}

// Begin a session on a connected link. sni: the name told to the server, NULL none; name: the one
// its certificate must carry, NULL any.
int atlink_tls_start(atlink_link_t *link, atlink_profile_t *profile, const char *sni,
    const char *name) {
    if (link->state != LINK_OPEN || link->kind != ATLINK_NET_TCP || link->tls != NULL) {
        return atlink_net_fail_errno(link, link->tls != NULL ? EISCONN : ENOTCONN);
    }
    atlink_tls_t *tls = mbedtls_calloc(1, sizeof(*tls));
    if (tls == NULL) {
        return atlink_net_fail_errno(link, ENOMEM);
    }
    mbedtls_ssl_init(&tls->ssl);
    tls->fd = link->fd;
    tls->profile = profile;
    ++profile->users;
    int code = mbedtls_ssl_setup(&tls->ssl, &profile->conf);
    if (code == 0) {
        code = set_names(tls, sni, name);
    }
    if (code != 0) {
        const char *reason = atlink_tls_reason(tls, code);
        atlink_tls_free(tls);
        return atlink_net_fail(link, code, reason);
    }
    mbedtls_ssl_set_verify(&tls->ssl, check_certificate, tls);
    mbedtls_ssl_set_bio(&tls->ssl, tls, socket_send, socket_recv, NULL);
    link->tls = tls;
    return 0;
}

// One step. 0: done; ATLINK_NET_READ or _WRITE: wait for that first; both: call again, the step
// was only cut short so that a long computation does not follow another at once.
int atlink_tls_handshake(atlink_link_t *link) {
    atlink_tls_t *tls = link->tls;
    if (tls == NULL || tls->dead) {
        return atlink_net_fail_errno(link, ENOTCONN);
    }
    if (tls->up) {
        return 0;
    }
    int code = mbedtls_ssl_handshake_step(&tls->ssl);
    if (code == 0) {
        tls->up = mbedtls_ssl_is_handshake_over(&tls->ssl) != 0;
        return tls->up ? 0 : ATLINK_NET_READ | ATLINK_NET_WRITE;
    }
    if (code == MBEDTLS_ERR_SSL_WANT_READ) {
        return ATLINK_NET_READ;
    }
    return code == MBEDTLS_ERR_SSL_WANT_WRITE ? ATLINK_NET_WRITE : fail(link, code);
}

// What it means that Mbed TLS has no bytes for us. 0 is the end of the socket, or the second of two
// empty records in a row.
static int read_nothing(atlink_link_t *link, int code) {
    if (code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE
        || (code == 0 && !link->tls->socket_eof)) {
        return ATLINK_NET_AGAIN;
    }
    link->eof = true;
    if (code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        link->tls->ended = true;
        return ATLINK_NET_AGAIN;
    }
    return fail(link, code == 0 ? MBEDTLS_ERR_SSL_CONN_EOF : code);
}

// Decrypted bytes, 0 after close_notify. A stream that ends without it has been cut, perhaps by
// somebody who wants to hide the rest: that is an error, once, behind the last byte.
int atlink_tls_read(atlink_link_t *link, void *data, size_t size) {
    atlink_tls_t *tls = link->tls;
    if (tls->ended || size == 0) {
        link->eof = tls->ended;
        return 0;
    }
    if (!tls->up) {
        return ATLINK_NET_AGAIN;
    }
    int code = mbedtls_ssl_read(&tls->ssl, data, size);
    if (code > 0) {
        return code;
    }
    code = read_nothing(link, code);
    return code == ATLINK_NET_AGAIN && tls->ended ? 0 : code;
}

// Decrypt the next record if nothing decrypted waits: 0 when bytes can be read, else AGAIN, FAIL.
int atlink_tls_fill(atlink_link_t *link) {
    atlink_tls_t *tls = link->tls;
    if (!tls->up || tls->ended || atlink_tls_available(tls) > 0) {
        return tls->up && !tls->ended ? 0 : ATLINK_NET_AGAIN;
    }
    int code = mbedtls_ssl_read(&tls->ssl, NULL, 0);
    if (atlink_tls_available(tls) > 0) {
        return 0;
    }
    return read_nothing(link, code);
}

// Send what is left of the last record: 0 when nothing is, else AGAIN. An error ends the session
// and shows at its next use.
int atlink_tls_flush(atlink_tls_t *tls) {
    if (!atlink_tls_unflushed(tls)) {
        return 0;
    }
    // With output pending this call flushes only. It is given no bytes, whatever is pending.
    static const unsigned char nothing[1];
    int code = mbedtls_ssl_write(&tls->ssl, nothing, 0);
    if (code == MBEDTLS_ERR_SSL_WANT_WRITE) {
        return ATLINK_NET_AGAIN;
    }
    tls->dead = code < 0;
    return code < 0 ? ATLINK_NET_FAIL : 0;
}

// Bytes accepted: at most one record, sent or kept by Mbed TLS.
int atlink_tls_write(atlink_link_t *link, const void *data, size_t size) {
    atlink_tls_t *tls = link->tls;
    if (!tls->up && !tls->dead) {
        return ATLINK_NET_AGAIN;
    }
    int code = tls->dead ? ATLINK_NET_FAIL : atlink_tls_flush(tls);
    if (code == ATLINK_NET_FAIL || tls->goodbye) {
        return tls->io_error != 0 ? atlink_net_fail_errno(link, tls->io_error)
            : atlink_net_fail_errno(link, EPIPE);
    }
    if (code == ATLINK_NET_AGAIN || size == 0) {
        return code;
    }
    int max = mbedtls_ssl_get_max_out_record_payload(&tls->ssl);
    if (max > 0 && size > (size_t)max) {
        size = (size_t)max;
    }
    code = mbedtls_ssl_write(&tls->ssl, data, size);
    if (code == MBEDTLS_ERR_SSL_WANT_WRITE) {
        return atlink_tls_unflushed(tls) ? (int)size : ATLINK_NET_AGAIN;
    }
    return code > 0 ? code : fail(link, code);
}

// Whether a record that was accepted waits for the socket.
bool atlink_tls_unflushed(const atlink_tls_t *tls) {
    return tls->up && !tls->dead && tls->ssl.MBEDTLS_PRIVATE(out_left) > 0;
}

size_t atlink_tls_available(const atlink_tls_t *tls) {
    return tls->up && !tls->ended ? mbedtls_ssl_get_bytes_avail(&tls->ssl) : 0;
}

// Say close_notify, after what is still unsent: 0 when it is out (or cannot be said), else AGAIN.
int atlink_tls_goodbye(atlink_tls_t *tls) {
    if (atlink_tls_flush(tls) == ATLINK_NET_AGAIN) {
        return ATLINK_NET_AGAIN;
    }
    if (!tls->up || tls->dead || tls->goodbye) {
        return 0;
    }
    tls->goodbye = true; // behind nothing that is pending, so the alert is written in any case
    return mbedtls_ssl_close_notify(&tls->ssl) == MBEDTLS_ERR_SSL_WANT_WRITE ? ATLINK_NET_AGAIN
        : 0;
}

void atlink_tls_free(atlink_tls_t *tls) {
    if (tls != NULL) {
        mbedtls_ssl_free(&tls->ssl);
        mbedtls_free(tls->name);
        atlink_profile_release(tls->profile);
        mbedtls_free(tls);
    }
}
