// A face on stdin and stdout over the core, for tests that drive it from Python: one command a
// line, one reply a line, bytes in hexadecimal ("-" for none). Commands: see the table at the end.
#include <inttypes.h>

#include "check.h"
#include "core/filter.h"
#include "core/framer.h"
#include "core/rx.h"
#include "core/settings.h"
#include "core/unescape.h"

static uint8_t bytes[65536];
static size_t bytes_len;

static void get_bytes(void) {
    static char text[sizeof(bytes) * 2 + 1];
    bytes_len = 0;
    if (scanf("%131072s", text) != 1) {
        exit(EXIT_FAILURE);
    }
    unsigned byte;
    while (sscanf(text + bytes_len * 2, "%2x", &byte) == 1) {
        bytes[bytes_len++] = byte;
    }
}

static uint64_t get_number(void) {
    uint64_t number;
    if (scanf("%" SCNu64, &number) != 1) {
        exit(EXIT_FAILURE);
    }
    return number;
}

static void put_bytes(const uint8_t *data, size_t n) {
    printf(n == 0 ? " -" : " ");
    for (size_t i = 0; i < n; i++) {
        printf("%02x", data[i]);
    }
}

static atlink_rx_t rx;

static void rx_new(void) {
    atlink_rx_init(&rx);
}

static void rx_listen(void) {
    atlink_rx_listen(&rx);
}

static void rx_busy(void) {
    atlink_rx_busy(&rx);
}

static void rx_data(void) {
    atlink_rx_data(&rx, get_number());
}

static void rx_stream(void) {
    atlink_rx_stream(&rx);
}

static void rx_echo(void) {
    rx.echo = get_number() != 0;
}

static void rx_feed(void) {
    get_bytes();
    size_t echo;
    size_t used = atlink_rx_feed(&rx, bytes, bytes_len, &echo);
    printf(" %zu %zu", used, echo);
}

static void rx_took(void) {
    atlink_rx_took(&rx, get_number());
}

static void rx_wants(void) {
    size_t wants = atlink_rx_wants(&rx);
    printf(" %zu", wants > UINT32_MAX ? (size_t)UINT32_MAX : wants);
}

static void rx_fetch(void) {
    printf(" %d", atlink_rx_fetch(&rx));
}

static void rx_fragment(void) {
    printf(" %d", atlink_rx_fragment(&rx));
}

static void rx_forget_rest(void) {
    atlink_rx_forget_rest(&rx);
}

static void rx_line(void) {
    put_bytes(rx.line, rx.line_len);
}

static atlink_framer_t framer;
static uint8_t framer_buf[8192];

static void fr_new(void) {
    size_t size = get_number(), chunk = get_number();
    uint32_t interval = get_number(), total = get_number();
    atlink_framer_init(&framer, framer_buf, size, chunk, interval, total, get_number());
}

static void fr_space(void) {
    uint8_t *p;
    printf(" %zu", atlink_framer_space(&framer, &p));
}

static void fr_fed(void) {
    get_bytes();
    uint8_t *p;
    if (atlink_framer_space(&framer, &p) < bytes_len) {
        exit(EXIT_FAILURE);
    }
    memcpy(p, bytes, bytes_len);
    atlink_framer_fed(&framer, bytes_len, get_number());
}

static void fr_idle(void) {
    atlink_framer_idle(&framer, get_number());
}

static void fr_chunk(void) {
    const uint8_t *p;
    size_t n = atlink_framer_chunk(&framer, get_number(), &p);
    put_bytes(p, n);
}

static void fr_sent(void) {
    atlink_framer_sent(&framer, get_number());
}

static void fr_state(void) {
    printf(" %d %zu %" PRIu64, framer.ended, atlink_framer_waiting(&framer),
        atlink_framer_deadline(&framer));
}

static atlink_unescape_t unescape;

static void un_new(void) {
    atlink_unescape_init(&unescape);
}

static void un_decode(void) {
    get_bytes();
    static uint8_t out[sizeof(bytes)];
    size_t used, n = atlink_unescape(&unescape, bytes, bytes_len, out, get_number(), &used);
    printf(" %zu %d", used, unescape.ended);
    put_bytes(out, n);
}

static void fi_clear(void) {
    atlink_filter_clear();
}

static void fi_add(void) {
    get_bytes();
    uint8_t head[256];
    atlink_regex_t first = {head, bytes_len, 0};
    memcpy(head, bytes, bytes_len);
    get_bytes();
    printf(" %d", atlink_filter_add(first, (atlink_regex_t) {bytes, bytes_len, 0}));
}

static void fi_cut(void) {
    get_bytes();
    atlink_cut_t cut[2] = {{0, 0}, {0, 0}};
    bool cuts = atlink_filter_match(bytes, bytes_len, cut);
    printf(" %d %zu %zu %zu %zu", cuts, cut[0].from, cut[0].to, cut[1].from, cut[1].to);
}

static void baud(void) {
    printf(" %" PRIu32, atlink_baud_real(get_number()));
}

static const struct {
    const char *name;
    void (*run)(void);
} commands[] = {
    {"rx_new", rx_new}, {"rx_listen", rx_listen}, {"rx_busy", rx_busy}, {"rx_data", rx_data},
    {"rx_stream", rx_stream}, {"rx_echo", rx_echo}, {"rx_feed", rx_feed}, {"rx_took", rx_took},
    {"rx_wants", rx_wants}, {"rx_fetch", rx_fetch}, {"rx_fragment", rx_fragment},
    {"rx_line", rx_line},
    {"rx_forget_rest", rx_forget_rest}, {"fr_new", fr_new}, {"fr_space", fr_space}, {"fr_fed", fr_fed},
    {"fr_idle", fr_idle}, {"fr_chunk", fr_chunk}, {"fr_sent", fr_sent}, {"fr_state", fr_state},
    {"un_new", un_new}, {"un_decode", un_decode}, {"fi_clear", fi_clear}, {"fi_add", fi_add},
    {"fi_cut", fi_cut}, {"baud", baud},
};

int main(void) {
    char name[16];
    while (scanf("%15s", name) == 1) {
        size_t i = 0;
        while (strcmp(commands[i].name, name) != 0) {
            if (++i == sizeof(commands) / sizeof(commands[0])) {
                return EXIT_FAILURE;
            }
        }
        printf("=");
        commands[i].run();
        printf("\n");
        fflush(stdout);
    }
    return check_failures;
}
