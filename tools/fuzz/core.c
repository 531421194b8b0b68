// The C parts that read what hosts and peers send, for libFuzzer (`make fuzzc`), and for the replay of
// its corpus by gcc's sanitizers (tests_host/c/test_corpus.py). The first byte of an input
// chooses the part, the rest is what it gets; what must hold for any input is checked.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commandtable.h"
#include "core/filter.h"
#include "core/framer.h"
#include "core/ipd.h"
#include "core/mqtt.h"
#include "core/rx.h"
#include "core/unescape.h"
#include "core/websocket.h"
#include "fuzz.h"
#include "net/net.h"

#define ROOM (8192)
// The receiver: whatever arrives in whatever pieces, no more is taken than came.
static void fuzz_rx(input_t *in) {
    atlink_rx_t rx;
    atlink_rx_init(&rx);
    rx.echo = next(in) & 1;
    while (in->left > 0) {
        uint8_t step = next(in);
        switch (step & 7) {
            case 0:
                atlink_rx_busy(&rx);
                break;
            case 1:
                atlink_rx_data(&rx, step >> 3);
                break;
            case 2:
                atlink_rx_stream(&rx);
                break;
            case 3:
                atlink_rx_fetch(&rx);
                atlink_rx_fragment(&rx);
                break;
            default:
                atlink_rx_listen(&rx);
        }
        size_t n = step < in->left ? step : in->left;
        size_t echo = 0;
        size_t took = 0;
        if (atlink_rx_feeds(&rx)) {
            took = atlink_rx_feed(&rx, in->data, n, &echo);
        } else if ((took = atlink_rx_wants(&rx)) > n) {
            took = n;
        }
        HOLDS(took <= n && echo <= took);
        if (rx.mode == ATLINK_MODE_DATA || rx.mode == ATLINK_MODE_STREAM) {
            atlink_rx_took(&rx, took);
        }
        HOLDS(rx.len <= ATLINK_LINE_MAX && rx.line_len <= ATLINK_LINE_MAX);
        in->data += took;
        in->left -= took;
    }
}

// Passthrough: every byte that came in goes out once, in order, but for the `+++` that ends it.
static void fuzz_framer(input_t *in) {
    static uint8_t buf[4096], came[ROOM], went[ROOM];
    atlink_framer_t f;
    uint64_t now = 1000;
    size_t in_all = 0, out_all = 0;
    size_t chunk = 1 + (next(in) << 8 | next(in)) % ATLINK_CHUNK_MAX;
    uint32_t total = next(in) & 1 ? ATLINK_UNCOUNTED : next32(in) % 4000;
    atlink_framer_init(&f, buf, sizeof(buf), chunk, next(in) % 101, total, now);
    while (in->left > 0 && !f.ended) {
        uint8_t step = next(in);
        now += (step & 3) == 0 ? 25000 : (step & 3) == 1 ? 0 : step * 10;
        if (step & 4) {
            atlink_framer_idle(&f, now);
        }
        uint8_t *room;
        size_t n = atlink_framer_space(&f, &room);
        n = n < in->left ? n : in->left;
        n = n < step ? n : step;
        n = n < ROOM - in_all ? n : ROOM - in_all;
        memcpy(room, in->data, n);
        memcpy(came + in_all, in->data, n);
        in_all += n;
        in->data += n;
        in->left -= n;
        atlink_framer_fed(&f, n, now);
        const uint8_t *out;
        size_t ready;
        int turns = 0;
        while ((ready = step & 8 ? atlink_framer_chunks(&f, now, &out)
                : atlink_framer_chunk(&f, now, &out)) > 0 && turns++ < 50) {
            size_t taken = step & 16 ? (ready + 1) / 2 : ready;
            HOLDS(out >= buf && out + ready <= buf + sizeof(buf) && out_all + taken <= in_all);
            memcpy(went + out_all, out, taken);
            out_all += taken;
            atlink_framer_sent(&f, taken);
        }
        HOLDS(out_all + atlink_framer_waiting(&f) + (f.ended ? 3 : 0) == in_all);
        HOLDS(memcmp(came, went, out_all) == 0);
    }
}

