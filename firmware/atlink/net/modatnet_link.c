// Link functions of the Python module `atnet`: open to close, bytes, names, options, readiness.

#include <string.h>

#include "modatnet.h"
#include "py/objstr.h"
#include "py/runtime.h"

#define ASK_FIRST_BYTES (512) // from here on recv() asks how much there is before it allocates

// A count, or None for "nothing now".
static mp_obj_t count_or_none(int result) {
    return atlink_atnet_checked(result) == ATLINK_NET_AGAIN ? mp_const_none
        : MP_OBJ_NEW_SMALL_INT(result);
}

static mp_obj_t new_host(const atlink_addr_t *addr, mp_obj_t *port) {
    char text[ATLINK_ADDR_TEXT];
    *port = MP_OBJ_NEW_SMALL_INT(atlink_addr_format(addr, text, true));
    return mp_obj_new_str(text, strlen(text));
}

// The buffer from an optional offset (args[2]) on.
static void get_buffer(size_t n_args, const mp_obj_t *args, mp_buffer_info_t *buf, int flags) {
    mp_get_buffer_raise(args[1], buf, (mp_uint_t)flags);
    if (n_args > 2) {
        mp_int_t start = mp_obj_get_int(args[2]);
        if (start < 0 || (size_t)start > buf->len) {
            mp_raise_ValueError(MP_ERROR_TEXT("start out of range"));
        }
        buf->buf = (uint8_t *)buf->buf + start;
        buf->len -= (size_t)start;
    }
}

static mp_obj_t atnet_open(mp_obj_t kind, mp_obj_t family) {
    mp_int_t number = mp_obj_get_int(kind);
    mp_int_t version = mp_obj_get_int(family);
    if (number < ATLINK_NET_TCP || number > ATLINK_NET_ICMP || (version != 4 && version != 6)) {
        mp_raise_ValueError(MP_ERROR_TEXT("unknown kind or family"));
    }
    return MP_OBJ_NEW_SMALL_INT(atlink_atnet_checked(atlink_net_open((int)number, (int)version)));
}
MP_DEFINE_CONST_FUN_OBJ_2(atlink_atnet_open_obj, atnet_open);

static mp_obj_t atnet_close(size_t n_args, const mp_obj_t *args) {
    atlink_link_t *link = atlink_net_get((int32_t)mp_obj_get_int(args[0]));
    if (link != NULL) {
        atlink_net_close(link, n_args > 1 && mp_obj_is_true(args[1]));
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_close_obj, 1, 2, atnet_close);

static mp_obj_t atnet_bind(mp_obj_t handle, mp_obj_t host, mp_obj_t port) {
    atlink_link_t *link = atlink_atnet_link(handle);
    atlink_addr_t addr;
    atlink_atnet_addr(host, port, link->family, &addr);
    atlink_atnet_checked(atlink_net_bind(link, &addr));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_3(atlink_atnet_bind_obj, atnet_bind);

static mp_obj_t atnet_connect(mp_obj_t handle, mp_obj_t host, mp_obj_t port) {
    atlink_link_t *link = atlink_atnet_link(handle);
    atlink_addr_t addr;
    atlink_atnet_addr(host, port, link->family, &addr);
    return mp_obj_new_bool(atlink_atnet_checked(atlink_net_connect(link, &addr)) == 1);
}
MP_DEFINE_CONST_FUN_OBJ_3(atlink_atnet_connect_obj, atnet_connect);

static mp_obj_t atnet_connected(mp_obj_t handle) {
    atlink_link_t *link = atlink_atnet_link(handle);
    return mp_obj_new_bool(atlink_atnet_checked(atlink_net_connected(link)) == 1);
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_connected_obj, atnet_connected);

static mp_obj_t atnet_listen(mp_obj_t handle, mp_obj_t backlog) {
    atlink_link_t *link = atlink_atnet_link(handle);
    atlink_atnet_checked(atlink_net_listen(link, (int)mp_obj_get_int(backlog)));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atlink_atnet_listen_obj, atnet_listen);

static mp_obj_t atnet_accept(mp_obj_t handle) {
    int32_t client = atlink_net_accept(atlink_atnet_link(handle));
    if (atlink_atnet_checked((int)client) == ATLINK_NET_AGAIN) {
        return mp_const_none;
    }
    atlink_link_t *link = atlink_net_get(client);
    nlr_buf_t nlr;
    if (nlr_push(&nlr) != 0) { // no memory to hand it over: nobody else would close it
        atlink_net_close(link, true);
        nlr_jump(nlr.ret_val);
    }
    mp_obj_t items[3] = { MP_OBJ_NEW_SMALL_INT(client) };
    items[1] = new_host(&link->peer, &items[2]);
    mp_obj_t found = mp_obj_new_tuple(3, items);
    nlr_pop();
    return found;
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_accept_obj, atnet_accept);

static mp_obj_t atnet_send(size_t n_args, const mp_obj_t *args) {
    atlink_link_t *link = atlink_atnet_link(args[0]);
    mp_buffer_info_t buf;
    get_buffer(n_args, args, &buf, MP_BUFFER_READ);
    return count_or_none(atlink_net_send(link, buf.buf, buf.len));
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_send_obj, 2, 3, atnet_send);

static mp_obj_t atnet_readinto(size_t n_args, const mp_obj_t *args) {
    atlink_link_t *link = atlink_atnet_link(args[0]);
    mp_buffer_info_t buf;
    get_buffer(n_args, args, &buf, MP_BUFFER_WRITE);
    return count_or_none(atlink_net_recv(link, buf.buf, buf.len));
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_readinto_obj, 2, 3, atnet_readinto);

// Room for at most the number of bytes asked for, but no more than there are to read.
static void init_room(vstr_t *room, atlink_link_t *link, mp_obj_t wanted) {
    mp_int_t size = mp_obj_get_int(wanted);
    if (size < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("negative size"));
    }
    if (size > ASK_FIRST_BYTES && link->kind == ATLINK_NET_TCP) {
        int there = link->tls != NULL ? atlink_net_available(link) : atlink_net_waiting(link);
        if (there < size) {
            size = there > 0 ? there : 1;
        }
    }
    vstr_init_len(room, (size_t)size);
}

static mp_obj_t atnet_recv(mp_obj_t handle, mp_obj_t wanted) {
    atlink_link_t *link = atlink_atnet_link(handle);
    vstr_t room;
    init_room(&room, link, wanted);
    // All memory first: bytes that the stream has given cannot be put back.
    mp_obj_str_t *bytes = mp_obj_malloc(mp_obj_str_t, &mp_type_bytes);
    int got = atlink_atnet_checked(atlink_net_recv(link, room.buf, room.len));
    if (got <= 0) {
        vstr_clear(&room);
        return got == 0 ? mp_const_empty_bytes : mp_const_none;
    }
    bytes->hash = 0;
    bytes->len = (size_t)got;
    bytes->data = m_renew(byte, room.buf, room.alloc, bytes->len + 1);
    ((byte *)bytes->data)[got] = 0;
    return MP_OBJ_FROM_PTR(bytes);
}
MP_DEFINE_CONST_FUN_OBJ_2(atlink_atnet_recv_obj, atnet_recv);

static mp_obj_t atnet_sendto(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    atlink_link_t *link = atlink_atnet_link(args[0]);
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[1], &buf, MP_BUFFER_READ);
    atlink_addr_t addr;
    atlink_atnet_addr(args[2], args[3], link->family, &addr);
    return count_or_none(atlink_net_sendto(link, buf.buf, buf.len, &addr));
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_sendto_obj, 4, 4, atnet_sendto);

