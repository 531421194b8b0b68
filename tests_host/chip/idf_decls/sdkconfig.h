// ESP-IDF v5.4: components/esp_system/Kconfig
// ESP-IDF v5.4: components/esp_common/Kconfig
// ESP-IDF v5.4: components/lwip/Kconfig
// ESP-IDF v5.4: Kconfig
// Compared on 2026-11-29 with that header: all of it, by a compiler that saw both; what was added since by reading v5.4.2 (the chip's number where the boot loader looks at it).
// Sum of what follows when it was compared: 326cda37a716
#ifndef DECL_SDKCONFIG_H
#define DECL_SDKCONFIG_H

// What the build of the board generates from these; values of an ESP32-S2.
#define CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ 160
#define CONFIG_LWIP_IPV6_NUM_ADDRESSES 3
#define CONFIG_IDF_TARGET "esp32s2"
#define CONFIG_IDF_FIRMWARE_CHIP_ID 0x0002

#endif
