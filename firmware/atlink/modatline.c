// Command lines and answers. A well-formed line of a declared command is split, looked up, bound
// and handed to its handler here, and OK is written here; any other line, outcome or state goes to
// the session in Python, which alone knows refusals.
#include <string.h>

#include "py/objstr.h"
#include "py/objtype.h"
#include "py/qstr.h"
#include "py/runtime.h"

#include "commandtable.h"
#include "modatcore.h"
#include "uart.h"

MP_REGISTER_ROOT_POINTER(mp_obj_t atcore_session);
MP_REGISTER_ROOT_POINTER(mp_obj_t atcore_by_name); // the declared commands

#define SESSION (MP_STATE_VM(atcore_session))

// No filter, and nothing waits for room on the ring: messages may go straight to it.
static bool is_clear;

// An attribute of an instance itself; it has it.
static mp_obj_t *member(mp_obj_t instance, qstr name) {
    mp_obj_instance_t *self = MP_OBJ_TO_PTR(instance);
    return &mp_map_lookup(&self->members, MP_OBJ_NEW_QSTR(name), MP_MAP_LOOKUP)->value;
}

// Call a method of the session with an argument, or without one.
void atcore_tell(qstr method, mp_obj_t argument) {
    mp_obj_t call[3];
    mp_load_method(SESSION, method, call);
    call[2] = argument;
    mp_call_method_n_kw(argument == MP_OBJ_NULL ? 0 : 1, 0, call);
}

// The values of a line as a handler gets them. MemoryError.
static mp_obj_t make_argument(const atlink_value_t *value) {
    if (value->kind != ATLINK_VALUE_TEXT) {
        return value->kind == ATLINK_VALUE_NONE ? mp_const_none : mp_obj_new_int(value->number);
    }
    vstr_t vstr;
    vstr_init_len(&vstr, value->len);
    atlink_value_text(value, (uint8_t *)vstr.buf);
    return mp_obj_new_bytes_from_vstr(&vstr);
}

// What at.command holds of a declared name, MP_OBJ_NULL if its group is not loaded.
static mp_obj_t find_entry(const atlink_line_t *line) {
    mp_obj_str_t key = {{&mp_type_str}, qstr_compute_hash(line->name, line->name_len),
                        line->name_len, line->name};
    mp_map_t *map = mp_obj_dict_get_map(MP_STATE_VM(atcore_by_name));
    mp_map_elem_t *found = mp_map_lookup(map, MP_OBJ_FROM_PTR(&key), MP_MAP_LOOKUP);
    return found == NULL ? MP_OBJ_NULL : found->value;
}

static bool is_error(mp_obj_t raised) {
    mp_obj_t type = MP_OBJ_FROM_PTR(mp_obj_get_type(raised));
    return mp_obj_is_subclass_fast(type, MP_OBJ_FROM_PTR(&mp_type_Exception));
}

// Arguments of a handler: the session and the values. False: there is no memory for them.
static bool make_arguments(const atlink_value_t *values, size_t count, mp_obj_t *args) {
    args[0] = SESSION;
    nlr_buf_t nlr;
    if (nlr_push(&nlr) != 0) {
        return false;
    }
    for (size_t i = 0; i < count; ++i) {
        args[1 + i] = make_argument(&values[i]);
    }
    nlr_pop();
    return true;
}

// What a function returns, or the exception that it raises.
mp_obj_t atcore_outcome(mp_obj_t function, size_t n, const mp_obj_t *args) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t outcome = mp_call_function_n_kw(function, n, 0, args);
        nlr_pop();
        return outcome;
    }
    if (!is_error(MP_OBJ_FROM_PTR(nlr.ret_val))) {
        nlr_raise(MP_OBJ_FROM_PTR(nlr.ret_val));
    }
    return MP_OBJ_FROM_PTR(nlr.ret_val);
}

static mp_obj_t atcore_listen(void) {
    atlink_rx_listen(&atlink_uart_rx);
    atcore_resume(ATLINK_UART_RX, MP_OBJ_FROM_PTR(&atcore_receive_obj));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atcore_listen_obj, atcore_listen);

