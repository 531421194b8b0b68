// What the files of this module share: helpers for arguments and results, and the functions that
// the table in modatchip.c lists. firmware/typings/atchip.pyi is the contract of them all.
#ifndef ATCHIP_H
#define ATCHIP_H

#include <stddef.h>
#include <stdint.h>

#include "esp_err.h"
#include "esp_netif.h"
#include "esp_wifi.h"
#include "py/mphal.h"
#include "py/obj.h"
#include "py/runtime.h"

#include "news.h"

// MicroPython's check_esp_err() raises OSError(number, name), which the contract asks for.

// Return an interface from 0 (station) or 1 (softAP). ValueError.
wifi_interface_t atchip_interface(mp_obj_t number);

// Return the interface's network side. ESP_ERR_WIFI_NOT_INIT before there was a driver.
esp_netif_t *atchip_netif(wifi_interface_t interface);

// MAC and IPv4 addresses as text and back. ValueError.
mp_obj_t atchip_mac_text(const uint8_t *mac);
void atchip_mac_parse(mp_obj_t text, uint8_t *mac);
mp_obj_t atchip_ip4_text(uint32_t network_order);
mp_obj_t atchip_ip6_text(const esp_ip6_addr_t *address);
uint32_t atchip_ip4_parse(mp_obj_t text);

// An int of any size. TypeError, OverflowError beyond 64 bits.
int64_t atchip_int64(mp_obj_t value);

// Copy bytes to a field of `room` bytes and return their number; `too_long` is raised if they do
// not fit.
size_t atchip_copy(mp_obj_t bytes, void *field, size_t room, esp_err_t too_long);

// Bytes of a field up to its first NUL, or all of it.
mp_obj_t atchip_field(const uint8_t *field, size_t room);

// Events, from any task but no interrupt: copied to a static ring, then wait() is woken. None of
// these touches MicroPython. Kinds and queue: news.h.
void atchip_post(const atchip_event_t *event);
void atchip_post_number(atchip_kind_t kind, int32_t number);

// Listen to the driver's events from now on; more than once does no harm.
void atchip_listen(void);

// Find out whether the system's clock means what it meant before the chip was reset.
void atchip_clock_start(void);

// What the events say of the station, for calls that the driver takes only in some states.
typedef struct {
    volatile bool is_busy; // connecting or connected
    volatile bool is_scanning;
} atchip_station_t;
extern atchip_station_t atchip_station;

// The provisioning part's share of the event handlers (event task): copies what came with them.
void atchip_note_smartconfig(const void *data);
void atchip_note_wps(const void *data);

// The file in which each of them is: see modatchip.c.
MP_DECLARE_CONST_FUN_OBJ_0(atchip_board_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_versions_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_heap_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_reset_reason_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_event_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_clock_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_clock_set_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_nvs_namespaces_obj);
MP_DECLARE_CONST_FUN_OBJ_3(atchip_nvs_keys_obj);
MP_DECLARE_CONST_FUN_OBJ_3(atchip_nvs_get_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_nvs_set_obj);
MP_DECLARE_CONST_FUN_OBJ_3(atchip_nvs_erase_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_nvs_close_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_ram_alloc_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_ram_free_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_ram_largest_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_ram_figures_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_tx_power_obj);
MP_DECLARE_CONST_FUN_OBJ_2(atchip_power_save_obj);
MP_DECLARE_CONST_FUN_OBJ_2(atchip_wake_gpio_obj);
MP_DECLARE_CONST_FUN_OBJ_2(atchip_pin_awake_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_deep_sleep_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_wifi_init_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_wifi_deinit_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_connect_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_wifi_disconnect_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_wifi_ap_info_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_scan_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_wifi_scan_next_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_wifi_scan_stop_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_mac_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_protocol_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_inactive_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_bandwidth_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_rf_forget_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_country_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_softap_config_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_softap_stations_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_softap_deauth_obj);
MP_DECLARE_CONST_FUN_OBJ_2(atchip_smartconfig_start_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_smartconfig_stop_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_smartconfig_result_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_wps_start_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_wps_stop_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_wps_credentials_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_eap_identity_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_eap_username_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_eap_password_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_eap_ca_obj);
MP_DECLARE_CONST_FUN_OBJ_2(atchip_eap_certificate_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_eap_enable_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_eap_disable_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_ip_info_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_ip_static_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_ip_dns_obj);
MP_DECLARE_CONST_FUN_OBJ_2(atchip_dhcp_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_dhcp_pool_obj);
MP_DECLARE_CONST_FUN_OBJ_3(atchip_dhcp_pool_set_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_ip6_linklocal_obj);
MP_DECLARE_CONST_FUN_OBJ_2(atchip_ip6_address_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_hostname_obj);
MP_DECLARE_CONST_FUN_OBJ_2(atchip_ping_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_mdns_start_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_mdns_stop_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_mdns_query_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_mdns_next_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_mdns_end_obj);
MP_DECLARE_CONST_FUN_OBJ_3(atchip_pwm_start_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_pwm_duty_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_pwm_fade_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_pwm_stop_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atchip_i2c_stop_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_spi_start_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_spi_transfer_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atchip_spi_stop_obj);

#endif // ATCHIP_H
