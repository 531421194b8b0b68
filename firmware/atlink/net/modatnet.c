// The Python module `atnet`: links as numbers, addresses as (text, port), errors as
// OSError(code, reason). Thin: everything happens in the files beside it. The contract is
// firmware/typings/atnet.pyi; the functions are in modatnet_link.c, _flow.c and _tls.c.

#include <string.h>

#include "flow.h"
#include "modatnet.h"
#include "port.h"
#include "py/builtin.h"
#include "py/runtime.h"

// Raise the error of the last call.
NORETURN void atlink_atnet_raise(void) {
    atlink_net_error_t error = atlink_net_error; // what is allocated here may close a link
    mp_obj_t args[2] = { MP_OBJ_NEW_SMALL_INT(error.code) };
    args[1] = mp_obj_new_str(error.reason, strlen(error.reason));
    nlr_raise(mp_obj_new_exception_args(&mp_type_OSError, 2, args));
}

int atlink_atnet_checked(int result) {
    if (result == ATLINK_NET_FAIL) {
        atlink_atnet_raise();
    }
    return result;
}

atlink_link_t *atlink_atnet_link(mp_obj_t handle) {
    atlink_link_t *link = atlink_net_get((int32_t)mp_obj_get_int(handle));
    if (link == NULL) {
        atlink_atnet_raise();
    }
    return link;
}

void atlink_atnet_addr(mp_obj_t host, mp_obj_t port, int family, atlink_addr_t *addr) {
    atlink_atnet_checked(atlink_addr_parse(mp_obj_str_get_str(host), (int)mp_obj_get_int(port),
        family, addr));
}

