// TLS functions of the Python module `atnet`: the type Profile and sessions on links.
//
// A Profile object is one user of its C profile; sessions are others, so the object may be
// collected while connections that were made with it live on.

#include <string.h>

#include "modatnet.h"
#include "py/runtime.h"
#include "tls.h"

typedef struct _profile_obj_t {
    mp_obj_base_t base;
    atlink_profile_t *profile; // NULL after close()
} profile_obj_t;

static atlink_profile_t *get_profile(mp_obj_t self_in) {
    profile_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->profile == NULL) {
        mp_raise_ValueError(MP_ERROR_TEXT("profile is closed"));
    }
    return self->profile;
}

// Raise the error of the last call; without memory, whoever asked for the profile has none either.
static int checked(int result) {
    if (result == ATLINK_NET_FAIL && strcmp(atlink_net_error.reason, "out of memory") == 0) {
        mp_raise_type(&mp_type_MemoryError);
    }
    return atlink_atnet_checked(result);
}

static mp_obj_t profile_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
    const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 1, false);
    profile_obj_t *self = mp_obj_malloc_with_finaliser(profile_obj_t, type);
    self->profile = NULL;
    self->profile = atlink_profile_new(n_args > 0 && mp_obj_is_true(args[0]));
    if (self->profile == NULL) {
        checked(ATLINK_NET_FAIL);
    }
    return MP_OBJ_FROM_PTR(self);
}