// Decoding in two pieces gives what decoding in one does.
static void fuzz_unescape(input_t *in) {
    static uint8_t whole[ROOM], pieces[ROOM];
    atlink_unescape_t one, two;
    atlink_unescape_init(&one);
    atlink_unescape_init(&two);
    size_t cut = next(in);
    size_t n = in->left < ROOM ? in->left : ROOM;
    cut = cut < n ? cut : n;
    size_t used, used_first, used_rest = 0;
    size_t length = atlink_unescape(&one, in->data, n, whole, ROOM, &used);
    size_t first = atlink_unescape(&two, in->data, cut, pieces, ROOM, &used_first);
    size_t rest = 0;
    if (!two.ended) {
        HOLDS(used_first == cut);
        rest = atlink_unescape(&two, in->data + cut, n - cut, pieces + first, ROOM - first,
            &used_rest);
    }
    HOLDS(length == first + rest && used == used_first + used_rest && one.ended == two.ended);
    HOLDS(length <= used && memcmp(whole, pieces, length) == 0);
}

static void fuzz_filter(input_t *in) {
    atlink_regex_t head = {in->data, next(in) % 20, next(in) & 7};
    head.text = in->data;
    head.len = head.len < in->left ? head.len : in->left;
    in->data += head.len;
    in->left -= head.len;
    atlink_regex_t tail = {NULL, next(in) % 20, next(in) & 7};
    tail.text = in->data;
    tail.len = tail.len < in->left ? tail.len : in->left;
    in->data += tail.len;
    in->left -= tail.len;
    bool repeats = false; // repetitions of repetitions take the C library very long: its business
    for (size_t i = 0; i < head.len + tail.len; i++) {
        const uint8_t c = i < head.len ? head.text[i] : tail.text[i - head.len];
        bool again = c == '*' || c == '+' || c == '?';
        if (c == '{' || c == 0 || (again && repeats)) {
            return;
        }
        repeats = again || (repeats && c == '\\');
    }
    static uint8_t message[301]; // clang's sanitizer wants a NUL behind what regexec() gets
    size_t n = in->left < 300 ? in->left : 300;
    memcpy(message, in->data, n);
    message[n] = 0;
    if (atlink_filter_add(head, tail) == 0) {
        atlink_cut_t cut[2];
        if (atlink_filter_match(message, n, cut)) {
            HOLDS(cut[0].from <= cut[0].to && cut[0].to <= n);
            HOLDS(cut[1].from <= cut[1].to && cut[1].to <= n);
            HOLDS(cut[0].from == cut[0].to || cut[1].from == cut[1].to || cut[0].to <= cut[1].from);
        }
        HOLDS(atlink_filter_count() == 1 && atlink_filter_delete(head, tail));
    }
    HOLDS(atlink_filter_count() == 0);
}

static void fuzz_ipd(input_t *in) {
    uint8_t text[ATLINK_IPD_HEAD_MAX + 1];
    char ip[46] = "";
    uint32_t length = next32(in);
    int link = (int)next(in) % 101 - 1;
    uint16_t port = (uint16_t)next32(in);
    size_t n = in->left < 45 ? in->left : 45;
    memcpy(ip, in->data, n);
    atlink_ipd_from_t from = {link, n > 0 ? ip : NULL, port};
    size_t head = atlink_ipd_head(text + ATLINK_IPD_HEAD_MAX, length, &from);
    HOLDS(head == atlink_ipd_head_size(length, &from) && head <= ATLINK_IPD_HEAD_MAX);
    HOLDS(atlink_ipd_recvdata(text + ATLINK_IPD_HEAD_MAX, length, &from) <= ATLINK_IPD_HEAD_MAX);
    HOLDS(atlink_ipd_notice(text, link, length) <= ATLINK_IPD_NOTICE_MAX);
}

static void fuzz_websocket(input_t *in) {
    static uint8_t copy[ROOM];
    uint8_t key[ATLINK_MASK_KEY] = {next(in), next(in), next(in), next(in)};
    size_t at = next(in), cut = next(in);
    size_t n = in->left < ROOM ? in->left : ROOM;
    cut = cut < n ? cut : n;
    memcpy(copy, in->data, n);
    atlink_mask(copy, cut, key, at);
    atlink_mask(copy + cut, n - cut, key, at + cut);
    atlink_mask(copy, n, key, at);
    HOLDS(memcmp(copy, in->data, n) == 0);
    int whole = atlink_utf8(ATLINK_UTF8_WHOLE, in->data, n);
    int first = atlink_utf8(ATLINK_UTF8_WHOLE, in->data, cut);
    HOLDS(atlink_utf8_is_state(whole) && atlink_utf8_is_state(first));
    HOLDS(first == ATLINK_UTF8_BAD ? whole == ATLINK_UTF8_BAD
        : atlink_utf8(first, in->data + cut, n - cut) == whole);
}

