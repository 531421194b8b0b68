// The module `atchip`: its table of names. What they do is in the files named beside them; the
// contract is firmware/typings/atchip.pyi.
#include "atchip.h"

// Called at the import, before anything else of this module.
static mp_obj_t module_init(void) {
    atchip_clock_start();
    atchip_listen();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(module_init_obj, module_init);

#define FUNCTION(name) {MP_ROM_QSTR(MP_QSTR_##name), MP_ROM_PTR(&atchip_##name##_obj)}

static const mp_rom_map_elem_t globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_atchip)},
    {MP_ROM_QSTR(MP_QSTR___init__), MP_ROM_PTR(&module_init_obj)},
    // chip.c
    FUNCTION(board),
    FUNCTION(versions),
    FUNCTION(reset_reason),
    FUNCTION(clock),
    FUNCTION(clock_set),
    // events.c
    FUNCTION(event),
    // nvs.c
    FUNCTION(nvs_namespaces),
    FUNCTION(nvs_keys),
    FUNCTION(nvs_get),
    FUNCTION(nvs_set),
    FUNCTION(nvs_erase),
    FUNCTION(nvs_close),
    // ram.c
    FUNCTION(heap),
    FUNCTION(ram_alloc),
    FUNCTION(ram_free),
    FUNCTION(ram_largest),
    FUNCTION(ram_figures),
    // power.c
    FUNCTION(tx_power),
    FUNCTION(power_save),
    FUNCTION(wake_gpio),
    FUNCTION(pin_awake),
    FUNCTION(deep_sleep),
    // wifi.c
    FUNCTION(wifi_init),
    FUNCTION(wifi_deinit),
    FUNCTION(wifi_connect),
    FUNCTION(wifi_disconnect),
    FUNCTION(wifi_ap_info),
    FUNCTION(wifi_mac),
    FUNCTION(wifi_protocol),
    FUNCTION(wifi_inactive),
    FUNCTION(wifi_bandwidth),
    FUNCTION(rf_forget),
    FUNCTION(wifi_country),
    // scan.c
    FUNCTION(wifi_scan),
    FUNCTION(wifi_scan_next),
    FUNCTION(wifi_scan_stop),
    // softap.c
    FUNCTION(softap_config),
    FUNCTION(softap_stations),
    FUNCTION(softap_deauth),
    // provision.c
    FUNCTION(smartconfig_start),
    FUNCTION(smartconfig_stop),
    FUNCTION(smartconfig_result),
    FUNCTION(wps_start),
    FUNCTION(wps_stop),
    FUNCTION(wps_credentials),
    // eap.c
    FUNCTION(eap_identity),
    FUNCTION(eap_username),
    FUNCTION(eap_password),
    FUNCTION(eap_ca),
    FUNCTION(eap_certificate),
    FUNCTION(eap_enable),
    FUNCTION(eap_disable),
    // netif.c
    FUNCTION(ip_info),
    FUNCTION(ip_static),
    FUNCTION(ip_dns),
    FUNCTION(ip6_linklocal),
    FUNCTION(ip6_address),
    FUNCTION(hostname),
    // dhcp.c
    FUNCTION(dhcp),
    FUNCTION(dhcp_pool),
    FUNCTION(dhcp_pool_set),
    // neighbours.c
    FUNCTION(ping),
    FUNCTION(mdns_start),
    FUNCTION(mdns_stop),
    FUNCTION(mdns_query),
    FUNCTION(mdns_next),
    FUNCTION(mdns_end),
    // pwm.c
    FUNCTION(pwm_start),
    FUNCTION(pwm_duty),
    FUNCTION(pwm_fade),
    FUNCTION(pwm_stop),
    // buses.c
    FUNCTION(i2c_stop),
    FUNCTION(spi_start),
    FUNCTION(spi_transfer),
    FUNCTION(spi_stop),
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t atchip_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&globals,
};
MP_REGISTER_MODULE(MP_QSTR_atchip, atchip_module);