// Write a final result, OK or a result code (bytes), and take the next line, if nothing else is to
// be done before.
static bool finish(const char *code, size_t n) {
    if (!is_clear || atlink_port_room() < n + 4
        || *member(SESSION, MP_QSTR__then) != mp_const_none
        || *member(SESSION, MP_QSTR__was_keeping) != mp_const_none) {
        return false;
    }
    atlink_port_write((const uint8_t *)"\r\n", 2);
    atlink_port_write((const uint8_t *)code, n);
    atlink_port_write((const uint8_t *)"\r\n", 2);
    atcore_listen();
    return true;
}

// End a command: None is OK; True: it goes on, and will be ended.
void atcore_conclude(mp_obj_t outcome) {
    if (outcome == mp_const_true || (outcome == mp_const_none && finish("OK", 2))) {
        return;
    }
    if (mp_obj_is_type(outcome, &mp_type_bytes)) {
        size_t n;
        const char *code = mp_obj_str_get_data(outcome, &n);
        if (n > 0 && code[0] != '+' && finish(code, n)) { // else it is framed otherwise
            return;
        }
    }
    atcore_tell(mp_obj_is_type(outcome, &mp_type_gen_instance) ? MP_QSTR__launch : MP_QSTR__end,
        outcome);
}

// The handler of a line that has come, and the number of its values; MP_OBJ_NULL: not for us.
static mp_obj_t find_handler(atlink_value_t *values, size_t *count) {
    atlink_line_t line;
    if (!atlink_line_split(atlink_uart_rx.line, atlink_uart_rx.line_len, &line)) {
        return MP_OBJ_NULL;
    }
    int command = atlink_command_find(&command_table, line.name, line.name_len);
    mp_obj_t entry = command < 0 ? MP_OBJ_NULL : find_entry(&line);
    if (entry == MP_OBJ_NULL) {
        return MP_OBJ_NULL;
    }
    size_t forms;
    mp_obj_t *handlers;
    mp_obj_get_array(*member(entry, MP_QSTR_handlers), &forms, &handlers);
    int bound = 0;
    if (line.form == ATLINK_FORM_SET) {
        bool mux = mp_obj_is_true(*member(SESSION, MP_QSTR_mux));
        bound = atlink_command_bind(&command_table, command, line.text, line.text_len, mux, values);
    }
    if (bound < 0 || handlers[line.form] == mp_const_none) {
        return MP_OBJ_NULL;
    }
    *count = (size_t)bound;
    *member(SESSION, MP_QSTR_name) = *member(entry, MP_QSTR_name);
    return handlers[line.form];
}

// Run the line that has come; false if it is not for us, and then nothing has happened.
static bool take_line(void) {
    atlink_value_t values[ATLINK_VALUES_MAX];
    mp_obj_t args[1 + ATLINK_VALUES_MAX];
    size_t count;
    mp_obj_t handler = find_handler(values, &count);
    if (handler == MP_OBJ_NULL || !make_arguments(values, count, args)) {
        return false;
    }
    *member(SESSION, MP_QSTR__then) = mp_const_none;
    *member(SESSION, MP_QSTR__keep_surplus) = mp_const_false;
    atcore_conclude(atcore_outcome(handler, 1 + count, args));
    return true;
}

// Take every event that the receive machine has; the loop calls this when there is one.
static mp_obj_t atcore_receive(void) {
    for (;;) {
        atlink_event_t event = atlink_uart_poll();
        switch (event) {
            case ATLINK_NONE:
                return mp_const_none;
            case ATLINK_DATA: // for the running handler, which is busy elsewhere
                atcore_pause(ATLINK_UART_RX);
                return mp_const_none;
            case ATLINK_LINE:
                if (!take_line()) {
                    atcore_tell(MP_QSTR__begin, MP_OBJ_NULL);
                }
                break;
            default:
                atcore_tell(MP_QSTR__event, MP_OBJ_NEW_SMALL_INT(event));
        }
    }
}
MP_DEFINE_CONST_FUN_OBJ_0(atcore_receive_obj, atcore_receive);

static mp_obj_t atcore_serve(mp_obj_t session, mp_obj_t by_name) {
    SESSION = session;
    MP_STATE_VM(atcore_by_name) = by_name;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atcore_serve_obj, atcore_serve);

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
    const char *name = mp_obj_str_get_data(*member(SESSION, MP_QSTR_name), &len);
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
    if (is_clear && atlink_port_room() >= sink.size) {
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
    if (is_clear && atlink_port_room() >= n) {
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
