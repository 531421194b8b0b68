// Functions of the Python module `atnet` that steer the flows between links and the AT port, and
// tell how they stand. See flow.h.

#include "flow.h"
#include "modatnet.h"
#include "port.h"
#include "py/mperrno.h"
#include "py/runtime.h"

static int get_in_range(mp_obj_t value, int low, int high) {
    mp_int_t number = mp_obj_get_int(value);
    if (number < low || number > high) {
        mp_raise_ValueError(MP_ERROR_TEXT("out of range"));
    }
    return (int)number;
}

static mp_obj_t atnet_down_gate(mp_obj_t open, mp_obj_t tells) {
    uint32_t passed = atlink_down_gate(mp_obj_is_true(open), mp_obj_is_true(tells));
    return MP_OBJ_NEW_SMALL_INT(passed & 0xffffff);
}
MP_DEFINE_CONST_FUN_OBJ_2(atlink_atnet_down_gate_obj, atnet_down_gate);

static mp_obj_t atnet_down(size_t n_args, const mp_obj_t *args) {
    int mode = get_in_range(args[1], DOWN_OFF, DOWN_NOTICE);
    if (mode == DOWN_COUNT) {
        mp_raise_ValueError(MP_ERROR_TEXT("out of range"));
    }
    atlink_down_set(atlink_atnet_link(args[0]), mode,
        n_args > 2 ? get_in_range(args[2], -1, 99) : -1, n_args > 3 && mp_obj_is_true(args[3]),
        n_args > 4 && mp_obj_is_true(args[4]));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_down_obj, 2, 5, atnet_down);

static mp_obj_t atnet_down_count(size_t n_args, const mp_obj_t *args) {
    atlink_link_t *link = atlink_atnet_link(args[0]);
    link->down.info = n_args > 2 && mp_obj_is_true(args[2]);
    mp_int_t wanted = mp_obj_get_int_truncated(args[1]);
    if (wanted <= 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("out of range"));
    }
    int32_t count = atlink_down_count(link, (uint32_t)wanted);
    return atlink_atnet_checked((int)count) == ATLINK_NET_AGAIN ? mp_const_none
        : mp_obj_new_int(count);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_down_count_obj, 2, 3, atnet_down_count);

static mp_obj_t atnet_down_now(mp_obj_t handle, mp_obj_t wanted_in) {
    mp_int_t wanted = mp_obj_get_int_truncated(wanted_in);
    atlink_link_t *link = atlink_atnet_link(handle);
    return mp_obj_new_bool(wanted > 0 && atlink_down_now(link, (uint32_t)wanted));
}
MP_DEFINE_CONST_FUN_OBJ_2(atlink_atnet_down_now_obj, atnet_down_now);

static mp_obj_t atnet_down_told(mp_obj_t handle, mp_obj_t told) {
    atlink_down_told(atlink_atnet_link(handle), mp_obj_is_true(told));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atlink_atnet_down_told_obj, atnet_down_told);

static mp_obj_t atnet_down_left(mp_obj_t handle) {
    atlink_link_t *link = atlink_atnet_link(handle);
    link->down.done = false;
    return mp_obj_new_int_from_uint(link->down.mode == DOWN_COUNT ? link->down.left : 0);
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_down_left_obj, atnet_down_left);

static mp_obj_t atnet_ended(mp_obj_t handle) {
    return mp_obj_new_bool(atlink_net_ended(atlink_atnet_link(handle)));
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_ended_obj, atnet_ended);

static mp_obj_t atnet_halt(mp_obj_t handle) {
    atlink_net_halt(atlink_atnet_link(handle));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_halt_obj, atnet_halt);

static mp_obj_t atnet_counts(mp_obj_t handle) {
    const atlink_link_t *link = atlink_atnet_link(handle);
    uint32_t idle_ms = net_now_ms() - link->active_ms;
    mp_obj_t items[3] = {
        mp_obj_new_int_from_uint(link->received),
        mp_obj_new_int_from_uint(link->sent),
        mp_obj_new_int_from_uint(idle_ms),
    };
    return mp_obj_new_tuple(3, items);
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_counts_obj, atnet_counts);

static mp_obj_t atnet_set_peer(size_t n_args, const mp_obj_t *args) {
    atlink_link_t *link = atlink_atnet_link(args[0]);
    if (link->kind == ATLINK_NET_TCP) {
        atlink_net_fail_errno(link, EOPNOTSUPP);
        atlink_atnet_raise();
    }
    atlink_addr_t peer;
    atlink_atnet_addr(args[1], args[2], link->family, &peer);
    link->peer_mode = n_args > 3 ? (uint8_t)get_in_range(args[3], 0, 2) : 0;
    link->peer = peer;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_set_peer_obj, 3, 4, atnet_set_peer);

