// Command lines. A well-formed line of a declared command is split, looked up, bound and handed to
// its handler here, and OK is written here; any other line, outcome or state goes to the session in
// Python, which knows all refusals but those of names and forms that are not declared.
#include <string.h>

#include "py/objstr.h"
#include "py/objtype.h"
#include "py/qstr.h"
#include "py/runtime.h"

#include "commandtable.h"
#include "modatcore.h"
#include "uart.h"

MP_REGISTER_ROOT_POINTER(mp_obj_t atcore_session);
MP_REGISTER_ROOT_POINTER(mp_obj_t atcore_by_name); // the firmware's commands; None: take no line
MP_REGISTER_ROOT_POINTER(mp_obj_t atcore_of_users); // a list of a user's

#define SESSION (MP_STATE_VM(atcore_session))
#define REFUSAL_MAX (2 * ATLINK_LINE_MAX) // two lines with the name, ERROR

// Refusals that need no more than the table: as at/errors.py and Session._dispatch() have them.
#define NOT_SUPPORTED (0x01090000)
#define WRONG_FORM (0x010c0000)
#define PART(text) {{&mp_type_bytes}, 0, sizeof(text) - 1, (const byte *)text}
static const mp_obj_str_t no_command = PART("no command AT");
static const mp_obj_str_t nothing = PART("");
static const mp_obj_str_t command_at = PART("AT");
static const mp_obj_str_t has_no_form = PART(" does not have this form");

// An attribute of an instance itself; it has it.
mp_obj_t *atcore_member(mp_obj_t instance, qstr name) {
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
    vstr_t vstr;
    switch (value->kind) {
        case ATLINK_VALUE_NUMBER:
            return mp_obj_new_int(value->number);
        case ATLINK_VALUE_WORD:
            return mp_obj_new_int_from_uint((uint32_t)value->number);
        case ATLINK_VALUE_TEXT:
            vstr_init_len(&vstr, value->len);
            atlink_value_text(value, (uint8_t *)vstr.buf);
            return mp_obj_new_bytes_from_vstr(&vstr);
        case ATLINK_VALUE_NAME:
            return mp_obj_new_str((const char *)value->raw, value->len);
        default:
            return mp_const_none;
    }
}

// What at.command holds of a name, MP_OBJ_NULL: the firmware has no such command.
static mp_obj_t find_entry(const atlink_line_t *line) {
    mp_obj_str_t key = {{&mp_type_str}, qstr_compute_hash(line->name, line->name_len),
                        line->name_len, line->name};
    mp_map_t *map = mp_obj_dict_get_map(MP_STATE_VM(atcore_by_name));
    mp_map_elem_t *found = mp_map_lookup(map, MP_OBJ_FROM_PTR(&key), MP_MAP_LOOKUP);
    return found == NULL ? MP_OBJ_NULL : found->value;
}

