// Messages of QoS 0 from a broker to the host without Python, if nothing has to be first. The text
// is that of the event mqtt_message in at/commands/mqtt.py.
#include <stdio.h>

#include "core/mqtt.h"
#include "flow.h"
#include "modatcore.h"
#include "port.h"
#include "py/runtime.h"

#define PIECE (1024) // longer messages come in pieces: at/services/mqtt_inbox.py

static const char HEAD[] = "+MQTTSUBRECV:0,\"";
#define FRAME_MAX (sizeof(HEAD) + sizeof("\",1024,\r\n"))

static void put(const void *data, size_t n) {
    atlink_port_write(data, n);
}

// A topic is a peer's: with a control byte it could end its line and begin another one.
static void put_plain(const uint8_t *text, size_t n) {
    for (size_t done = 0, run = 0; done < n; done += run) {
        for (run = 0; done + run < n && text[done + run] >= 0x20 && text[done + run] != 0x7f;) {
            run++;
        }
        put(text + done, run);
        if (done + run < n) {
            put("?", 1);
            run++;
        }
    }
}

static void say(const atlink_mqtt_t *message) {
    char count[sizeof("\",1024,")];
    int n = snprintf(count, sizeof(count), "\",%u,", (unsigned)message->payload_len);
    put(HEAD, sizeof(HEAD) - 1);
    put_plain(message->topic, message->topic_len);
    put(count, (size_t)n);
    put(message->payload, message->payload_len);
    put("\r\n", 2);
}

// Pass on whole messages; returns how many bytes they took.
static size_t pass_on(const uint8_t *p, size_t n) {
    size_t done = 0;
    atlink_mqtt_t message;
    size_t size;
    while ((size = atlink_mqtt_message(p + done, n - done, &message)) > 0 && size <= PIECE
           && atlink_down_admit(size + FRAME_MAX)) {
        say(&message);
        done += size;
    }
    return done;
}

// The bytes of whole messages from the beginning of p that may be passed on together.
static bool is_whole(const uint8_t *p, size_t n) {
    atlink_mqtt_t message;
    size_t done = 0;
    size_t needed = 0;
    while (done < n) {
        size_t size = atlink_mqtt_message(p + done, n - done, &message);
        if (size == 0 || size > PIECE) {
            return false;
        }
        done += size;
        needed += size + FRAME_MAX;
    }
    return atlink_down_admit(needed);
}

// The same for WebSocket: only frames that hold nothing but whole messages.
static size_t pass_on_frames(const uint8_t *p, size_t n) {
    size_t done = 0;
    size_t head;
    size_t size;
    while ((head = atlink_mqtt_frame(p + done, n - done, &size)) > 0
           && is_whole(p + done + head, size)) {
        pass_on(p + done + head, size);
        done += head + size;
    }
    return done;
}

// message(topic, payload, retain): a whole PUBLISH of QoS 0 as bytes
static mp_obj_t atcore_message(mp_obj_t topic_in, mp_obj_t payload_in, mp_obj_t retain) {
    mp_buffer_info_t topic, payload;
    mp_get_buffer_raise(topic_in, &topic, MP_BUFFER_READ);
    mp_get_buffer_raise(payload_in, &payload, MP_BUFFER_READ);
    uint8_t head[ATLINK_MQTT_HEAD_MAX];
    size_t n = atlink_mqtt_head(head, topic.len, payload.len, mp_obj_is_true(retain));
    if (n == 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("too long"));
    }
    vstr_t vstr;
    vstr_init(&vstr, n + topic.len + payload.len);
    vstr_add_strn(&vstr, (const char *)head, n);
    vstr_add_strn(&vstr, topic.buf, topic.len);
    vstr_add_strn(&vstr, payload.buf, payload.len);
    return mp_obj_new_bytes_from_vstr(&vstr);
}
MP_DEFINE_CONST_FUN_OBJ_3(atcore_message_obj, atcore_message);

// take_messages(buffer, count, is_web): how many of the first `count` bytes were passed on
static mp_obj_t atcore_take_messages(mp_obj_t buffer, mp_obj_t count_in, mp_obj_t is_web) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(buffer, &info, MP_BUFFER_READ);
    mp_int_t count = mp_obj_get_int(count_in);
    if (count < 0 || (size_t)count > info.len) {
        mp_raise_ValueError(MP_ERROR_TEXT("out of range"));
    }
    size_t done = mp_obj_is_true(is_web) ? pass_on_frames(info.buf, (size_t)count)
        : pass_on(info.buf, (size_t)count);
    return MP_OBJ_NEW_SMALL_INT(done);
}
MP_DEFINE_CONST_FUN_OBJ_3(atcore_take_messages_obj, atcore_take_messages);
