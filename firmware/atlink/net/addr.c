// Numeric addresses: text to sockaddr and back, the same on both stacks.
//
// lwIP's inet_pton takes octal and short IPv4 forms and its inet_ntop writes other IPv6 text than
// Linux, so both directions are done here: IPv4 is four decimal numbers, IPv6 is RFC 4291 text
// written as RFC 5952 wants, zones ("%1") are numbers. Names are somebody else's business.

#include <string.h>

#include "net.h"

// Read one number of 0..max in the given base; NULL if there is none, too many digits or too big.
static const char *parse_number(const char *text, unsigned base, unsigned digits, uint32_t max,
    uint32_t *value) {
    const char *start = text;
    uint32_t number = 0;
    for (; (size_t)(text - start) < digits; ++text) {
        unsigned digit;
        if (*text >= '0' && *text <= '9') {
            digit = (unsigned)(*text - '0');
        } else if (base == 16 && (*text | 0x20) >= 'a' && (*text | 0x20) <= 'f') {
            digit = (unsigned)((*text | 0x20) - 'a' + 10);
        } else {
            break;
        }
        number = number * base + digit;
    }
    *value = number;
    return text == start || number > max ? NULL : text;
}

// Dotted decimal up to the end of the text.
static bool parse_v4(const char *text, uint8_t *bytes) {
    for (int i = 0; i < 4; ++i) {
        uint32_t number;
        text = parse_number(text, 10, 3, 255, &number);
        if (text == NULL || *text != (i < 3 ? '.' : '\0')) {
            return false;
        }
        bytes[i] = (uint8_t)number;
        ++text;
    }
    return true;
}

// Where the groups of an IPv6 address stand while it is read.
typedef struct _groups_t {
    uint8_t *bytes;
    int used; // bytes so far
    int gap; // the place of `::` among them, -1 none
} groups_t;

// Read one group, or the dotted decimal that may stand at the end. Returns what follows, NULL if
// that is wrong.
static const char *parse_group(const char *text, groups_t *groups) {
    uint32_t group;
    const char *next = parse_number(text, 16, 4, 0xffff, &group);
    if (next != NULL && *next == '.' && groups->used <= 12) {
        if (!parse_v4(text, groups->bytes + groups->used)) {
            return NULL;
        }
        groups->used += 4;
        return text + strlen(text);
    }
    if (next == NULL || groups->used > 14) {
        return NULL;
    }
    groups->bytes[groups->used++] = (uint8_t)(group >> 8);
    groups->bytes[groups->used++] = (uint8_t)group;
    if (*next == '\0') {
        return next;
    }
    if (*next++ != ':' || *next == '\0') {
        return NULL;
    }
    if (*next == ':') {
        if (groups->gap >= 0) {
            return NULL;
        }
        groups->gap = groups->used;
        ++next;
    }
    return next;
}

// The groups of an IPv6 address without its zone.
static bool parse_v6(const char *text, uint8_t *bytes) {
    groups_t groups = { .bytes = bytes, .used = 0, .gap = -1 };
    if (text[0] == ':' && text[1] == ':') {
        groups.gap = 0;
        text += 2;
    }
    while (*text != '\0') {
        text = parse_group(text, &groups);
        if (text == NULL) {
            return false;
        }
    }
    if (groups.gap < 0 || groups.used > 14) {
        return groups.gap < 0 && groups.used == 16;
    }
    int behind = groups.used - groups.gap;
    memmove(bytes + 16 - behind, bytes + groups.gap, (size_t)behind);
    memset(bytes + groups.gap, 0, (size_t)(16 - groups.used));
    return true;
}

// An IPv6 address with or without a zone ("%1"); "" is the unspecified one.
static bool parse_zoned(const char *text, uint8_t *bytes, uint32_t *zone) {
    char groups[ATLINK_ADDR_TEXT];
    const char *percent = strchr(text, '%');
    size_t length = percent != NULL ? (size_t)(percent - text) : strlen(text);
    *zone = 0;
    if (percent != NULL) {
        const char *end = parse_number(percent + 1, 10, 5, 65535, zone);
        if (end == NULL || *end != '\0') {
            return false;
        }
    }
    if (length >= sizeof(groups)) {
        return false;
    }
    memcpy(groups, text, length);
    groups[length] = '\0';
    return text[0] == '\0' || (length > 0 && parse_v6(groups, bytes));
}

