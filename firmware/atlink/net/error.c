// Errors of the network layer: one code and a few words each, the same words on both stacks.
//
// Owns the words for errno; those for TLS are in tls_reason.c. The words are stable: services
// compare them, logs show them.

#include "net.h"

atlink_net_error_t atlink_net_error;

static const atlink_net_error_t words[] = {
    { EACCES, "not permitted" },
    { EADDRINUSE, "address in use" },
    { EADDRNOTAVAIL, "address not available" },
    { EAFNOSUPPORT, "address family not supported" },
    { EBADF, "link is closed" },
    { ECONNREFUSED, "connection refused" },
    { ECONNRESET, "connection reset" },
    { EDESTADDRREQ, "not connected" },
    { EHOSTUNREACH, "no route to host" },
    { EINVAL, "not possible now" },
    { EISCONN, "already connected" },
    { EMFILE, "too many sockets" },
    { EMSGSIZE, "datagram too long" },
    { ENETUNREACH, "network unreachable" },
    { ENFILE, "too many sockets" },
    { ENOBUFS, "out of memory" },
    { ENOMEM, "out of memory" },
    { ENOPROTOOPT, "option not supported" },
    { ENOTCONN, "not connected" },
    { EOPNOTSUPP, "not possible on this link" },
    { EPERM, "not permitted" },
    { EPIPE, "connection closed" },
    { EPROTONOSUPPORT, "protocol not supported" },
    { ETIMEDOUT, "timed out" },
};

// Note an error for the caller, and with the link if there is one. Always ATLINK_NET_FAIL.
int atlink_net_fail(atlink_link_t *link, int code, const char *reason) {
    atlink_net_error.code = code;
    atlink_net_error.reason = reason;
    if (link != NULL) {
        link->error = atlink_net_error;
    }
    return ATLINK_NET_FAIL;
}

// The same for an errno of a socket call; what only means "later" becomes ATLINK_NET_AGAIN.
int atlink_net_fail_errno(atlink_link_t *link, int code) {
    if (code == EAGAIN || code == EWOULDBLOCK || code == EINTR || code == EINPROGRESS) {
        return ATLINK_NET_AGAIN;
    }
    code = net_errno(code, link != NULL && link->state == LINK_CONNECTING);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); ++i) {
        if (words[i].code == code) {
            return atlink_net_fail(link, code, words[i].reason);
        }
    }
    return atlink_net_fail(link, code, "socket error");
}
