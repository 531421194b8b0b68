// Python face of the AT port: class UART, wait() and the message filter. Owns argument checks and
// conversions only; firmware/typings/atlink.pyi is its contract.
#include <errno.h>
#include <string.h>

#include "py/obj.h"
#include "py/runtime.h"

#include "core/filter.h"
#include "core/websocket.h"
#include "modatcore.h"
#include "uart.h"
#include "wait.h"

// There is one AT port, so its object is static and every UART() returns it.
extern const mp_obj_type_t atlink_uart_type;
static const mp_obj_base_t uart_obj = {&atlink_uart_type};

static void raise_if(int error) {
    if (error != 0) {
        mp_raise_OSError(error);
    }
}

static mp_obj_t uart_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
    const mp_obj_t *all_args) {
    (void)type;
    enum { ARG_port, ARG_tx, ARG_rx, ARG_cts, ARG_rts };
    static const mp_arg_t allowed[] = {
        {MP_QSTR_port, MP_ARG_REQUIRED | MP_ARG_INT, {.u_int = 0}},
        {MP_QSTR_tx, MP_ARG_REQUIRED | MP_ARG_INT, {.u_int = 0}},
        {MP_QSTR_rx, MP_ARG_REQUIRED | MP_ARG_INT, {.u_int = 0}},
        {MP_QSTR_cts, MP_ARG_INT, {.u_int = -1}},
        {MP_QSTR_rts, MP_ARG_INT, {.u_int = -1}},
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all_kw_array(n_args, n_kw, all_args, MP_ARRAY_SIZE(allowed), allowed, args);
    atlink_pins_t pins = {
        .tx = args[ARG_tx].u_int,
        .rx = args[ARG_rx].u_int,
        .cts = args[ARG_cts].u_int,
        .rts = args[ARG_rts].u_int,
    };
    if (!atlink_pins_valid(&pins)) {
        mp_raise_ValueError(MP_ERROR_TEXT("no such pins"));
    }
    raise_if(atlink_uart_open(args[ARG_port].u_int, &pins));
    return MP_OBJ_FROM_PTR(&uart_obj);
}

// A number for a field of 8 bits; what does not fit becomes a value that is never valid.
static uint8_t get_small(mp_obj_t number) {
    mp_int_t value = mp_obj_get_int(number);
    return value >= 0 && value <= UINT8_MAX ? value : UINT8_MAX;
}

static mp_obj_t uart_config(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    mp_int_t baud = mp_obj_get_int(args[1]);
    atlink_settings_t settings = {
        .baud = baud > 0 ? baud : 0,
        .bits = get_small(args[2]),
        .stop = get_small(args[3]),
        .parity = get_small(args[4]),
        .flow = get_small(args[5]),
    };
    if (!atlink_settings_valid(&settings)) {
        mp_raise_ValueError(MP_ERROR_TEXT("line settings out of range"));
    }
    raise_if(atlink_port_config(&settings));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(uart_config_obj, 6, 6, uart_config);

static mp_obj_t uart_settings(mp_obj_t self) {
    (void)self;
    atlink_settings_t settings;
    atlink_port_settings(&settings);
    mp_obj_t items[5] = {
        MP_OBJ_NEW_SMALL_INT(settings.baud),
        MP_OBJ_NEW_SMALL_INT(settings.bits),
        MP_OBJ_NEW_SMALL_INT(settings.stop),
        MP_OBJ_NEW_SMALL_INT(settings.parity),
        MP_OBJ_NEW_SMALL_INT(settings.flow),
    };
    return mp_obj_new_tuple(5, items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(uart_settings_obj, uart_settings);

static mp_obj_t uart_echo(mp_obj_t self, mp_obj_t on) {
    (void)self;
    atlink_uart_rx.echo = mp_obj_is_true(on);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(uart_echo_obj, uart_echo);

static mp_obj_t uart_listen(mp_obj_t self) {
    (void)self;
    atlink_rx_listen(&atlink_uart_rx);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(uart_listen_obj, uart_listen);

static mp_obj_t uart_busy(mp_obj_t self) {
    (void)self;
    atlink_rx_busy(&atlink_uart_rx);
    atcore_again(ATLINK_UART_RX);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(uart_busy_obj, uart_busy);

static mp_obj_t uart_data(mp_obj_t self, mp_obj_t count) {
    (void)self;
    mp_int_t n = mp_obj_get_int(count);
    if (n < 0 || n > INT32_MAX) {
        mp_raise_ValueError(MP_ERROR_TEXT("payload length out of range"));
    }
    atlink_rx_data(&atlink_uart_rx, n);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(uart_data_obj, uart_data);

static mp_obj_t uart_stream(mp_obj_t self) {
    (void)self;
    atlink_rx_stream(&atlink_uart_rx);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(uart_stream_obj, uart_stream);

static mp_obj_t uart_poll(mp_obj_t self) {
    (void)self;
    return MP_OBJ_NEW_SMALL_INT(atlink_uart_poll());
}
static MP_DEFINE_CONST_FUN_OBJ_1(uart_poll_obj, uart_poll);

// line([start])
static mp_obj_t uart_line(size_t n_args, const mp_obj_t *args) {
    mp_int_t start = n_args > 1 ? mp_obj_get_int(args[1]) : 0;
    if (start < 0 || start > (mp_int_t)atlink_uart_rx.line_len) {
        mp_raise_ValueError(MP_ERROR_TEXT("out of range"));
    }
    return mp_obj_new_bytes(atlink_uart_rx.line + start, atlink_uart_rx.line_len - (size_t)start);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(uart_line_obj, 1, 2, uart_line);

static mp_obj_t uart_read(mp_obj_t self, mp_obj_t limit) {
    (void)self;
    mp_int_t n = mp_obj_get_int(limit);
    if (n < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("negative length"));
    }
    size_t size = n > 0 ? atlink_uart_staged() : 0;
    if (size > (size_t)n) {
        size = n;
    }
    if (size == 0) {
        return mp_const_empty_bytes;
    }
    vstr_t vstr;
    vstr_init_len(&vstr, size);
    vstr.len = atlink_uart_take((uint8_t *)vstr.buf, size);
    return mp_obj_new_bytes_from_vstr(&vstr);
}
static MP_DEFINE_CONST_FUN_OBJ_2(uart_read_obj, uart_read);

static mp_obj_t uart_readinto(mp_obj_t self, mp_obj_t buf) {
    (void)self;
    mp_buffer_info_t info;
    mp_get_buffer_raise(buf, &info, MP_BUFFER_WRITE);
    size_t done = info.len > 0 ? atlink_uart_take(info.buf, info.len) : 0;
    return MP_OBJ_NEW_SMALL_INT(done);
}
static MP_DEFINE_CONST_FUN_OBJ_2(uart_readinto_obj, uart_readinto);

static mp_obj_t uart_skip(mp_obj_t self) {
    (void)self;
    return MP_OBJ_NEW_SMALL_INT(atlink_uart_skip());
}
static MP_DEFINE_CONST_FUN_OBJ_1(uart_skip_obj, uart_skip);

static mp_obj_t uart_remaining(mp_obj_t self) {
    (void)self;
    return mp_obj_new_int_from_uint(atlink_uart_rx.remaining);
}
static MP_DEFINE_CONST_FUN_OBJ_1(uart_remaining_obj, uart_remaining);

static mp_obj_t uart_fragment(mp_obj_t self) {
    (void)self;
    return mp_obj_new_bool(atlink_uart_fragment());
}
static MP_DEFINE_CONST_FUN_OBJ_1(uart_fragment_obj, uart_fragment);

static mp_obj_t uart_typing(mp_obj_t self) {
    (void)self;
    return MP_OBJ_NEW_SMALL_INT((atlink_uart_typing_us() + 999) / 1000);
}
static MP_DEFINE_CONST_FUN_OBJ_1(uart_typing_obj, uart_typing);

static mp_obj_t uart_serving(mp_obj_t self) {
    (void)self;
    atlink_mode_t mode = atlink_uart_rx.mode;
    return mp_obj_new_bool(mode != ATLINK_MODE_LINE && mode != ATLINK_MODE_STREAM);
}
static MP_DEFINE_CONST_FUN_OBJ_1(uart_serving_obj, uart_serving);

static mp_obj_t uart_write(mp_obj_t self, mp_obj_t data) {
    (void)self;
    mp_buffer_info_t info;
    mp_get_buffer_raise(data, &info, MP_BUFFER_READ);
    size_t done = info.len > 0 ? atlink_port_write(info.buf, info.len) : 0;
    return MP_OBJ_NEW_SMALL_INT(done);
}
static MP_DEFINE_CONST_FUN_OBJ_2(uart_write_obj, uart_write);

static mp_obj_t uart_room(mp_obj_t self) {
    (void)self;
    return MP_OBJ_NEW_SMALL_INT(atlink_port_room());
}
static MP_DEFINE_CONST_FUN_OBJ_1(uart_room_obj, uart_room);

static mp_obj_t uart_pending(mp_obj_t self) {
    (void)self;
    return MP_OBJ_NEW_SMALL_INT(atlink_port_pending());
}
static MP_DEFINE_CONST_FUN_OBJ_1(uart_pending_obj, uart_pending);

static mp_obj_t uart_flush(mp_obj_t self, mp_obj_t timeout_ms) {
    (void)self;
    return mp_obj_new_bool(atlink_wait_sent(mp_obj_get_int(timeout_ms)));
}
static MP_DEFINE_CONST_FUN_OBJ_2(uart_flush_obj, uart_flush);

static const mp_rom_map_elem_t uart_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_config), MP_ROM_PTR(&uart_config_obj)},
    {MP_ROM_QSTR(MP_QSTR_settings), MP_ROM_PTR(&uart_settings_obj)},
    {MP_ROM_QSTR(MP_QSTR_echo), MP_ROM_PTR(&uart_echo_obj)},
    {MP_ROM_QSTR(MP_QSTR_listen), MP_ROM_PTR(&uart_listen_obj)},
    {MP_ROM_QSTR(MP_QSTR_busy), MP_ROM_PTR(&uart_busy_obj)},
    {MP_ROM_QSTR(MP_QSTR_data), MP_ROM_PTR(&uart_data_obj)},
    {MP_ROM_QSTR(MP_QSTR_stream), MP_ROM_PTR(&uart_stream_obj)},
    {MP_ROM_QSTR(MP_QSTR_poll), MP_ROM_PTR(&uart_poll_obj)},
    {MP_ROM_QSTR(MP_QSTR_line), MP_ROM_PTR(&uart_line_obj)},
    {MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&uart_read_obj)},
    {MP_ROM_QSTR(MP_QSTR_readinto), MP_ROM_PTR(&uart_readinto_obj)},
    {MP_ROM_QSTR(MP_QSTR_skip), MP_ROM_PTR(&uart_skip_obj)},
    {MP_ROM_QSTR(MP_QSTR_remaining), MP_ROM_PTR(&uart_remaining_obj)},
    {MP_ROM_QSTR(MP_QSTR_fragment), MP_ROM_PTR(&uart_fragment_obj)},
    {MP_ROM_QSTR(MP_QSTR_typing), MP_ROM_PTR(&uart_typing_obj)},
    {MP_ROM_QSTR(MP_QSTR_serving), MP_ROM_PTR(&uart_serving_obj)},
    {MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&uart_write_obj)},
    {MP_ROM_QSTR(MP_QSTR_room), MP_ROM_PTR(&uart_room_obj)},
    {MP_ROM_QSTR(MP_QSTR_pending), MP_ROM_PTR(&uart_pending_obj)},
    {MP_ROM_QSTR(MP_QSTR_flush), MP_ROM_PTR(&uart_flush_obj)},
};
static MP_DEFINE_CONST_DICT(uart_locals, uart_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(atlink_uart_type, MP_QSTR_UART, MP_TYPE_FLAG_NONE,
    make_new, uart_make_new, locals_dict, &uart_locals);

static mp_obj_t mod_wait(mp_obj_t timeout_ms, mp_obj_t mask) {
    return MP_OBJ_NEW_SMALL_INT(atlink_wait(mp_obj_get_int(timeout_ms), mp_obj_get_int(mask)));
}
static MP_DEFINE_CONST_FUN_OBJ_2(mod_wait_obj, mod_wait);

static atlink_regex_t get_regex(mp_obj_t text) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(text, &info, MP_BUFFER_READ);
    return (atlink_regex_t) {.text = info.buf, .len = info.len};
}

static void get_both(size_t n_args, const mp_obj_t *args, atlink_regex_t both[2]) {
    for (int i = 0; i < 2; ++i) {
        both[i] = get_regex(args[i]);
        both[i].flags = n_args > 2 ? (uint8_t)mp_obj_get_int(args[2]) : 0;
    }
}

// filter_add(head, tail[, flags])
static mp_obj_t mod_filter_add(size_t n_args, const mp_obj_t *args) {
    atlink_regex_t both[2];
    get_both(n_args, args, both);
    int error = atlink_filter_add(both[0], both[1]);
    if (error == EINVAL) {
        mp_raise_ValueError(MP_ERROR_TEXT("malformed filter"));
    }
    raise_if(error);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mod_filter_add_obj, 2, 3, mod_filter_add);

static mp_obj_t mod_filter_delete(size_t n_args, const mp_obj_t *args) {
    atlink_regex_t both[2];
    get_both(n_args, args, both);
    return mp_obj_new_bool(atlink_filter_delete(both[0], both[1]));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mod_filter_delete_obj, 2, 3, mod_filter_delete);

static mp_obj_t mod_filter_clear(void) {
    atlink_filter_clear();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(mod_filter_clear_obj, mod_filter_clear);

static mp_obj_t mod_filter_list(void) {
    mp_obj_t list = mp_obj_new_list(0, NULL);
    for (size_t i = 0; i < atlink_filter_count(); i++) {
        atlink_regex_t head, tail;
        atlink_filter_get(i, &head, &tail);
        mp_obj_t items[] = {
            mp_obj_new_bytes(head.text, head.len),
            mp_obj_new_bytes(tail.text, tail.len),
            MP_OBJ_NEW_SMALL_INT(head.flags),
        };
        mp_obj_list_append(list, mp_obj_new_tuple(MP_ARRAY_SIZE(items), items));
    }
    return list;
}
static MP_DEFINE_CONST_FUN_OBJ_0(mod_filter_list_obj, mod_filter_list);

static mp_obj_t mod_filter_cut(mp_obj_t message) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(message, &info, MP_BUFFER_READ);
    const char *data = info.buf;
    atlink_cut_t cut[2];
    if (!atlink_filter_match(info.buf, info.len, cut)) {
        return mp_obj_is_type(message, &mp_type_bytes) ? message
               : mp_obj_new_bytes(info.buf, info.len);
    }
    vstr_t rest;
    vstr_init(&rest, info.len);
    vstr_add_strn(&rest, data, cut[0].from);
    vstr_add_strn(&rest, data + cut[0].to, cut[1].from - cut[0].to);
    vstr_add_strn(&rest, data + cut[1].to, info.len - cut[1].to);
    return mp_obj_new_bytes_from_vstr(&rest);
}
static MP_DEFINE_CONST_FUN_OBJ_1(mod_filter_cut_obj, mod_filter_cut);

static mp_obj_t mod_mask(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t data, key;
    mp_get_buffer_raise(args[0], &data, MP_BUFFER_RW);
    mp_get_buffer_raise(args[1], &key, MP_BUFFER_READ);
    mp_int_t at = n_args > 2 ? mp_obj_get_int(args[2]) : 0;
    if (key.len != ATLINK_MASK_KEY || at < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("a mask has 4 bytes"));
    }
    atlink_mask(data.buf, data.len, key.buf, at);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mod_mask_obj, 2, 3, mod_mask);

static mp_obj_t mod_utf8(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t data;
    mp_get_buffer_raise(args[0], &data, MP_BUFFER_READ);
    mp_int_t state = n_args > 1 ? mp_obj_get_int(args[1]) : ATLINK_UTF8_WHOLE;
    if (!atlink_utf8_is_state(state)) {
        mp_raise_ValueError(MP_ERROR_TEXT("no such state"));
    }
    return MP_OBJ_NEW_SMALL_INT(atlink_utf8(state, data.buf, data.len));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mod_utf8_obj, 1, 2, mod_utf8);

static const mp_rom_map_elem_t globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_atlink)},
    {MP_ROM_QSTR(MP_QSTR_UART), MP_ROM_PTR(&atlink_uart_type)},
    {MP_ROM_QSTR(MP_QSTR_wait), MP_ROM_PTR(&mod_wait_obj)},
    {MP_ROM_QSTR(MP_QSTR_filter_add), MP_ROM_PTR(&mod_filter_add_obj)},
    {MP_ROM_QSTR(MP_QSTR_filter_delete), MP_ROM_PTR(&mod_filter_delete_obj)},
    {MP_ROM_QSTR(MP_QSTR_filter_clear), MP_ROM_PTR(&mod_filter_clear_obj)},
    {MP_ROM_QSTR(MP_QSTR_filter_list), MP_ROM_PTR(&mod_filter_list_obj)},
    {MP_ROM_QSTR(MP_QSTR_filter_cut), MP_ROM_PTR(&mod_filter_cut_obj)},
    {MP_ROM_QSTR(MP_QSTR_mask), MP_ROM_PTR(&mod_mask_obj)},
    {MP_ROM_QSTR(MP_QSTR_utf8), MP_ROM_PTR(&mod_utf8_obj)},
    // Events of UART.poll().
    {MP_ROM_QSTR(MP_QSTR_NONE), MP_ROM_INT(ATLINK_NONE)},
    {MP_ROM_QSTR(MP_QSTR_LINE), MP_ROM_INT(ATLINK_LINE)},
    {MP_ROM_QSTR(MP_QSTR_TOO_LONG), MP_ROM_INT(ATLINK_TOO_LONG)},
    {MP_ROM_QSTR(MP_QSTR_BUSY), MP_ROM_INT(ATLINK_BUSY)},
    {MP_ROM_QSTR(MP_QSTR_DATA), MP_ROM_INT(ATLINK_DATA)},
    // Sources of wait().
    {MP_ROM_QSTR(MP_QSTR_UART_RX), MP_ROM_INT(ATLINK_UART_RX)},
    {MP_ROM_QSTR(MP_QSTR_UART_TX), MP_ROM_INT(ATLINK_UART_TX)},
    {MP_ROM_QSTR(MP_QSTR_EVENT), MP_ROM_INT(ATLINK_EVENT)},
    {MP_ROM_QSTR(MP_QSTR_SILENCE_MS), MP_ROM_INT(ATLINK_SILENCE_MS)},
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t atlink_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&globals,
};
MP_REGISTER_MODULE(MP_QSTR_atlink, atlink_module);