static void set_v4(atlink_addr_t *addr, const uint8_t *bytes, uint16_t port) {
    addr->sa.v4.sin_family = AF_INET;
    addr->sa.v4.sin_port = htons(port);
    memcpy(&addr->sa.v4.sin_addr, bytes, 4);
    addr->len = sizeof(addr->sa.v4);
}

static void set_v6(atlink_addr_t *addr, const uint8_t *bytes, uint16_t port, uint32_t zone) {
    addr->sa.v6.sin6_family = AF_INET6;
    addr->sa.v6.sin6_port = htons(port);
    addr->sa.v6.sin6_scope_id = zone;
    memcpy(&addr->sa.v6.sin6_addr, bytes, 16);
    addr->len = sizeof(addr->sa.v6);
}

// "": any address. An IPv4 address for an IPv6 socket becomes a mapped one. Family 0: either.
int atlink_addr_parse(const char *text, int port, int family, atlink_addr_t *addr) {
    uint8_t bytes[16] = { 0 };
    memset(addr, 0, sizeof(*addr));
    if (port < 0 || port > 65535) {
        return atlink_net_fail(NULL, EINVAL, "bad port");
    }
    if (text[0] == '\0' && family == 4) {
        set_v4(addr, bytes, (uint16_t)port);
        return 0;
    }
    if (text[0] != '\0' && parse_v4(text, bytes)) {
        if (family == 6) {
            memcpy(bytes + 12, bytes, 4);
            memset(bytes, 0, 10);
            bytes[10] = bytes[11] = 0xff;
            set_v6(addr, bytes, (uint16_t)port, 0);
        } else {
            set_v4(addr, bytes, (uint16_t)port);
        }
        return 0;
    }
    uint32_t zone;
    if (!parse_zoned(text, bytes, &zone)) {
        return atlink_net_fail(NULL, EINVAL, "bad address");
    }
    if (family == 4) {
        return atlink_net_fail(NULL, EAFNOSUPPORT, "address of the wrong family");
    }
    set_v6(addr, bytes, (uint16_t)port, zone);
    return 0;
}

static char *put_number(char *text, uint32_t number, unsigned base) {
    uint32_t power = 1;
    while (number / power >= base) {
        power *= base;
    }
    for (; power > 0; power /= base) {
        *text++ = "0123456789abcdef"[number / power % base];
    }
    return text;
}

static char *put_v4(char *text, const uint8_t *bytes) {
    for (int i = 0; i < 4; ++i) {
        text = put_number(text, bytes[i], 10);
        *text++ = '.';
    }
    return text - 1;
}

// The longest run of two or more zero groups, the first of equals, is written as "::".
static char *put_v6(char *text, const uint8_t *bytes) {
    int best = -1;
    int best_length = 1;
    for (int i = 0; i < 8; ++i) {
        int length = 0;
        while (i + length < 8 && bytes[2 * (i + length)] == 0
               && bytes[2 * (i + length) + 1] == 0) {
            ++length;
        }
        if (length > best_length) {
            best = i;
            best_length = length;
        }
    }
    for (int i = 0; i < 8; ++i) {
        if (i == best) {
            *text++ = ':';
            *text++ = ':';
            i += best_length - 1;
            continue;
        }
        if (i > 0 && text[-1] != ':') {
            *text++ = ':';
        }
        text = put_number(text, (uint32_t)bytes[2 * i] << 8 | bytes[2 * i + 1], 16);
    }
    return text;
}

// Write the address (ATLINK_ADDR_TEXT bytes are enough) and return its port. A mapped address is
// written as the IPv4 address that it stands for.
int atlink_addr_format(const atlink_addr_t *addr, char *text, bool zone) {
    static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    if (addr->sa.any.sa_family == AF_INET) {
        *put_v4(text, (const uint8_t *)&addr->sa.v4.sin_addr) = '\0';
        return ntohs(addr->sa.v4.sin_port);
    }
    const uint8_t *bytes = (const uint8_t *)&addr->sa.v6.sin6_addr;
    if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        text = put_v4(text, bytes + 12);
    } else {
        text = put_v6(text, bytes);
        if (zone && addr->sa.v6.sin6_scope_id != 0) {
            *text++ = '%';
            text = put_number(text, addr->sa.v6.sin6_scope_id, 10);
        }
    }
    *text = '\0';
    return ntohs(addr->sa.v6.sin6_port);
}