static mp_obj_t atnet_recvfrom(mp_obj_t handle, mp_obj_t wanted) {
    atlink_link_t *link = atlink_atnet_link(handle);
    vstr_t room;
    init_room(&room, link, wanted);
    atlink_addr_t addr;
    int got = atlink_atnet_checked(atlink_net_recvfrom(link, room.buf, room.len, &addr));
    if (got == ATLINK_NET_AGAIN) {
        vstr_clear(&room);
        return mp_const_none;
    }
    room.len = (size_t)got;
    mp_obj_t items[3] = { mp_obj_new_bytes_from_vstr(&room) };
    items[1] = new_host(&addr, &items[2]);
    return mp_obj_new_tuple(3, items);
}
MP_DEFINE_CONST_FUN_OBJ_2(atlink_atnet_recvfrom_obj, atnet_recvfrom);

static mp_obj_t atnet_shutdown(mp_obj_t handle) {
    int result = atlink_atnet_checked(atlink_net_shutdown(atlink_atnet_link(handle)));
    return mp_obj_new_bool(result != ATLINK_NET_AGAIN);
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_shutdown_obj, atnet_shutdown);

static mp_obj_t atnet_available(size_t n_args, const mp_obj_t *args) {
    atlink_link_t *link = atlink_atnet_link(args[0]);
    bool is_next = n_args > 1 && mp_obj_is_true(args[1]);
    int count = is_next ? atlink_net_next(link) : atlink_net_available(link);
    return MP_OBJ_NEW_SMALL_INT(atlink_atnet_checked(count));
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_available_obj, 1, 2, atnet_available);

static mp_obj_t atnet_follow(mp_obj_t handle) {
    atlink_net_follow(atlink_atnet_link(handle));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_follow_obj, atnet_follow);

static mp_obj_t atnet_local(mp_obj_t handle) {
    atlink_addr_t addr;
    atlink_atnet_checked(atlink_net_name(atlink_atnet_link(handle), &addr));
    mp_obj_t items[2];
    items[0] = new_host(&addr, &items[1]);
    return mp_obj_new_tuple(2, items);
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_local_obj, atnet_local);

static mp_obj_t atnet_peer(mp_obj_t handle) {
    const atlink_link_t *link = atlink_atnet_link(handle);
    if (link->peer.len == 0) {
        return mp_const_none;
    }
    mp_obj_t items[2];
    items[0] = new_host(&link->peer, &items[1]);
    return mp_obj_new_tuple(2, items);
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_peer_obj, atnet_peer);

