// Messages of QoS 0 from a broker to the host without Python, if nothing has to be first. The text
// is that of the event mqtt_message in at/commands/mqtt.py.
#include <stdio.h>
#include <string.h>

#include "core/mqtt.h"
#include "core/websocket.h"
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

// Write the head of a masked binary frame for n bytes, its key included.
static void add_frame_head(vstr_t *vstr, size_t n, const uint8_t *key) {
    uint8_t head[4] = {0x82, (uint8_t)(0x80 | (n < 126 ? n : 126)), (uint8_t)(n >> 8), (uint8_t)n};
    vstr_add_strn(vstr, (const char *)head, n < 126 ? 2 : 4);
    vstr_add_strn(vstr, (const char *)key, ATLINK_MASK_KEY);
}

// message(topic, payload, retain, key): a whole PUBLISH of QoS 0 as bytes; with a key, in a frame
static mp_obj_t atcore_message(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    mp_buffer_info_t topic, payload, key = {.buf = NULL};
    mp_get_buffer_raise(args[0], &topic, MP_BUFFER_READ);
    mp_get_buffer_raise(args[1], &payload, MP_BUFFER_READ);
    uint8_t head[ATLINK_MQTT_HEAD_MAX];
    size_t n = atlink_mqtt_head(head, topic.len, payload.len, mp_obj_is_true(args[2]));
    size_t size = n + topic.len + payload.len;
    if (args[3] != mp_const_none) {
        mp_get_buffer_raise(args[3], &key, MP_BUFFER_READ);
    }
    if (n == 0 || (key.buf != NULL && (size > UINT16_MAX || key.len != ATLINK_MASK_KEY))) {
        mp_raise_ValueError(MP_ERROR_TEXT("too long"));
    }
    vstr_t vstr;
    vstr_init(&vstr, 4 + ATLINK_MASK_KEY + size);
    if (key.buf != NULL) {
        add_frame_head(&vstr, size, key.buf);
    }
    vstr_add_strn(&vstr, (const char *)head, n);
    vstr_add_strn(&vstr, topic.buf, topic.len);
    vstr_add_strn(&vstr, payload.buf, payload.len);
    if (key.buf != NULL) {
        atlink_mask((uint8_t *)vstr.buf + vstr.len - size, size, key.buf, 0);
    }
    return mp_obj_new_bytes_from_vstr(&vstr);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atcore_message_obj, 4, 4, atcore_message);

// take_messages(buffer, count, is_web): how many of the first `count` bytes were passed on; -n: n
// bytes are at the beginning now and wait for the rest of their message
static mp_obj_t atcore_take_messages(mp_obj_t buffer, mp_obj_t count_in, mp_obj_t is_web_in) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(buffer, &info, MP_BUFFER_WRITE);
    mp_int_t count = mp_obj_get_int(count_in);
    if (count < 0 || (size_t)count > info.len) {
        mp_raise_ValueError(MP_ERROR_TEXT("out of range"));
    }
    bool is_web = mp_obj_is_true(is_web_in);
    uint8_t *bytes = info.buf;
    size_t done = (is_web ? pass_on_frames : pass_on)(bytes, (size_t)count);
    size_t left = (size_t)count - done;
    if ((is_web ? atlink_mqtt_frame_begins : atlink_mqtt_begins)(bytes + done, left,
        info.len < PIECE ? info.len : PIECE)) {
        memmove(bytes, bytes + done, left);
        return MP_OBJ_NEW_SMALL_INT(-(mp_int_t)left);
    }
    return MP_OBJ_NEW_SMALL_INT(done);
}
MP_DEFINE_CONST_FUN_OBJ_3(atcore_take_messages_obj, atcore_take_messages);
