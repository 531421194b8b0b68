// Proofs: the signature of an image, and the slow hash of a password.
#include <string.h>

#include "py/runtime.h"

#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>

#include "modatnet.h"

#define HASH_SIZE (32)
#define CURVE_BITS (256)

// Whether `signature` (DER) is that of a SHA-256 by a key on the curve P-256. The key is PEM, with
// its NUL, or DER. Negative: the key is none of those.
static int check(const mp_buffer_info_t *key, const uint8_t *digest,
    const mp_buffer_info_t *signature) {
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    int result = mbedtls_pk_parse_public_key(&pk, key->buf, key->len);
    if (result == 0) {
        result = mbedtls_pk_can_do(&pk, MBEDTLS_PK_ECDSA)
            && mbedtls_pk_get_bitlen(&pk) == CURVE_BITS ? 0 : -1;
    }
    if (result == 0) {
        result = mbedtls_pk_verify(&pk, MBEDTLS_MD_SHA256, digest, HASH_SIZE, signature->buf,
            signature->len) == 0;
    }
    mbedtls_pk_free(&pk);
    return result;
}

// verify(key, digest, signature)
static mp_obj_t atnet_verify(mp_obj_t key_in, mp_obj_t digest_in, mp_obj_t signature_in) {
    mp_buffer_info_t key, digest, signature;
    mp_get_buffer_raise(key_in, &key, MP_BUFFER_READ);
    mp_get_buffer_raise(digest_in, &digest, MP_BUFFER_READ);
    mp_get_buffer_raise(signature_in, &signature, MP_BUFFER_READ);
    int result = digest.len == HASH_SIZE ? check(&key, digest.buf, &signature) : -1;
    if (result < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("no key on the curve P-256"));
    }
    return mp_obj_new_bool(result > 0);
}
MP_DEFINE_CONST_FUN_OBJ_3(atlink_atnet_verify_obj, atnet_verify);

// PBKDF2 (RFC 8018) with HMAC-SHA256; 32 bytes are its first block.
static int stretch(const mp_buffer_info_t *password, const mp_buffer_info_t *salt, mp_int_t rounds,
    uint8_t *out) {
    static const uint8_t number[] = {0, 0, 0, 1};
    mbedtls_md_context_t md;
    uint8_t last[HASH_SIZE];
    mbedtls_md_init(&md);
    int error = mbedtls_md_setup(&md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1);
    if (error == 0) {
        error = mbedtls_md_hmac_starts(&md, password->buf, password->len);
    }
    for (mp_int_t i = 0; i < rounds && error == 0; i++) {
        if (i == 0) {
            error = mbedtls_md_hmac_update(&md, salt->buf, salt->len)
                | mbedtls_md_hmac_update(&md, number, sizeof(number));
        } else {
            error = mbedtls_md_hmac_reset(&md) | mbedtls_md_hmac_update(&md, last, HASH_SIZE);
        }
        error |= mbedtls_md_hmac_finish(&md, last);
        for (size_t byte = 0; byte < HASH_SIZE; byte++) {
            out[byte] ^= last[byte];
        }
    }
    mbedtls_md_free(&md);
    mbedtls_platform_zeroize(last, sizeof(last));
    return error;
}

// stretch(password, salt, rounds)
static mp_obj_t atnet_stretch(mp_obj_t password_in, mp_obj_t salt_in, mp_obj_t rounds) {
    mp_buffer_info_t password, salt;
    mp_get_buffer_raise(password_in, &password, MP_BUFFER_READ);
    mp_get_buffer_raise(salt_in, &salt, MP_BUFFER_READ);
    uint8_t out[HASH_SIZE] = {0};
    if (stretch(&password, &salt, mp_obj_get_int(rounds), out) != 0) {
        mp_raise_type(&mp_type_MemoryError);
    }
    return mp_obj_new_bytes(out, sizeof(out));
}
MP_DEFINE_CONST_FUN_OBJ_3(atlink_atnet_stretch_obj, atnet_stretch);