static mp_obj_t atnet_up_collect(size_t n_args, const mp_obj_t *args) {
    int count = get_in_range(args[0], 1, ATLINK_PAYLOAD_MAX);
    if (!atlink_up_collect((uint32_t)count, n_args > 1 && mp_obj_is_true(args[1]))) {
        mp_raise_OSError(MP_ENOMEM);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_up_collect_obj, 1, 2, atnet_up_collect);

static mp_obj_t atnet_up_send(size_t n_args, const mp_obj_t *args) {
    atlink_link_t *link = atlink_atnet_link(args[0]);
    atlink_addr_t peer;
    if (n_args == 3) {
        atlink_atnet_addr(args[1], args[2], link->family, &peer);
    }
    atlink_up_send(atlink_net_handle(link), n_args == 3 ? &peer : NULL);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_up_send_obj, 1, 3, atnet_up_send);

// A link's handle, or None for no link.
static int32_t get_handle(mp_obj_t handle) {
    return handle == mp_const_none ? -1 : atlink_net_handle(atlink_atnet_link(handle));
}

static mp_obj_t atnet_up_stream(size_t n_args, const mp_obj_t *args) {
    uint32_t total = ATLINK_UNCOUNTED;
    if (n_args > 3 && args[3] != mp_const_none) {
        total = (uint32_t)mp_obj_get_int_truncated(args[3]);
    }
    int32_t handle = get_handle(args[0]);
    atlink_addr_t peer;
    if (n_args == 7) {
        atlink_atnet_addr(args[5], args[6], atlink_atnet_link(args[0])->family, &peer);
    }
    atlink_up_stream(handle, (size_t)get_in_range(args[1], 1, ATLINK_CHUNK_MAX),
        (uint32_t)get_in_range(args[2], 0, 1000), total,
        n_args > 4 ? (uint32_t)get_in_range(args[4], 0, 0x7fffffff) : 0);
    if (n_args == 7) {
        atlink_up_peer(&peer);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_up_stream_obj, 3, 7, atnet_up_stream);

static mp_obj_t atnet_up_attach(size_t n_args, const mp_obj_t *args) {
    atlink_up_attach(get_handle(args[0]), n_args > 1 && mp_obj_is_true(args[1]));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_up_attach_obj, 1, 2, atnet_up_attach);

static mp_obj_t atnet_up_interval(mp_obj_t interval_ms) {
    atlink_up_interval((uint32_t)get_in_range(interval_ms, 0, 1000));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_up_interval_obj, atnet_up_interval);

static mp_obj_t atnet_up_stop(void) {
    atlink_up_stop();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atlink_atnet_up_stop_obj, atnet_up_stop);

static mp_obj_t atnet_up_status(void) {
    atlink_up_status_t status;
    atlink_up_status(&status);
    mp_obj_t items[4] = {
        MP_OBJ_NEW_SMALL_INT(status.state),
        mp_obj_new_int_from_uint(status.received),
        mp_obj_new_int_from_uint(status.sent),
        mp_obj_new_int_from_uint(status.surplus),
    };
    return mp_obj_new_tuple(4, items);
}
MP_DEFINE_CONST_FUN_OBJ_0(atlink_atnet_up_status_obj, atnet_up_status);

// The state alone: takes no memory.
static mp_obj_t atnet_up_state(void) {
    atlink_up_status_t status;
    atlink_up_status(&status);
    return MP_OBJ_NEW_SMALL_INT(status.state);
}
MP_DEFINE_CONST_FUN_OBJ_0(atlink_atnet_up_state_obj, atnet_up_state);

static mp_obj_t atnet_up_payload(void) {
    const uint8_t *payload;
    size_t size = atlink_up_payload(&payload);
    return mp_obj_new_bytes(payload, size);
}
MP_DEFINE_CONST_FUN_OBJ_0(atlink_atnet_up_payload_obj, atnet_up_payload);

// Begin as after power-up at the first import, also of a soft reset. MicroPython calls this at
// each import of a built-in module that it does not find among the loaded ones.
static mp_obj_t atnet_init(void) {
    mp_obj_dict_store(MP_OBJ_FROM_PTR(&MP_STATE_VM(mp_loaded_modules_dict)),
        MP_OBJ_NEW_QSTR(MP_QSTR_atnet), MP_OBJ_FROM_PTR(&atlink_atnet_module));
    for (int i = 0; i < ATLINK_NET_SLOTS; ++i) {
        atlink_link_t *link = atlink_net_slot(i);
        if (link->state != LINK_FREE) {
            atlink_net_close(link, true);
        }
    }
    atlink_up_stop();
    atlink_down_gate(false, false);
    atlink_net_serve();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atlink_atnet_init_obj, atnet_init);
