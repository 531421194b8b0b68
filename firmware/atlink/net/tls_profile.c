// TLS profiles: certificates, keys, trust, PSK and ALPN, parsed once and shared by sessions.
//
// A profile changes only while no session uses it. The random generator of all sessions is here.

#include <string.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/ssl_ciphersuites.h>

#include "tls.h"

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context generator;
static bool seeded;

#define TLS13_SUITES (0x13) // high byte of their numbers

// What is offered and taken, best first, as far as Mbed TLS was built with it. SHA-1 and tags of
// eight bytes (CBC_SHA, CCM_8) are left out: who needs them has to say so.
static const int default_suites[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_CCM,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
    MBEDTLS_TLS_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_RSA_WITH_AES_256_CCM,
    MBEDTLS_TLS_RSA_WITH_AES_256_CBC_SHA256,
    MBEDTLS_TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384,
    MBEDTLS_TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384,
    MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_RSA_WITH_AES_128_CCM,
    MBEDTLS_TLS_RSA_WITH_AES_128_CBC_SHA256,
    MBEDTLS_TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256,
    MBEDTLS_TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256,
    0,
};

// With a key set these alone.
static const int psk_suites[] = {
    MBEDTLS_TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384,
    MBEDTLS_TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256,
    MBEDTLS_TLS_PSK_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_PSK_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_PSK_WITH_AES_128_CCM,
    MBEDTLS_TLS_PSK_WITH_AES_256_CBC_SHA384,
    MBEDTLS_TLS_PSK_WITH_AES_128_CBC_SHA256,
    0,
};

static int fail(int code, const char *reason) {
    return atlink_net_fail(NULL, code, reason);
}

// Offer and take these, 0 at the end, as far as they are there: a server of Mbed TLS breaks off with
// an internal error when it meets one in its list that it was built without.
static int use_suites(atlink_profile_t *profile, const int *wanted) {
    size_t count = 0;
    while (wanted[count] != 0) {
        ++count;
    }
    int *suites = mbedtls_calloc(count + 1, sizeof(*suites));
    if (suites == NULL) {
        return fail(ENOMEM, "out of memory");
    }
    int *end = suites;
    for (; *wanted != 0; ++wanted) {
        if (mbedtls_ssl_ciphersuite_from_id(*wanted) != NULL) {
            *end++ = *wanted;
        }
    }
    mbedtls_ssl_conf_ciphersuites(&profile->conf, suites);
    mbedtls_free(profile->suites);
    profile->suites = suites;
    return 0;
}

static int seed(void) {
    if (!seeded) {
        mbedtls_entropy_init(&entropy);
        mbedtls_ctr_drbg_init(&generator);
        int code = mbedtls_ctr_drbg_seed(&generator, mbedtls_entropy_func, &entropy, NULL, 0);
        if (code != 0) {
            return fail(code, "no random numbers");
        }
        seeded = true;
    }
    return 0;
}

