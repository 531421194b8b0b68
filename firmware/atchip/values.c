// Arguments and results of the chip's calls: addresses as text, fields of fixed size.
#include <stdio.h>
#include <string.h>

#include "atchip.h"
#include "int64.h"

wifi_interface_t atchip_interface(mp_obj_t number) {
    mp_int_t interface = mp_obj_get_int(number);
    if (interface != 0 && interface != 1) {
        mp_raise_ValueError(MP_ERROR_TEXT("interface is 0 or 1"));
    }
    return interface == 0 ? WIFI_IF_STA : WIFI_IF_AP;
}

// network.WLAN makes both with the driver, and they outlive a wifi_deinit().
esp_netif_t *atchip_netif(wifi_interface_t interface) {
    const char *key = interface == WIFI_IF_STA ? "WIFI_STA_DEF" : "WIFI_AP_DEF";
    esp_netif_t *netif = esp_netif_get_handle_from_ifkey(key);
    if (netif == NULL) {
        check_esp_err(ESP_ERR_WIFI_NOT_INIT);
    }
    return netif;
}

mp_obj_t atchip_mac_text(const uint8_t *mac) {
    char text[18];
    snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
        mac[3], mac[4], mac[5]);
    return mp_obj_new_str(text, strlen(text));
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void atchip_mac_parse(mp_obj_t text_in, uint8_t *mac) {
    size_t len;
    const char *text = mp_obj_str_get_data(text_in, &len);
    bool is_good = len == 3 * ATCHIP_MAC_SIZE - 1;
    for (size_t i = 0; is_good && i < ATCHIP_MAC_SIZE; i++) {
        int high = hex_digit(text[3 * i]);
        int low = hex_digit(text[3 * i + 1]);
        is_good = high >= 0 && low >= 0 && (i == ATCHIP_MAC_SIZE - 1 || text[3 * i + 2] == ':');
        mac[i] = high << 4 | low;
    }
    if (!is_good) {
        mp_raise_ValueError(MP_ERROR_TEXT("not a MAC address"));
    }
}

mp_obj_t atchip_ip4_text(uint32_t network_order) {
    char text[16];
    esp_ip4_addr_t address = {network_order};
    esp_ip4addr_ntoa(&address, text, sizeof(text));
    return mp_obj_new_str(text, strlen(text));
}

// Strict, where esp_ip4addr_aton() takes "1" for 0.0.0.1 and gives 255.255.255.255 for nonsense.
uint32_t atchip_ip4_parse(mp_obj_t text_in) {
    const char *text = mp_obj_str_get_str(text_in);
    uint32_t address = 0;
    for (int i = 0; i < 4; i++) {
        unsigned part = 0;
        const char *start = text;
        while (*text >= '0' && *text <= '9' && text - start < 3) {
            part = part * 10 + (unsigned)(*text++ - '0');
        }
        if (text == start || part > 255 || *text != (i < 3 ? '.' : '\0')) {
            mp_raise_ValueError(MP_ERROR_TEXT("not an IPv4 address"));
        }
        text += i < 3;
        address |= part << 8 * i; // the chip is little-endian, so this is network order
    }
    return address;
}

int64_t atchip_int64(mp_obj_t value) {
    return int64_of(value);
}

size_t atchip_copy(mp_obj_t bytes, void *field, size_t room, esp_err_t too_long) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(bytes, &info, MP_BUFFER_READ);
    if (info.len > room) {
        check_esp_err(too_long);
    }
    memset(field, 0, room);
    memcpy(field, info.buf, info.len);
    return info.len;
}

mp_obj_t atchip_field(const uint8_t *field, size_t room) {
    return mp_obj_new_bytes(field, strnlen((const char *)field, room));
}