// A message that stands there whole lies within the bytes, and each beginning of it is one.
static void fuzz_mqtt(input_t *in) {
    const uint8_t *p = in->data;
    size_t n = in->left;
    atlink_mqtt_t m;
    size_t size = atlink_mqtt_message(p, n, &m);
    if (size > 0) {
        HOLDS(size <= n && m.topic >= p && m.topic + m.topic_len <= p + size);
        HOLDS(m.payload >= p && m.payload + m.payload_len <= p + size);
        uint8_t head[ATLINK_MQTT_HEAD_MAX];
        HOLDS(atlink_mqtt_head(head, m.topic_len, m.payload_len, false) <= sizeof(head));
        for (size_t i = 1; i < size && i < 300; i++) {
            HOLDS(atlink_mqtt_begins(p, i, size));
        }
    }
    size_t payload = 0;
    size = atlink_mqtt_frame(p, n, &payload);
    if (size > 0) {
        HOLDS(payload > 0 && payload <= 65535 && size + payload <= n);
        for (size_t i = 1; i < size + payload && i < 300; i++) {
            HOLDS(atlink_mqtt_frame_begins(p, i, size + payload));
        }
    }
}

static void fuzz_line(input_t *in) {
    bool mux = next(in) & 1;
    atlink_line_t line;
    atlink_value_t values[ATLINK_VALUES_MAX];
    size_t n = in->left < 256 ? in->left : 256;
    if (!atlink_line_split(in->data, n, &line)) {
        return;
    }
    HOLDS(line.name >= in->data && line.name + line.name_len <= in->data + n);
    int command = atlink_command_find(&command_table, line.name, line.name_len);
    atlink_name_is_simple(line.name, line.name_len);
    if (command < 0 || line.form != ATLINK_FORM_SET) {
        return;
    }
    int count = atlink_command_bind(&command_table, command, line.text, line.text_len, mux, values);
    HOLDS(count <= ATLINK_VALUES_MAX);
    for (int i = 0; i < count; i++) {
        if (values[i].kind == ATLINK_VALUE_TEXT || values[i].kind == ATLINK_VALUE_NAME) {
            uint8_t text[256];
            HOLDS(values[i].len <= values[i].raw_len && values[i].raw_len <= n);
            HOLDS(values[i].raw >= in->data && values[i].raw + values[i].raw_len <= in->data + n);
            atlink_value_text(&values[i], text);
        }
    }
}

// An address that is read is written in a way that is read as the same.
static void fuzz_addr(input_t *in) {
    char text[80], again[ATLINK_ADDR_TEXT];
    int family = (next(in) % 3) * 2 + 2; // 2 is none
    size_t n = in->left < sizeof(text) - 1 ? in->left : sizeof(text) - 1;
    memcpy(text, in->data, n);
    text[n] = '\0';
    atlink_addr_t one = {0}, two = {0};
    if (atlink_addr_parse(text, 80, family, &one) == ATLINK_NET_FAIL) {
        return;
    }
    HOLDS(atlink_addr_format(&one, again, true) == 80);
    HOLDS(strlen(again) < sizeof(again));
    family = one.sa.any.sa_family == AF_INET ? 4 : 6; // a mapped address looks like IPv4
    HOLDS(atlink_addr_parse(again, 80, family, &two) != ATLINK_NET_FAIL);
    HOLDS(one.len == two.len && memcmp(&one.sa, &two.sa, one.len) == 0);
}

static void (*const parts[])(input_t *in) = {
    fuzz_rx, fuzz_framer, fuzz_unescape, fuzz_filter, fuzz_ipd, fuzz_websocket, fuzz_mqtt, fuzz_line,
    fuzz_addr,
};

void fuzz_begin(void) {
}

void fuzz_one(input_t *in) {
    parts[next(in) % (sizeof(parts) / sizeof(parts[0]))](in);
}