// A profile with one user and no checks; NULL if there is no memory.
atlink_profile_t *atlink_profile_new(bool server) {
    atlink_profile_t *profile = seed() == 0 ? mbedtls_calloc(1, sizeof(*profile)) : NULL;
    if (profile == NULL) {
        fail(ENOMEM, "out of memory");
        return NULL;
    }
    mbedtls_ssl_config_init(&profile->conf);
    mbedtls_x509_crt_init(&profile->own);
    mbedtls_x509_crt_init(&profile->ca);
    mbedtls_pk_init(&profile->key);
    profile->users = 1;
    profile->server = server;
    mbedtls_ssl_config_defaults(&profile->conf,
        server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
        MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_authmode(&profile->conf, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_rng(&profile->conf, mbedtls_ctr_drbg_random, &generator);
    if (use_suites(profile, default_suites) != 0) {
        atlink_profile_release(profile);
        return NULL;
    }
    return profile;
}

// One user less; the last one frees everything.
void atlink_profile_release(atlink_profile_t *profile) {
    if (--profile->users > 0) {
        return;
    }
    mbedtls_ssl_config_free(&profile->conf);
    mbedtls_x509_crt_free(&profile->own);
    mbedtls_x509_crt_free(&profile->ca);
    mbedtls_pk_free(&profile->key);
    mbedtls_free(profile->alpn_text);
    mbedtls_free(profile->suites);
    mbedtls_free(profile);
}

static int check_idle(const atlink_profile_t *profile) {
    return profile->users == 1 ? 0 : fail(EBUSY, "profile in use");
}

// mode: 0 take any peer, 1 look but go on, 2 refuse what does not verify.
int atlink_profile_verify(atlink_profile_t *profile, int mode) {
    if (check_idle(profile) != 0) {
        return ATLINK_NET_FAIL;
    }
    mbedtls_ssl_conf_authmode(&profile->conf, mode == 2 ? MBEDTLS_SSL_VERIFY_REQUIRED
        : mode == 1 ? MBEDTLS_SSL_VERIFY_OPTIONAL : MBEDTLS_SSL_VERIFY_NONE);
    return 0;
}

// The bytes with a NUL behind them, which Mbed TLS wants for PEM; *length counts it then.
static unsigned char *with_nul(const void *data, size_t size, size_t *length) {
    static const char begin[] = "-----BEGIN";
    unsigned char *copy = mbedtls_calloc(1, size + 1);
    if (copy != NULL) {
        memcpy(copy, data, size);
        *length = strstr((const char *)copy, begin) != NULL ? size + 1 : size;
    }
    return copy;
}

static void wipe(unsigned char *copy, size_t size) {
    mbedtls_platform_zeroize(copy, size);
    mbedtls_free(copy);
}

static int parse_chain(mbedtls_x509_crt *chain, const void *data, size_t size,
    const char *reason) {
    size_t length = 0;
    unsigned char *copy = with_nul(data, size, &length);
    if (copy == NULL) {
        return fail(ENOMEM, "out of memory");
    }
    int code = mbedtls_x509_crt_parse(chain, copy, length);
    mbedtls_free(copy);
    if (code == 0 && chain->version == 0) {
        code = MBEDTLS_ERR_X509_INVALID_FORMAT;
    }
    // Positive: so many certificates of a PEM file were bad. None of it is used then.
    return code == 0 ? 0 : fail(code > 0 ? MBEDTLS_ERR_X509_INVALID_FORMAT : code, reason);
}

static int parse_key(mbedtls_pk_context *key, const void *data, size_t size) {
    size_t length = 0;
    unsigned char *copy = with_nul(data, size, &length);
    if (copy == NULL) {
        return fail(ENOMEM, "out of memory");
    }
    int code = mbedtls_pk_parse_key(key, copy, length, NULL, 0, mbedtls_ctr_drbg_random,
        &generator);
    wipe(copy, size);
    return code == 0 ? 0 : fail(code, "bad key");
}

static int load_own(atlink_profile_t *profile, const void *cert, size_t cert_size,
    const void *key, size_t key_size) {
    if (parse_chain(&profile->own, cert, cert_size, "bad certificate") != 0
        || parse_key(&profile->key, key, key_size) != 0) {
        return ATLINK_NET_FAIL;
    }
    int code = mbedtls_pk_check_pair(&profile->own.pk, &profile->key, mbedtls_ctr_drbg_random,
        &generator);
    if (code != 0) {
        return fail(code, "key does not fit certificate");
    }
    code = mbedtls_ssl_conf_own_cert(&profile->conf, &profile->own, &profile->key);
    return code == 0 ? 0 : fail(code, "out of memory");
}

// Our certificate (chain, own one first) and its private key, PEM or DER, once for each profile.
int atlink_profile_own(atlink_profile_t *profile, const void *cert, size_t cert_size,
    const void *key, size_t key_size) {
    if (check_idle(profile) != 0) {
        return ATLINK_NET_FAIL;
    }
    if (profile->has_own) {
        return fail(EEXIST, "certificate is set already");
    }
    if (load_own(profile, cert, cert_size, key, key_size) != 0) {
        mbedtls_x509_crt_free(&profile->own);
        mbedtls_pk_free(&profile->key);
        mbedtls_x509_crt_init(&profile->own);
        mbedtls_pk_init(&profile->key);
        return ATLINK_NET_FAIL;
    }
    profile->has_own = true;
    return 0;
}

// Certificates to trust, PEM (several) or DER (one); a further call adds to them.
int atlink_profile_ca(atlink_profile_t *profile, const void *data, size_t size) {
    if (check_idle(profile) != 0) {
        return ATLINK_NET_FAIL;
    }
    mbedtls_x509_crt more;
    mbedtls_x509_crt_init(&more);
    if (parse_chain(&more, data, size, "bad CA certificate") != 0) {
        mbedtls_x509_crt_free(&more);
        return ATLINK_NET_FAIL;
    }
    mbedtls_x509_crt_free(&more);
    // Parsed again into the chain in use, which a bad file must not touch.
    if (parse_chain(&profile->ca, data, size, "bad CA certificate") != 0) {
        return ATLINK_NET_FAIL;
    }
    profile->has_ca = true;
    mbedtls_ssl_conf_ca_chain(&profile->conf, &profile->ca, NULL);
    return 0;
}

// A key shared with the peer, and the identity that it knows the key by; once for each profile.
int atlink_profile_psk(atlink_profile_t *profile, const void *key, size_t key_size,
    const void *identity, size_t identity_size) {
    if (check_idle(profile) != 0) {
        return ATLINK_NET_FAIL;
    }
    int code = mbedtls_ssl_conf_psk(&profile->conf, key, key_size, identity, identity_size);
    if (code != 0) {
        return fail(code, profile->has_psk ? "PSK is set already" : "bad PSK");
    }
    profile->has_psk = true;
    return use_suites(profile, psk_suites);
}

// Offer these alone, IANA numbers with 0 at the end, behind the key of atlink_profile_psk().
int atlink_profile_suites(atlink_profile_t *profile, const int *wanted) {
    return check_idle(profile) == 0 ? use_suites(profile, wanted) : ATLINK_NET_FAIL;
}

// The IANA number of each cipher suite of TLS 1.2 that Mbed TLS was built with; 0 behind the last.
int atlink_suite(size_t index) {
    for (const int *suite = mbedtls_ssl_list_ciphersuites(); *suite != 0; ++suite) {
        if (*suite >> 8 != TLS13_SUITES && index-- == 0) {
            return *suite;
        }
    }
    return 0;
}

// The protocols to offer (client) or to choose from (server), best first; none switches it off.
int atlink_profile_alpn(atlink_profile_t *profile, const char *const *names, size_t count) {
    if (check_idle(profile) != 0) {
        return ATLINK_NET_FAIL;
    }
    if (count > ATLINK_ALPN_MAX) {
        return fail(EINVAL, "too many ALPN names");
    }
    size_t total = 0;
    for (size_t i = 0; i < count; ++i) {
        total += strlen(names[i]) + 1;
    }
    char *text = mbedtls_calloc(1, total + 1);
    if (text == NULL) {
        return fail(ENOMEM, "out of memory");
    }
    profile->conf.MBEDTLS_PRIVATE(alpn_list) = NULL; // there is no call for none
    mbedtls_free(profile->alpn_text);
    memset(profile->alpn, 0, sizeof(profile->alpn));
    profile->alpn_text = text;
    for (size_t i = 0; i < count; ++i) {
        profile->alpn[i] = memcpy(text, names[i], strlen(names[i]) + 1);
        text += strlen(names[i]) + 1;
    }
    int code = count == 0 ? 0 : mbedtls_ssl_conf_alpn_protocols(&profile->conf, profile->alpn);
    return code == 0 ? 0 : fail(code, "bad ALPN name");
}
