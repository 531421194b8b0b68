// What the board does before Python starts, the limit of Python's heap, and TCP without an address. Takes the place of
// the ESP32 port's boardctrl_startup(). Written against ESP-IDF v5.4 (nvs_flash.h, esp_heap_caps.h, esp_log.h, lwip).
#include <stddef.h>
#include <stdint.h>

#include "esp_err.h"
#include "esp_heap_caps.h"
#include "esp_idf_version.h"
#include "esp_log.h"
#include "lwip/ip_addr.h"
#include "nvs_flash.h"

void at_board_startup(void);
size_t __wrap_gc_get_max_new_split(void);
void __real_tcp_netif_ip_addr_changed(const ip_addr_t *old_addr, const ip_addr_t *new_addr);
void __wrap_tcp_netif_ip_addr_changed(const ip_addr_t *old_addr, const ip_addr_t *new_addr);

// Open the partition of the settings. One that cannot be read is emptied: a module with factory settings is of more
// use in the field than one that keeps none. Lack of memory, or of the partition, is no reason to erase anything.
void at_board_startup(void) {
    esp_err_t error = nvs_flash_init();
    if (error == ESP_OK || error == ESP_ERR_NO_MEM || error == ESP_ERR_NOT_FOUND) {
        return;
    }
    ESP_LOGE("board", "settings cannot be read (0x%x): back to factory settings", (unsigned)error);
    if (nvs_flash_erase() != ESP_OK || nvs_flash_init() != ESP_OK) {
        ESP_LOGE("board", "no settings: the flash does not take them");
    }
}

// How much Python's heap may grow by. Never into internal memory, which belongs to Wi-Fi, TLS and sockets; as far
// as it likes into PSRAM. The linker puts this in the place of the port's own answer (usermods.cmake).
size_t __wrap_gc_get_max_new_split(void) {
    return heap_caps_get_largest_free_block(MALLOC_CAP_SPIRAM);
}

// lwIP aborts all TCP connections of an address that changes. A station that loses its network has no address at once
// (esp_netif_down), and may have the same again seconds later: until then connections wait, and TCP gives up by itself
// when what it sent is not answered. Links that are not to wait are ended by services/links.py.
void __wrap_tcp_netif_ip_addr_changed(const ip_addr_t *old_addr, const ip_addr_t *new_addr) {
    if (new_addr == NULL || !ip_addr_isany(new_addr)) {
        __real_tcp_netif_ip_addr_changed(old_addr, new_addr);
    }
}

#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 4, 2)
// MicroPython 1.25 calls this one when the firmware crashes, so that its report is not cut short by a watchdog.
// ESP-IDF has named it otherwise since 5.4.2; MicroPython 1.26 and later know.
void esp_panic_handler_enable_rtc_wdt(uint32_t timeout_ms);
void esp_panic_handler_reconfigure_wdts(uint32_t timeout_ms);
void esp_panic_handler_reconfigure_wdts(uint32_t timeout_ms) {
    esp_panic_handler_enable_rtc_wdt(timeout_ms);
}
#endif
