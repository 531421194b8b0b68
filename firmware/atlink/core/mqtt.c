// Whole MQTT messages of QoS 0 (MQTT 3.1.1 section 3.3). See mqtt.h.
#include "core/mqtt.h"

#define PUBLISH (0x30) // QoS 0, not a duplicate; bit 0: retained
#define LENGTH_MAX (4) // bytes of a packet's length
#define TOPIC_MAX (65535)
#define PACKET_MAX (268435455) // bytes behind the length
#define BINARY (0x82) // last frame of a binary message

// Read the length behind the first byte; returns the place behind it, 0 if it is not whole.
static size_t read_length(const uint8_t *p, size_t n, size_t *length) {
    *length = 0;
    for (size_t at = 1; at < n && at <= LENGTH_MAX; ++at) {
        *length |= (size_t)(p[at] & 0x7f) << (7 * (at - 1));
        if (!(p[at] & 0x80)) {
            return at + 1;
        }
    }
    return 0;
}

size_t atlink_mqtt_message(const uint8_t *p, size_t n, atlink_mqtt_t *message) {
    size_t length;
    if (n == 0 || (p[0] & 0xfe) != PUBLISH) {
        return 0;
    }
    size_t at = read_length(p, n, &length);
    if (at == 0 || length < 2 || n - at < length) {
        return 0;
    }
    message->topic_len = (size_t)p[at] << 8 | p[at + 1];
    if (message->topic_len > length - 2) {
        return 0;
    }
    message->topic = p + at + 2;
    message->payload = message->topic + message->topic_len;
    message->payload_len = length - 2 - message->topic_len;
    return at + length;
}

size_t atlink_mqtt_head(uint8_t *head, size_t topic_len, size_t payload_len, bool retain) {
    if (topic_len > TOPIC_MAX || payload_len > PACKET_MAX - 2 - topic_len) {
        return 0;
    }
    size_t length = 2 + topic_len + payload_len;
    size_t n = 0;
    head[n++] = (uint8_t)(PUBLISH | retain);
    do {
        head[n++] = (uint8_t)((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
        length >>= 7;
    } while (length > 0);
    head[n++] = (uint8_t)(topic_len >> 8);
    head[n++] = (uint8_t)topic_len;
    return n;
}

bool atlink_mqtt_begins(const uint8_t *p, size_t n, size_t room) {
    if (n == 0 || (p[0] & 0xfe) != PUBLISH) {
        return false;
    }
    size_t length;
    size_t head = read_length(p, n, &length);
    return head == 0 ? n <= LENGTH_MAX : length <= room && head + length <= room && n < head + length;
}

// Read the head of a frame; returns its bytes, 0 if it is not whole, of no such frame SIZE_MAX.
static size_t read_head(const uint8_t *p, size_t n, size_t *size) {
    if ((n > 0 && p[0] != BINARY) || (n > 1 && (p[1] == 0 || p[1] > 126))) {
        return SIZE_MAX;
    }
    size_t head = n > 1 && p[1] == 126 ? 4 : 2;
    if (n < head) {
        return 0;
    }
    *size = head == 4 ? (size_t)p[2] << 8 | p[3] : p[1];
    return *size > 0 ? head : SIZE_MAX;
}

size_t atlink_mqtt_frame(const uint8_t *p, size_t n, size_t *size) {
    size_t head = read_head(p, n, size);
    return head != SIZE_MAX && head > 0 && n - head >= *size ? head : 0;
}

bool atlink_mqtt_frame_begins(const uint8_t *p, size_t n, size_t room) {
    size_t size;
    size_t head = read_head(p, n, &size);
    return n > 0 && head != SIZE_MAX && (head == 0 || (head + size <= room && n < head + size));
}
