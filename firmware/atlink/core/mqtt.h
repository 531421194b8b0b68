// The commonest thing a broker sends: a message of QoS 0, plain or as one WebSocket frame. Whatever
// else comes is read by at/wire/mqtt.py and at/wire/websocket.py.
#ifndef ATLINK_CORE_MQTT_H
#define ATLINK_CORE_MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *topic;
    const uint8_t *payload;
    size_t topic_len;
    size_t payload_len;
} atlink_mqtt_t;

// Read the message that begins at p; returns its bytes, 0 if no such message stands there whole.
size_t atlink_mqtt_message(const uint8_t *p, size_t n, atlink_mqtt_t *message);

// Whether p holds the beginning of such a message, which has at most `room` bytes in all.
bool atlink_mqtt_begins(const uint8_t *p, size_t n, size_t room);

#define ATLINK_MQTT_HEAD_MAX (7)

// Write what precedes topic and payload of a message of QoS 0 to head[ATLINK_MQTT_HEAD_MAX]; returns
// how many bytes, 0 if MQTT has no message that long.
size_t atlink_mqtt_head(uint8_t *head, size_t topic_len, size_t payload_len, bool retain);

// The head of an unmasked binary WebSocket message that stands whole at p, in one frame of at most
// 65535 bytes, at least 1: returns the bytes of the head and sets *size to those of the payload;
// 0 if there is none.
size_t atlink_mqtt_frame(const uint8_t *p, size_t n, size_t *size);

// Whether p holds the beginning of such a frame, which has at most `room` bytes in all.
bool atlink_mqtt_frame_begins(const uint8_t *p, size_t n, size_t room);

#endif // ATLINK_CORE_MQTT_H
