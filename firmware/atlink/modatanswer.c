// Answers, the log, and how a command is refused (why it is, Python says). See modatcore.h.
#include <stdio.h>

#include "py/mphal.h"
#include "py/objstr.h"
#include "py/runtime.h"

#include "modatcore.h"
#include "port.h"

#define SESSION (MP_STATE_VM(atcore_session))

// No filter, and nothing waits for room on the ring: messages may go straight to it.
static bool is_clear;

bool atcore_has_room(size_t n) {
    return is_clear && atlink_port_room() >= n;
}

static mp_obj_t atcore_clear(mp_obj_t on) {
    is_clear = mp_obj_is_true(on);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atcore_clear_obj, atcore_clear);

// Answers. They are composed twice, to be counted and to be written, so that none needs memory.

typedef struct {
    size_t size;
    vstr_t *vstr; // NULL: the ring
    bool counts_only;
} sink_t;

static void put(sink_t *sink, const char *data, size_t n) {
    sink->size += n;
    if (sink->counts_only) {
        return;
    }
    if (sink->vstr != NULL) {
        vstr_add_strn(sink->vstr, data, n);
    } else {
        atlink_port_write((const uint8_t *)data, n);
    }
}

static void put_number(sink_t *sink, mp_int_t value) {
    char digits[3 * sizeof(mp_int_t)];
    char *begin = digits + sizeof(digits);
    mp_uint_t left = value < 0 ? -(mp_uint_t)value : (mp_uint_t)value;
    do {
        *--begin = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0) {
        *--begin = '-';
    }
    put(sink, begin, (size_t)(digits + sizeof(digits) - begin));
}

static void print_to(void *sink, const char *text, size_t n) {
    put(sink, text, n);
}

static bool is_control(uint8_t c) {
    return (c < 0x20 && c != '\t') || c == 0x7f;
}

// Text that may be a peer's: with a control byte it could end its line and begin another one.
static void put_plain(sink_t *sink, const uint8_t *text, size_t n) {
    while (n > 0) {
        size_t run = 0;
        while (run < n && !is_control(text[run])) {
            run++;
        }
        put(sink, (const char *)text, run);
        if (run < n) {
            put(sink, "?", 1);
            run++;
        }
        text += run;
        n -= run;
    }
}

// Integers in decimal, text in quotes and not escaped, `?` for control bytes.
static void put_value(sink_t *sink, mp_obj_t value) {
    if (mp_obj_is_small_int(value)) {
        put_number(sink, MP_OBJ_SMALL_INT_VALUE(value));
    } else if (mp_obj_is_bool(value)) {
        put_number(sink, value == mp_const_true);
    } else if (mp_obj_is_int(value)) {
        mp_print_t print = {sink, print_to};
        mp_obj_print_helper(&print, value, PRINT_STR);
    } else {
        mp_buffer_info_t text;
        mp_get_buffer_raise(value, &text, MP_BUFFER_READ);
        put(sink, "\"", 1);
        put_plain(sink, text.buf, text.len);
        put(sink, "\"", 1);
    }
}

static void put_reply(sink_t *sink, size_t n, const mp_obj_t *values) {
    size_t len;
    const char *name = mp_obj_str_get_data(*atcore_member(SESSION, MP_QSTR_name), &len);
    put(sink, name, len);
    put(sink, ":", 1);
    for (size_t i = 0; i < n; ++i) {
        if (i > 0) {
            put(sink, ",", 1);
        }
        put_value(sink, values[i]);
    }
    put(sink, "\r\n", 2);
}

static void put_line(sink_t *sink, size_t n, const mp_obj_t *parts) {
    for (size_t i = 0; i < n; ++i) {
        mp_buffer_info_t text;
        mp_get_buffer_raise(parts[i], &text, MP_BUFFER_READ);
        put(sink, text.buf, text.len);
    }
    put(sink, "\r\n", 2);
}

// Write what `compose` puts, straight to the ring or as one message of the port.
static mp_obj_t say(void (*compose)(sink_t *, size_t, const mp_obj_t *), size_t n,
    const mp_obj_t *values) {
    sink_t sink = {.counts_only = true};
    compose(&sink, n, values);
    sink.counts_only = false;
    if (atcore_has_room(sink.size)) {
        compose(&sink, n, values);
        return mp_const_none;
    }
    vstr_t vstr;
    vstr_init(&vstr, sink.size);
    sink.vstr = &vstr;
    compose(&sink, n, values);
    atcore_tell(MP_QSTR__say, mp_obj_new_bytes_from_vstr(&vstr));
    return mp_const_none;
}

