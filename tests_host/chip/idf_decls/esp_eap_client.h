// ESP-IDF v5.4: components/wpa_supplicant/esp_supplicant/include/esp_eap_client.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 598cec52cac6
#ifndef DECL_ESP_EAP_CLIENT_H
#define DECL_ESP_EAP_CLIENT_H

#include "esp_err.h"

typedef enum {
    ESP_EAP_TTLS_PHASE2_MSCHAPV2 = 1,
} esp_eap_ttls_phase2_types;

esp_err_t esp_wifi_sta_enterprise_enable(void);
esp_err_t esp_wifi_sta_enterprise_disable(void);
esp_err_t esp_eap_client_set_identity(const unsigned char *identity, int len);
void esp_eap_client_clear_identity(void);
esp_err_t esp_eap_client_set_username(const unsigned char *username, int len);
void esp_eap_client_clear_username(void);
esp_err_t esp_eap_client_set_password(const unsigned char *password, int len);
void esp_eap_client_clear_password(void);
esp_err_t esp_eap_client_set_ca_cert(const unsigned char *ca_cert, int ca_cert_len);
void esp_eap_client_clear_ca_cert(void);
esp_err_t esp_eap_client_set_certificate_and_key(const unsigned char *client_cert, int
    client_cert_len, const unsigned char *private_key, int private_key_len, const unsigned char
    *private_key_password, int private_key_passwd_len);
void esp_eap_client_clear_certificate_and_key(void);
esp_err_t esp_eap_client_set_ttls_phase2_method(esp_eap_ttls_phase2_types type);

#endif