static const mp_rom_map_elem_t atnet_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_atnet) },
    { MP_ROM_QSTR(MP_QSTR___init__), MP_ROM_PTR(&atlink_atnet_init_obj) },

    { MP_ROM_QSTR(MP_QSTR_open), MP_ROM_PTR(&atlink_atnet_open_obj) },
    { MP_ROM_QSTR(MP_QSTR_close), MP_ROM_PTR(&atlink_atnet_close_obj) },
    { MP_ROM_QSTR(MP_QSTR_bind), MP_ROM_PTR(&atlink_atnet_bind_obj) },
    { MP_ROM_QSTR(MP_QSTR_connect), MP_ROM_PTR(&atlink_atnet_connect_obj) },
    { MP_ROM_QSTR(MP_QSTR_connected), MP_ROM_PTR(&atlink_atnet_connected_obj) },
    { MP_ROM_QSTR(MP_QSTR_listen), MP_ROM_PTR(&atlink_atnet_listen_obj) },
    { MP_ROM_QSTR(MP_QSTR_accept), MP_ROM_PTR(&atlink_atnet_accept_obj) },
    { MP_ROM_QSTR(MP_QSTR_send), MP_ROM_PTR(&atlink_atnet_send_obj) },
    { MP_ROM_QSTR(MP_QSTR_readinto), MP_ROM_PTR(&atlink_atnet_readinto_obj) },
    { MP_ROM_QSTR(MP_QSTR_recv), MP_ROM_PTR(&atlink_atnet_recv_obj) },
    { MP_ROM_QSTR(MP_QSTR_sendto), MP_ROM_PTR(&atlink_atnet_sendto_obj) },
    { MP_ROM_QSTR(MP_QSTR_recvfrom), MP_ROM_PTR(&atlink_atnet_recvfrom_obj) },
    { MP_ROM_QSTR(MP_QSTR_shutdown), MP_ROM_PTR(&atlink_atnet_shutdown_obj) },
    { MP_ROM_QSTR(MP_QSTR_available), MP_ROM_PTR(&atlink_atnet_available_obj) },
    { MP_ROM_QSTR(MP_QSTR_follow), MP_ROM_PTR(&atlink_atnet_follow_obj) },
    { MP_ROM_QSTR(MP_QSTR_local), MP_ROM_PTR(&atlink_atnet_local_obj) },
    { MP_ROM_QSTR(MP_QSTR_peer), MP_ROM_PTR(&atlink_atnet_peer_obj) },
    { MP_ROM_QSTR(MP_QSTR_setopt), MP_ROM_PTR(&atlink_atnet_setopt_obj) },
    { MP_ROM_QSTR(MP_QSTR_getopt), MP_ROM_PTR(&atlink_atnet_getopt_obj) },
    { MP_ROM_QSTR(MP_QSTR_join), MP_ROM_PTR(&atlink_atnet_join_obj) },
    { MP_ROM_QSTR(MP_QSTR_leave), MP_ROM_PTR(&atlink_atnet_leave_obj) },
    { MP_ROM_QSTR(MP_QSTR_arm), MP_ROM_PTR(&atlink_atnet_arm_obj) },
    { MP_ROM_QSTR(MP_QSTR_poll), MP_ROM_PTR(&atlink_atnet_poll_obj) },
    { MP_ROM_QSTR(MP_QSTR_error), MP_ROM_PTR(&atlink_atnet_error_obj) },
    { MP_ROM_QSTR(MP_QSTR_closing), MP_ROM_PTR(&atlink_atnet_closing_obj) },
    { MP_ROM_QSTR(MP_QSTR_address), MP_ROM_PTR(&atlink_atnet_address_obj) },

    { MP_ROM_QSTR(MP_QSTR_Guard), MP_ROM_PTR(&atlink_type_guard) },
    { MP_ROM_QSTR(MP_QSTR_Profile), MP_ROM_PTR(&atlink_type_profile) },
    { MP_ROM_QSTR(MP_QSTR_tls_start), MP_ROM_PTR(&atlink_atnet_tls_start_obj) },
    { MP_ROM_QSTR(MP_QSTR_handshake), MP_ROM_PTR(&atlink_atnet_handshake_obj) },
    { MP_ROM_QSTR(MP_QSTR_tls_info), MP_ROM_PTR(&atlink_atnet_tls_info_obj) },
    { MP_ROM_QSTR(MP_QSTR_peer_cert), MP_ROM_PTR(&atlink_atnet_peer_cert_obj) },
    { MP_ROM_QSTR(MP_QSTR_suite), MP_ROM_PTR(&atlink_atnet_suite_obj) },
    { MP_ROM_QSTR(MP_QSTR_verify), MP_ROM_PTR(&atlink_atnet_verify_obj) },
    { MP_ROM_QSTR(MP_QSTR_stretch), MP_ROM_PTR(&atlink_atnet_stretch_obj) },

    { MP_ROM_QSTR(MP_QSTR_down_gate), MP_ROM_PTR(&atlink_atnet_down_gate_obj) },
    { MP_ROM_QSTR(MP_QSTR_down), MP_ROM_PTR(&atlink_atnet_down_obj) },
    { MP_ROM_QSTR(MP_QSTR_down_count), MP_ROM_PTR(&atlink_atnet_down_count_obj) },
    { MP_ROM_QSTR(MP_QSTR_down_now), MP_ROM_PTR(&atlink_atnet_down_now_obj) },
    { MP_ROM_QSTR(MP_QSTR_down_told), MP_ROM_PTR(&atlink_atnet_down_told_obj) },
    { MP_ROM_QSTR(MP_QSTR_down_left), MP_ROM_PTR(&atlink_atnet_down_left_obj) },
    { MP_ROM_QSTR(MP_QSTR_ended), MP_ROM_PTR(&atlink_atnet_ended_obj) },
    { MP_ROM_QSTR(MP_QSTR_halt), MP_ROM_PTR(&atlink_atnet_halt_obj) },
    { MP_ROM_QSTR(MP_QSTR_counts), MP_ROM_PTR(&atlink_atnet_counts_obj) },
    { MP_ROM_QSTR(MP_QSTR_set_peer), MP_ROM_PTR(&atlink_atnet_set_peer_obj) },
    { MP_ROM_QSTR(MP_QSTR_up_collect), MP_ROM_PTR(&atlink_atnet_up_collect_obj) },
    { MP_ROM_QSTR(MP_QSTR_up_send), MP_ROM_PTR(&atlink_atnet_up_send_obj) },
    { MP_ROM_QSTR(MP_QSTR_up_stream), MP_ROM_PTR(&atlink_atnet_up_stream_obj) },
    { MP_ROM_QSTR(MP_QSTR_up_attach), MP_ROM_PTR(&atlink_atnet_up_attach_obj) },
    { MP_ROM_QSTR(MP_QSTR_up_interval), MP_ROM_PTR(&atlink_atnet_up_interval_obj) },
    { MP_ROM_QSTR(MP_QSTR_up_stop), MP_ROM_PTR(&atlink_atnet_up_stop_obj) },
    { MP_ROM_QSTR(MP_QSTR_up_state), MP_ROM_PTR(&atlink_atnet_up_state_obj) },
    { MP_ROM_QSTR(MP_QSTR_up_status), MP_ROM_PTR(&atlink_atnet_up_status_obj) },
    { MP_ROM_QSTR(MP_QSTR_up_payload), MP_ROM_PTR(&atlink_atnet_up_payload_obj) },
    { MP_ROM_QSTR(MP_QSTR_DOWN_OFF), MP_ROM_INT(DOWN_OFF) },
    { MP_ROM_QSTR(MP_QSTR_DOWN_IPD), MP_ROM_INT(DOWN_IPD) },
    { MP_ROM_QSTR(MP_QSTR_DOWN_NOTICE), MP_ROM_INT(DOWN_NOTICE) },
    { MP_ROM_QSTR(MP_QSTR_DOWN_RAW), MP_ROM_INT(DOWN_RAW) },
    { MP_ROM_QSTR(MP_QSTR_UP), MP_ROM_INT(1 << (ATLINK_LINK_FIRST + ATLINK_LINK_UP)) },
    { MP_ROM_QSTR(MP_QSTR_UP_IDLE), MP_ROM_INT(UP_IDLE) },
    { MP_ROM_QSTR(MP_QSTR_UP_RUNNING), MP_ROM_INT(UP_RUNNING) },
    { MP_ROM_QSTR(MP_QSTR_UP_DONE), MP_ROM_INT(UP_DONE) },
    { MP_ROM_QSTR(MP_QSTR_UP_ENDED), MP_ROM_INT(UP_ENDED) },
    { MP_ROM_QSTR(MP_QSTR_UP_FAILED), MP_ROM_INT(UP_FAILED) },
    { MP_ROM_QSTR(MP_QSTR_UP_SILENT), MP_ROM_INT(UP_SILENT) },

    { MP_ROM_QSTR(MP_QSTR_TCP), MP_ROM_INT(ATLINK_NET_TCP) },
    { MP_ROM_QSTR(MP_QSTR_UDP), MP_ROM_INT(ATLINK_NET_UDP) },
    { MP_ROM_QSTR(MP_QSTR_ICMP), MP_ROM_INT(ATLINK_NET_ICMP) },
    { MP_ROM_QSTR(MP_QSTR_READ), MP_ROM_INT(ATLINK_NET_READ) },
    { MP_ROM_QSTR(MP_QSTR_WRITE), MP_ROM_INT(ATLINK_NET_WRITE) },
    { MP_ROM_QSTR(MP_QSTR_NODELAY), MP_ROM_INT(ATLINK_OPT_NODELAY) },
    { MP_ROM_QSTR(MP_QSTR_LINGER), MP_ROM_INT(ATLINK_OPT_LINGER) },
    { MP_ROM_QSTR(MP_QSTR_SEND_TIMEOUT), MP_ROM_INT(ATLINK_OPT_SEND_TIMEOUT) },
    { MP_ROM_QSTR(MP_QSTR_KEEPALIVE), MP_ROM_INT(ATLINK_OPT_KEEPALIVE) },
    { MP_ROM_QSTR(MP_QSTR_KEEP_IDLE), MP_ROM_INT(ATLINK_OPT_KEEP_IDLE) },
    { MP_ROM_QSTR(MP_QSTR_KEEP_INTERVAL), MP_ROM_INT(ATLINK_OPT_KEEP_INTERVAL) },
    { MP_ROM_QSTR(MP_QSTR_KEEP_COUNT), MP_ROM_INT(ATLINK_OPT_KEEP_COUNT) },
    { MP_ROM_QSTR(MP_QSTR_REUSE_ADDRESS), MP_ROM_INT(ATLINK_OPT_REUSE_ADDRESS) },
    { MP_ROM_QSTR(MP_QSTR_BROADCAST), MP_ROM_INT(ATLINK_OPT_BROADCAST) },
    { MP_ROM_QSTR(MP_QSTR_V6ONLY), MP_ROM_INT(ATLINK_OPT_V6ONLY) },
    { MP_ROM_QSTR(MP_QSTR_HOPS), MP_ROM_INT(ATLINK_OPT_HOPS) },
    { MP_ROM_QSTR(MP_QSTR_MULTICAST_HOPS), MP_ROM_INT(ATLINK_OPT_MULTICAST_HOPS) },
    { MP_ROM_QSTR(MP_QSTR_MULTICAST_LOOP), MP_ROM_INT(ATLINK_OPT_MULTICAST_LOOP) },
};
static MP_DEFINE_CONST_DICT(atnet_globals, atnet_globals_table);

const mp_obj_module_t atlink_atnet_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&atnet_globals,
};

MP_REGISTER_MODULE(MP_QSTR_atnet, atlink_atnet_module);