static mp_obj_t profile_close(mp_obj_t self_in) {
    profile_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->profile != NULL) {
        atlink_profile_release(self->profile);
        self->profile = NULL;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(profile_close_obj, profile_close);

static mp_obj_t profile_verify(mp_obj_t self_in, mp_obj_t mode) {
    mp_int_t number = mp_obj_get_int(mode);
    if (number < 0 || number > 2) {
        mp_raise_ValueError(MP_ERROR_TEXT("verify mode is 0, 1 or 2"));
    }
    checked(atlink_profile_verify(get_profile(self_in), (int)number));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(profile_verify_obj, profile_verify);

typedef int (*set_two_t)(atlink_profile_t *, const void *, size_t, const void *, size_t);

// Give a profile two pieces of data that belong together.
static mp_obj_t set_two(set_two_t set, mp_obj_t self_in, mp_obj_t one_in, mp_obj_t other_in) {
    mp_buffer_info_t one;
    mp_buffer_info_t other;
    mp_get_buffer_raise(one_in, &one, MP_BUFFER_READ);
    mp_get_buffer_raise(other_in, &other, MP_BUFFER_READ);
    checked(set(get_profile(self_in), one.buf, one.len, other.buf, other.len));
    return mp_const_none;
}

static mp_obj_t profile_own(mp_obj_t self_in, mp_obj_t cert, mp_obj_t key) {
    return set_two(atlink_profile_own, self_in, cert, key);
}
static MP_DEFINE_CONST_FUN_OBJ_3(profile_own_obj, profile_own);

static mp_obj_t profile_ca(mp_obj_t self_in, mp_obj_t data) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(data, &buf, MP_BUFFER_READ);
    checked(atlink_profile_ca(get_profile(self_in), buf.buf, buf.len));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(profile_ca_obj, profile_ca);

static mp_obj_t profile_psk(mp_obj_t self_in, mp_obj_t key, mp_obj_t identity) {
    return set_two(atlink_profile_psk, self_in, key, identity);
}
static MP_DEFINE_CONST_FUN_OBJ_3(profile_psk_obj, profile_psk);

static mp_obj_t profile_suites(mp_obj_t self_in, mp_obj_t numbers) {
    size_t count;
    mp_obj_t *items;
    mp_obj_get_array(numbers, &count, &items);
    int suites[ATLINK_SUITES_MAX + 1] = {0};
    if (count == 0 || count > ATLINK_SUITES_MAX) {
        mp_raise_ValueError(MP_ERROR_TEXT("1 to 16 suites"));
    }
    for (size_t i = 0; i < count; ++i) {
        suites[i] = (int)mp_obj_get_int(items[i]);
    }
    checked(atlink_profile_suites(get_profile(self_in), suites));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(profile_suites_obj, profile_suites);

static mp_obj_t profile_alpn(mp_obj_t self_in, mp_obj_t names_in) {
    size_t count;
    mp_obj_t *items;
    mp_obj_get_array(names_in, &count, &items);
    const char *names[ATLINK_ALPN_MAX + 1];
    for (size_t i = 0; i < count && i <= ATLINK_ALPN_MAX; ++i) {
        names[i] = mp_obj_str_get_str(items[i]);
    }
    checked(atlink_profile_alpn(get_profile(self_in), names, count));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(profile_alpn_obj, profile_alpn);

static const mp_rom_map_elem_t profile_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&profile_close_obj) },
    { MP_ROM_QSTR(MP_QSTR_close), MP_ROM_PTR(&profile_close_obj) },
    { MP_ROM_QSTR(MP_QSTR_verify), MP_ROM_PTR(&profile_verify_obj) },
    { MP_ROM_QSTR(MP_QSTR_own), MP_ROM_PTR(&profile_own_obj) },
    { MP_ROM_QSTR(MP_QSTR_ca), MP_ROM_PTR(&profile_ca_obj) },
    { MP_ROM_QSTR(MP_QSTR_psk), MP_ROM_PTR(&profile_psk_obj) },
    { MP_ROM_QSTR(MP_QSTR_suites), MP_ROM_PTR(&profile_suites_obj) },
    { MP_ROM_QSTR(MP_QSTR_alpn), MP_ROM_PTR(&profile_alpn_obj) },
};
static MP_DEFINE_CONST_DICT(profile_locals, profile_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    atlink_type_profile, MP_QSTR_Profile, MP_TYPE_FLAG_NONE,
    make_new, profile_make_new,
    locals_dict, &profile_locals
    );

static mp_obj_t atnet_suite(mp_obj_t index) {
    mp_int_t i = mp_obj_get_int(index);
    return MP_OBJ_NEW_SMALL_INT(i < 0 ? 0 : atlink_suite((size_t)i));
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_suite_obj, atnet_suite);

static const char *name_or_null(size_t n_args, const mp_obj_t *args, size_t index) {
    return n_args > index && args[index] != mp_const_none ? mp_obj_str_get_str(args[index]) : NULL;
}

static mp_obj_t atnet_tls_start(size_t n_args, const mp_obj_t *args) {
    atlink_link_t *link = atlink_atnet_link(args[0]);
    if (!mp_obj_is_type(args[1], &atlink_type_profile)) {
        mp_raise_TypeError(MP_ERROR_TEXT("Profile expected"));
    }
    atlink_atnet_checked(atlink_tls_start(link, get_profile(args[1]),
        name_or_null(n_args, args, 2), name_or_null(n_args, args, 3)));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atlink_atnet_tls_start_obj, 2, 4, atnet_tls_start);

static mp_obj_t atnet_handshake(mp_obj_t handle) {
    int wanted = atlink_atnet_checked(atlink_tls_handshake(atlink_atnet_link(handle)));
    return MP_OBJ_NEW_SMALL_INT(wanted);
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_handshake_obj, atnet_handshake);

static atlink_tls_t *get_session(mp_obj_t handle) {
    atlink_tls_t *tls = atlink_atnet_link(handle)->tls;
    if (tls == NULL) {
        mp_raise_ValueError(MP_ERROR_TEXT("not a TLS link"));
    }
    return tls;
}

static mp_obj_t text_or_none(const char *text) {
    return text == NULL ? mp_const_none : mp_obj_new_str(text, strlen(text));
}

static mp_obj_t atnet_tls_info(mp_obj_t handle) {
    atlink_tls_t *tls = get_session(handle);
    mp_obj_t items[4] = {
        text_or_none(tls->up ? mbedtls_ssl_get_version(&tls->ssl) : NULL),
        text_or_none(tls->up ? mbedtls_ssl_get_ciphersuite(&tls->ssl) : NULL),
        text_or_none(tls->up ? mbedtls_ssl_get_alpn_protocol(&tls->ssl) : NULL),
        mp_obj_new_int_from_uint(tls->flags),
    };
    return mp_obj_new_tuple(4, items);
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_tls_info_obj, atnet_tls_info);

static mp_obj_t atnet_peer_cert(mp_obj_t handle) {
    const mbedtls_x509_crt *cert = mbedtls_ssl_get_peer_cert(&get_session(handle)->ssl);
    return cert == NULL ? mp_const_none : mp_obj_new_bytes(cert->raw.p, cert->raw.len);
}
MP_DEFINE_CONST_FUN_OBJ_1(atlink_atnet_peer_cert_obj, atnet_peer_cert);
