// Whole messages of QoS 0 among what a broker may send, by example.
#include "check.h"
#include "core/mqtt.h"

static atlink_mqtt_t message;
static size_t size;

#define MESSAGE(text) atlink_mqtt_message((const uint8_t *)text, sizeof(text) - 1, &message)
#define FRAME(text) atlink_mqtt_frame((const uint8_t *)text, sizeof(text) - 1, &size)

static void whole_messages(void) {
    CHECK(MESSAGE("\x30\x05\x00\x01tHi") == 7);
    CHECK_BYTES(message.topic, message.topic_len, "t");
    CHECK_BYTES(message.payload, message.payload_len, "Hi");
    CHECK(MESSAGE("\x31\x03\x00\x01tmore") == 5 && message.payload_len == 0);
    CHECK(MESSAGE("\x30\x02\x00\x00") == 4 && message.topic_len == 0);
    CHECK(MESSAGE("\x30\x83\x00\x00\x01t") == 6);
}

static void what_is_none(void) {
    CHECK(MESSAGE("") == 0 && MESSAGE("\x30") == 0 && MESSAGE("\x30\x85") == 0);
    CHECK(MESSAGE("\x30\x05\x00\x01tH") == 0); // a byte is missing
    CHECK(MESSAGE("\x30\x01\x00") == 0 && MESSAGE("\x30\x03\x00\x02t") == 0);
    CHECK(MESSAGE("\x32\x05\x00\x01t\x00\x01") == 0); // QoS 1
    CHECK(MESSAGE("\x38\x03\x00\x01t") == 0); // a duplicate, which QoS 0 has not
    CHECK(MESSAGE("\xd0\x00") == 0);
    CHECK(MESSAGE("\x30\x83\x80\x80\x80\x00\x00\x01t") == 0); // a length of five bytes
    CHECK(MESSAGE("\x30\xff\xff\xff\x7f") == 0);
}

static void heads(void) {
    uint8_t head[ATLINK_MQTT_HEAD_MAX];
    CHECK_BYTES(head, atlink_mqtt_head(head, 1, 2, false), "\x30\x05\x00\x01");
    CHECK_BYTES(head, atlink_mqtt_head(head, 300, 0, true), "\x31\xae\x02\x01\x2c");
    CHECK_BYTES(head, atlink_mqtt_head(head, 0, 268435453, false), "\x30\xff\xff\xff\x7f\x00\x00");
    CHECK(atlink_mqtt_head(head, 0, 268435454, false) == 0);
    CHECK(atlink_mqtt_head(head, 65536, 0, false) == 0);
}

static void frames(void) {
    CHECK(FRAME("\x82\x02Hi") == 2 && size == 2);
    CHECK(FRAME("\x82\x7e\x00\x02Hi") == 4 && size == 2);
    CHECK(FRAME("\x82\x02H") == 0 && FRAME("\x82") == 0 && FRAME("\x82\x7e\x00") == 0);
    CHECK(FRAME("\x82\x00") == 0 && FRAME("\x82\x7e\x00\x00") == 0); // empty ones are Python's
    CHECK(FRAME("\x81\x02Hi") == 0 && FRAME("\x02\x02Hi") == 0 && FRAME("\x89\x00") == 0);
    CHECK(FRAME("\x82\x82keyyHi") == 0 && FRAME("\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x01H") == 0);
}

#define BEGINS(text, room) atlink_mqtt_begins((const uint8_t *)text, sizeof(text) - 1, room)
#define FRAME_BEGINS(text, room) atlink_mqtt_frame_begins((const uint8_t *)text, sizeof(text) - 1, room)

static void beginnings(void) {
    CHECK(BEGINS("\x30", 9) && BEGINS("\x31\x05", 9) && BEGINS("\x30\x05\x00\x01tH", 7));
    CHECK(BEGINS("\x30\x83", 9) && BEGINS("\x30\x83\x80\x80", 9)); // of what length is not known
    CHECK(!BEGINS("", 9) && !BEGINS("\x30\x05\x00\x01tHi", 9)); // nothing, and all of it
    CHECK(!BEGINS("\x30\x05\x00\x01tH", 6) && !BEGINS("\x30\xff\xff\xff\x7f\x00", 1024));
    CHECK(!BEGINS("\x32\x05", 9) && !BEGINS("\x40", 9) && !BEGINS("\x30\x83\x80\x80\x80", 9));
    CHECK(FRAME_BEGINS("\x82", 9) && FRAME_BEGINS("\x82\x02H", 9) && FRAME_BEGINS("\x82\x7e", 9));
    CHECK(FRAME_BEGINS("\x82\x7e\x00", 9) && FRAME_BEGINS("\x82\x7e\x00\x02H", 6));
    CHECK(!FRAME_BEGINS("", 9) && !FRAME_BEGINS("\x82\x02Hi", 9) && !FRAME_BEGINS("\x82\x02H", 3));
    CHECK(!FRAME_BEGINS("\x81", 9) && !FRAME_BEGINS("\x82\x7f", 9) && !FRAME_BEGINS("\x82\x82k", 9));
    CHECK(!FRAME_BEGINS("\x82\x00", 9) && !FRAME_BEGINS("\x82\x7e\x00\x00", 9));
}

int main(void) {
    beginnings();
    whole_messages();
    what_is_none();
    heads();
    frames();
    return CHECK_END();
}