static bool is_of_user(const atlink_line_t *line) {
    size_t count;
    mp_obj_t *entries;
    mp_obj_get_array(MP_STATE_VM(atcore_of_users), &count, &entries);
    for (size_t i = 0; i < count; ++i) {
        mp_buffer_info_t name;
        mp_obj_t declared = *atcore_member(entries[i], MP_QSTR_name);
        if (mp_get_buffer(declared, &name, MP_BUFFER_READ) && name.len == line->name_len
            && memcmp(name.buf, line->name, name.len) == 0) {
            return true;
        }
    }
    return false;
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
    if (!atcore_has_room(n + 4)
        || *atcore_member(SESSION, MP_QSTR__then) != mp_const_none
        || *atcore_member(SESSION, MP_QSTR__was_keeping) != mp_const_none) {
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

// Refuse a line as Session._dispatch() does; false: it has to. The reason is in two parts.
static bool refuse(const atlink_line_t *line, mp_int_t code, const mp_obj_str_t *before,
    const mp_obj_str_t *behind) {
    if (!atcore_has_room(REFUSAL_MAX)) {
        return false;
    }
    mp_obj_str_t name = {{&mp_type_bytes}, 0, line->name_len, line->name};
    mp_obj_t reason[] = {MP_OBJ_FROM_PTR(before), MP_OBJ_FROM_PTR(&name), MP_OBJ_FROM_PTR(behind)};
    atcore_refuse(reason[1], MP_OBJ_NEW_SMALL_INT(code), MP_ARRAY_SIZE(reason), reason);
    atcore_listen();
    return true;
}

// A name that the firmware does not have; false if it may be something else.
static bool refuse_unknown(const atlink_line_t *line) {
    return atlink_name_is_simple(line->name, line->name_len) && !is_of_user(line)
           && refuse(line, NOT_SUPPORTED, &no_command, &nothing);
}

// Bind the values of a line; returns how many there are, -1: not for us.
static int bind(const atlink_line_t *line, atlink_value_t *values) {
    if (line->form != ATLINK_FORM_SET) {
        return 0;
    }
    int command = atlink_command_find(&command_table, line->name, line->name_len);
    bool mux = mp_obj_is_true(*atcore_member(SESSION, MP_QSTR_mux));
    return command < 0 ? -1
        : atlink_command_bind(&command_table, command, line->text, line->text_len, mux, values);
}

// Bind the values of a line and call its handler. False: that is Python's, and nothing has happened.
static bool call(const atlink_line_t *line, mp_obj_t entry, mp_obj_t handler) {
    atlink_value_t values[ATLINK_VALUES_MAX];
    mp_obj_t args[1 + ATLINK_VALUES_MAX];
    int count = bind(line, values);
    if (count < 0 || !make_arguments(values, (size_t)count, args)) {
        return false;
    }
    *atcore_member(SESSION, MP_QSTR_name) = *atcore_member(entry, MP_QSTR_name);
    *atcore_member(SESSION, MP_QSTR__then) = mp_const_none;
    *atcore_member(SESSION, MP_QSTR__keep_surplus) = mp_const_false;
    atcore_conclude(atcore_outcome(handler, 1 + (size_t)count, args));
    return true;
}

// Take the line that has come. False: that is Python's, and nothing has happened; it gets the
// command, if that is clear, and where its parameters begin.
static bool take_line(mp_obj_t *command, size_t *start) {
    atlink_line_t line;
    if (MP_STATE_VM(atcore_by_name) == mp_const_none
        || !atlink_line_split(atlink_uart_rx.line, atlink_uart_rx.line_len, &line)) {
        return false;
    }
    mp_obj_t entry = find_entry(&line);
    if (entry == MP_OBJ_NULL) {
        return refuse_unknown(&line);
    }
    size_t forms;
    mp_obj_t *handlers;
    mp_obj_get_array(*atcore_member(entry, MP_QSTR_handlers), &forms, &handlers);
    if (handlers[line.form] == mp_const_none) {
        return refuse(&line, WRONG_FORM, &command_at, &has_no_form);
    }
    if (line.form == ATLINK_FORM_SET) {
        *command = entry;
        *start = (size_t)(line.text - atlink_uart_rx.line);
    }
    return call(&line, entry, handlers[line.form]);
}

static void run_line(void) {
    mp_obj_t command = mp_const_none;
    size_t start = 0;
    if (!take_line(&command, &start)) {
        mp_obj_t begin[4];
        mp_load_method(SESSION, MP_QSTR__begin, begin);
        begin[2] = command;
        begin[3] = MP_OBJ_NEW_SMALL_INT(start);
        mp_call_method_n_kw(2, 0, begin);
    }
}

// Serve a line or another event. What it raises must not leave the machine holding: nobody would
// ever let it go on.
static void serve(atlink_event_t event) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        if (event == ATLINK_LINE) {
            run_line();
        } else {
            atcore_tell(MP_QSTR__event, MP_OBJ_NEW_SMALL_INT(event));
        }
        nlr_pop();
        return;
    }
    if (!is_error(MP_OBJ_FROM_PTR(nlr.ret_val))) {
        nlr_jump(nlr.ret_val);
    }
    mp_obj_print_exception(&mp_plat_print, MP_OBJ_FROM_PTR(nlr.ret_val));
    if (atlink_uart_rx.mode == ATLINK_MODE_HOLD) {
        atlink_port_write((const uint8_t *)"\r\nERROR\r\n", 9);
        atcore_listen();
    }
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
            default:
                serve(event);
        }
    }
}
MP_DEFINE_CONST_FUN_OBJ_0(atcore_receive_obj, atcore_receive);

static mp_obj_t atcore_serve(mp_obj_t session, mp_obj_t by_name, mp_obj_t of_users) {
    SESSION = session;
    MP_STATE_VM(atcore_by_name) = by_name;
    MP_STATE_VM(atcore_of_users) = of_users;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_3(atcore_serve_obj, atcore_serve);