static mp_obj_t atnet_setopt(mp_obj_t handle, mp_obj_t option, mp_obj_t value) {
    atlink_link_t *link = atlink_atnet_link(handle);
    atlink_atnet_checked(atlink_net_setopt(link, (int)mp_obj_get_int(option),
        (int32_t)mp_obj_get_int(value)));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_3(atlink_atnet_setopt_obj, atnet_setopt);

static mp_obj_t atnet_getopt(mp_obj_t handle, mp_obj_t option) {
    int32_t value = 0;
    atlink_link_t *link = atlink_atnet_link(handle);
    atlink_atnet_checked(atlink_net_getopt(link, (int)mp_obj_get_int(option), &value));
    return mp_obj_new_int(value);
}
MP_DEFINE_CONST_FUN_OBJ_2(atlink_atnet_getopt_obj, atnet_getopt);

static mp_obj_t change_group(size_t n_args, const mp_obj_t *args, bool join) {
    atlink_link_t *link = atlink_atnet_link(args[0]);
    atlink_addr_t group;
    atlink_addr_t interface;
    atlink_atnet_addr(args[1], MP_OBJ_NEW_SMALL_INT(0), link->family, &group);
    atlink_atnet_addr(n_args > 2 ? args[2] : MP_OBJ_NEW_QSTR(MP_QSTR_), MP_OBJ_NEW_SMALL_INT(0),
        link->family, &interface);
    atlink_atnet_checked(atlink_net_group(link, join, &group, &interface));
    return mp_const_none;
}

static mp_obj_t atnet_join(size_t n_args, const mp_obj_t *args) {
    return change_group(n_args, args, true);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_join_obj, 2, 3, atnet_join);

static mp_obj_t atnet_leave(size_t n_args, const mp_obj_t *args) {
    return change_group(n_args, args, false);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_leave_obj, 2, 3, atnet_leave);

static mp_obj_t atnet_arm(mp_obj_t handle, mp_obj_t events) {
    atlink_atnet_link(handle)->armed
        = (uint8_t)(mp_obj_get_int(events) & (ATLINK_NET_READ | ATLINK_NET_WRITE));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atlink_atnet_arm_obj, atnet_arm);

static mp_obj_t atnet_poll(mp_obj_t handle) {
    return MP_OBJ_NEW_SMALL_INT(atlink_net_poll(atlink_atnet_link(handle)));
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_poll_obj, atnet_poll);

static mp_obj_t atnet_error(mp_obj_t handle) {
    const atlink_net_error_t *error = &atlink_atnet_link(handle)->error;
    if (error->reason == NULL) {
        return mp_const_none;
    }
    mp_obj_t items[2] = {
        MP_OBJ_NEW_SMALL_INT(error->code),
        mp_obj_new_str(error->reason, strlen(error->reason)),
    };
    return mp_obj_new_tuple(2, items);
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_error_obj, atnet_error);

static mp_obj_t atnet_closing(void) {
    return MP_OBJ_NEW_SMALL_INT(atlink_closing_count());
}
MP_DEFINE_CONST_FUN_OBJ_0(atlink_atnet_closing_obj, atnet_closing);

static mp_obj_t atnet_address(mp_obj_t host) {
    atlink_addr_t addr;
    const char *text = mp_obj_str_get_str(host);
    if (text[0] == '\0' || atlink_addr_parse(text, 0, 0, &addr) != 0) {
        return mp_const_none;
    }
    mp_obj_t items[2] = { MP_OBJ_NEW_SMALL_INT(addr.sa.any.sa_family == AF_INET ? 4 : 6) };
    mp_obj_t port;
    items[1] = new_host(&addr, &port);
    return mp_obj_new_tuple(2, items);
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_address_obj, atnet_address);

// Closes its link when it is collected: sockets that a library forgot.
typedef struct _guard_obj_t {
    mp_obj_base_t base;
    int32_t handle;
} guard_obj_t;

static mp_obj_t guard_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
    const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 1, 1, false);
    guard_obj_t *self = mp_obj_malloc_with_finaliser(guard_obj_t, type);
    self->handle = -1;
    self->handle = (int32_t)mp_obj_get_int(args[0]);
    return MP_OBJ_FROM_PTR(self);
}

static mp_obj_t guard_del(mp_obj_t self_in) {
    guard_obj_t *self = MP_OBJ_TO_PTR(self_in);
    atlink_net_error_t error = atlink_net_error; // of somebody else
    atlink_link_t *link = atlink_net_get(self->handle);
    if (link != NULL) {
        atlink_net_close(link, false);
    }
    atlink_net_error = error;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(guard_del_obj, guard_del);

static const mp_rom_map_elem_t guard_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&guard_del_obj) },
};
static MP_DEFINE_CONST_DICT(guard_locals, guard_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    atlink_type_guard, MP_QSTR_Guard, MP_TYPE_FLAG_NONE,
    make_new, guard_make_new,
    locals_dict, &guard_locals
    );
