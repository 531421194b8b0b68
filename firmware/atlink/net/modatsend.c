// AT+CIPSEND of a block without Python: prompt, payload, `Recv n bytes`, the link, SEND OK. Python
// starts it (atcore.send) once it has decided that it may be, and is asked what a failure means.
#include <stdio.h>

#include "flow.h"
#include "modatcore.h"
#include "py/objstr.h"
#include "py/runtime.h"
#include "uart.h"

MP_REGISTER_ROOT_POINTER(mp_obj_t atcore_send_failed[3]); // function, links, link

#define FAILED (MP_STATE_VM(atcore_send_failed))
#define SOURCE (ATLINK_LINK(ATLINK_LINK_UP))

static const char PROMPT[] = "\r\nOK\r\n\r\n>";

// Result codes, as at/wire/reply.py has them.
#define BYTES(text) {{&mp_type_bytes}, 0, sizeof(text) - 1, (const byte *)text}
static const mp_obj_str_t send_ok = BYTES("SEND OK");
static const mp_obj_str_t send_cancelled = BYTES("SEND CANCELLED");

static int32_t target; // handle
static bool is_collecting; // else it is being sent

// The command is over: what came behind the payload is answered first.
static bool conclude(mp_obj_t outcome) {
    atlink_up_stop();
    while (atlink_uart_fragment()) {
        atcore_tell(MP_QSTR__say_busy, MP_OBJ_NULL);
    }
    atcore_set(SOURCE, MP_OBJ_NULL);
    FAILED[1] = FAILED[2] = MP_OBJ_NULL;
    atcore_conclude(outcome);
    return true;
}

// Have Python say what it means that the block was not sent: True, it was begun; False, the link is
// gone; None, the host did not send all of it.
static bool fail(mp_obj_t began) {
    mp_obj_t args[] = {FAILED[1], FAILED[2], began};
    atlink_up_stop();
    return conclude(atcore_outcome(FAILED[0], 3, args));
}

static void say_received(void) {
    char text[sizeof("\r\nRecv 4294967295 bytes\r\n")];
    const uint8_t *payload;
    int size = snprintf(text, sizeof(text), "\r\nRecv %u bytes\r\n",
        (unsigned)atlink_up_payload(&payload));
    atcore_say(text, (size_t)size);
}

// The upward flow has news. Returns whether the command is over.
static bool advance(void) {
    atlink_up_status_t status;
    atlink_up_status(&status);
    if (status.state == UP_RUNNING) {
        return false;
    }
    if (is_collecting) {
        is_collecting = false;
        atlink_rx_busy(&atlink_uart_rx);
        if (status.state == UP_ENDED) {
            return conclude(MP_OBJ_FROM_PTR(&send_cancelled));
        }
        if (status.state == UP_SILENT) {
            return fail(mp_const_none);
        }
        say_received();
        if (atlink_net_get(target) == NULL) {
            return fail(mp_const_false);
        }
        atlink_up_send(target, NULL);
        atlink_up_status(&status);
    }
    if (status.state == UP_DONE) {
        return conclude(MP_OBJ_FROM_PTR(&send_ok));
    }
    return status.state != UP_RUNNING && fail(mp_const_true);
}

// Whatever is raised on the way (there may be no memory), the command ends and the port goes on.
static mp_obj_t step(void) {
    bool is_over = true;
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        is_over = advance();
        nlr_pop();
    } else {
        atlink_up_stop();
        atcore_set(SOURCE, MP_OBJ_NULL);
        atcore_tell(MP_QSTR__end, MP_OBJ_FROM_PTR(nlr.ret_val));
    }
    if (is_over) {
        mp_call_function_0(MP_OBJ_FROM_PTR(&atcore_receive_obj));
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(step_obj, step);

// End a block that is being sent with an outcome; False: none is.
static mp_obj_t atcore_abort(mp_obj_t outcome) {
    if (FAILED[1] == MP_OBJ_NULL || is_collecting) {
        return mp_const_false;
    }
    conclude(outcome);
    return mp_const_true;
}
MP_DEFINE_CONST_FUN_OBJ_1(atcore_abort_obj, atcore_abort);

static mp_obj_t atcore_send(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    mp_int_t length = mp_obj_get_int(args[1]);
    if (length < 1 || length > ATLINK_PAYLOAD_MAX) {
        mp_raise_ValueError(MP_ERROR_TEXT("out of range"));
    }
    target = (int32_t)mp_obj_get_int(args[0]);
    if (!atlink_up_collect((uint32_t)length, false)) {
        return mp_const_false;
    }
    for (int i = 0; i < 3; ++i) {
        FAILED[i] = args[2 + i];
    }
    is_collecting = true;
    atcore_put(PROMPT, sizeof(PROMPT) - 1);
    atlink_rx_data(&atlink_uart_rx, (uint32_t)length);
    atcore_set(SOURCE, MP_OBJ_FROM_PTR(&step_obj));
    return mp_const_true;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atcore_send_obj, 5, 5, atcore_send);
