// Enterprise networks. ESP-IDF copies names and passwords but keeps pointers to certificates, so
// the copies of those are here, on the system heap, until eap_disable().
#include <string.h>

#include "esp_eap_client.h"
#include "esp_heap_caps.h"
#include "mbedtls/platform_util.h"

#include "atchip.h"

typedef struct {
    uint8_t *bytes;
    int size;
} kept_t;

static kept_t authority;
static kept_t certificate;
static kept_t private_key;

static kept_t keep(mp_obj_t pem) {
    static const char head[] = "-----BEGIN";
    mp_buffer_info_t info;
    mp_get_buffer_raise(pem, &info, MP_BUFFER_READ);
    kept_t copy = {heap_caps_malloc(info.len + 1, MALLOC_CAP_8BIT), info.len};
    if (copy.bytes == NULL) {
        check_esp_err(ESP_ERR_NO_MEM);
    }
    memcpy(copy.bytes, info.buf, info.len);
    copy.bytes[info.len] = 0;
    if (info.len >= sizeof(head) && memcmp(copy.bytes, head, sizeof(head) - 1) == 0) {
        copy.size += 1; // Mbed TLS wants a PEM's NUL to be counted
    }
    return copy;
}

// Let go of one that ESP-IDF no longer points to; nothing of a key may stay in free memory.
static void drop(kept_t *kept) {
    if (kept->bytes != NULL) {
        mbedtls_platform_zeroize(kept->bytes, kept->size);
    }
    heap_caps_free(kept->bytes);
    *kept = (kept_t) {NULL, 0};
}

static mp_obj_t give(mp_obj_t text, esp_err_t (*set)(const unsigned char *, int)) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(text, &info, MP_BUFFER_READ);
    check_esp_err(set(info.buf, info.len));
    return mp_const_none;
}

static mp_obj_t eap_identity(mp_obj_t text) {
    return give(text, esp_eap_client_set_identity);
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_eap_identity_obj, eap_identity);

static mp_obj_t eap_username(mp_obj_t text) {
    return give(text, esp_eap_client_set_username);
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_eap_username_obj, eap_username);

static mp_obj_t eap_password(mp_obj_t text) {
    return give(text, esp_eap_client_set_password);
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_eap_password_obj, eap_password);

static mp_obj_t eap_ca(mp_obj_t pem) {
    kept_t fresh = keep(pem);
    esp_eap_client_clear_ca_cert();
    drop(&authority);
    authority = fresh;
    check_esp_err(esp_eap_client_set_ca_cert(authority.bytes, authority.size));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_eap_ca_obj, eap_ca);

static void clear_certificate(void) {
    esp_eap_client_clear_certificate_and_key();
    drop(&certificate);
    drop(&private_key);
}

static mp_obj_t eap_certificate(mp_obj_t pem, mp_obj_t key) {
    clear_certificate();
    certificate = keep(pem);
    private_key = keep(key);
    check_esp_err(esp_eap_client_set_certificate_and_key(certificate.bytes, certificate.size,
        private_key.bytes, private_key.size, NULL, 0));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atchip_eap_certificate_obj, eap_certificate);

// ESP-IDF has no choice of a method: it takes the one of the network for which it was given what
// that needs. So the method only says what goes on inside TTLS.
static mp_obj_t eap_enable(mp_obj_t method_in) {
    mp_int_t method = mp_obj_get_int(method_in);
    if (method < 0 || method > 2) {
        check_esp_err(ESP_ERR_INVALID_ARG);
    }
    if (method == 2) {
        check_esp_err(esp_eap_client_set_ttls_phase2_method(ESP_EAP_TTLS_PHASE2_MSCHAPV2));
    }
    check_esp_err(esp_wifi_sta_enterprise_enable());
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_eap_enable_obj, eap_enable);

static mp_obj_t eap_disable(void) {
    check_esp_err(esp_wifi_sta_enterprise_disable());
    esp_eap_client_clear_identity();
    esp_eap_client_clear_username();
    esp_eap_client_clear_password();
    esp_eap_client_clear_ca_cert();
    drop(&authority);
    clear_certificate();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_eap_disable_obj, eap_disable);