// Write bytes as they are: as a message (_say) or behind all filters (_put).
static void write_or_tell(qstr method, const char *data, size_t n) {
    if (atcore_has_room(n)) {
        atlink_port_write((const uint8_t *)data, n);
    } else {
        atcore_tell(method, mp_obj_new_bytes((const byte *)data, n));
    }
}

void atcore_say(const char *message, size_t n) {
    write_or_tell(MP_QSTR__say, message, n);
}

void atcore_put(const char *data, size_t n) {
    write_or_tell(MP_QSTR__put, data, n);
}

static mp_obj_t atcore_reply(size_t n_args, const mp_obj_t *args) {
    return say(put_reply, n_args, args);
}
MP_DEFINE_CONST_FUN_OBJ_VAR(atcore_reply_obj, 0, atcore_reply);

static mp_obj_t atcore_line(size_t n_args, const mp_obj_t *args) {
    return say(put_line, n_args, args);
}
MP_DEFINE_CONST_FUN_OBJ_VAR(atcore_line_obj, 1, atcore_line);

// The log, on the port of the chip's console.

static uint32_t begun_ms; // what its times count from

static void begin_entry(void) {
    mp_printf(&mp_plat_print, "(%u)", (unsigned)(mp_hal_ticks_ms() - begun_ms));
}

static mp_obj_t atcore_begin_log(void) {
    begun_ms = (uint32_t)mp_hal_ticks_ms();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atcore_begin_log_obj, atcore_begin_log);

static mp_obj_t atcore_log(size_t n_args, const mp_obj_t *words) {
    begin_entry();
    for (size_t i = 0; i < n_args; ++i) {
        mp_print_str(&mp_plat_print, " ");
        mp_obj_print_helper(&mp_plat_print, words[i], PRINT_STR);
    }
    mp_print_str(&mp_plat_print, "\n");
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR(atcore_log_obj, 0, atcore_log);

// Refusals.

static void put_reason(sink_t *sink, size_t n, const mp_obj_t *parts) {
    put(sink, "REASON:", 7);
    for (size_t i = 0; i < n; ++i) {
        size_t len;
        const char *text = mp_obj_str_get_data(parts[i], &len);
        put_plain(sink, (const uint8_t *)text, len);
    }
    put(sink, "\r\n", 2);
}

static void put_code(sink_t *sink, size_t n, const mp_obj_t *code) {
    (void)n;
    char text[sizeof("ERR CODE:0x00000000\r\n")];
    int size = snprintf(text, sizeof(text), "ERR CODE:0x%08x\r\n",
        (unsigned)mp_obj_get_int_truncated(*code));
    put(sink, text, (size_t)size);
}

static void print_text(mp_obj_t text_in) {
    size_t len;
    const char *text = mp_obj_str_get_data(text_in, &len);
    mp_print_strn(&mp_plat_print, text, len, 0, ' ', 0);
}

// Log why the command `name` fails, and tell the host: what AT+SYSLOG wants to be said, ERROR.
void atcore_refuse(mp_obj_t name, mp_obj_t code, size_t n, const mp_obj_t *reason) {
    begin_entry();
    mp_print_str(&mp_plat_print, " AT");
    print_text(name);
    mp_print_str(&mp_plat_print, ": ");
    for (size_t i = 0; i < n; ++i) {
        print_text(reason[i]);
    }
    mp_print_str(&mp_plat_print, "\n");
    mp_int_t wanted = mp_obj_get_int(*atcore_member(SESSION, MP_QSTR_syslog));
    if (wanted == 2) {
        say(put_reason, n, reason);
    }
    if (wanted != 0) {
        say(put_code, 1, &code);
    }
    atcore_say("\r\nERROR\r\n", 9);
}

// refuse(code, reason): the command that runs
static mp_obj_t refuse(mp_obj_t code, mp_obj_t reason) {
    atcore_refuse(*atcore_member(SESSION, MP_QSTR_name), code, 1, &reason);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atcore_refuse_obj, refuse);
