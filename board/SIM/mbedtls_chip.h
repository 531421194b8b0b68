// Mbed TLS as the chip has it: MicroPython's common configuration and what the board's sdkconfig turns on.
// AES and big numbers in hardware on the chip are the PC's AES instructions and assembly here.
#ifndef BOARD_SIM_MBEDTLS_CHIP_H
#define BOARD_SIM_MBEDTLS_CHIP_H

#include "extmod/mbedtls/mbedtls_config_common.h"

// Certificates and keys may be PEM; the peer's certificate can be asked for.
#define MBEDTLS_BASE64_C
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_PKCS12_C
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE

// Extensions of TLS 1.2.
#define MBEDTLS_SSL_ALPN
#define MBEDTLS_SSL_ENCRYPT_THEN_MAC
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH
#define MBEDTLS_SSL_RENEGOTIATION
#define MBEDTLS_SSL_SESSION_TICKETS
#define MBEDTLS_SSL_TICKET_C

// Ciphers and key exchanges beyond the common ones.
#define MBEDTLS_CCM_C
#define MBEDTLS_CIPHER_MODE_CTR
#define MBEDTLS_ECDSA_DETERMINISTIC
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_HMAC_DRBG_C
#define MBEDTLS_KEY_EXCHANGE_PSK_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_PSK_ENABLED

// The clock is the module's: mbedtls_platform_set_time().
#define MBEDTLS_PLATFORM_TIME_ALT
#define MBEDTLS_TIMING_C

// Speed.
#undef MBEDTLS_SHA256_SMALLER
#if !(defined(__i386__) && defined(__SANITIZE_ADDRESS__)) // it needs all registers; the sanitizer takes one
#define MBEDTLS_HAVE_ASM
#endif
#if defined(__x86_64__)
#define MBEDTLS_AESNI_C
#endif

#endif
