// ESP-IDF v5.4: components/esp_driver_gpio/include/driver/gpio.h
// ESP-IDF v5.4: components/soc/esp32s2/include/soc/gpio_num.h
// ESP-IDF v5.4: components/hal/include/hal/gpio_types.h
// Compared on 2026-11-29 with that header: all of it, by a compiler that saw both; what was added since by reading v5.4.2.
// Sum of what follows when it was compared: 8a9e4e9369c2
#ifndef DECL_DRIVER_GPIO_H
#define DECL_DRIVER_GPIO_H

#include "esp_err.h"

typedef enum {
    GPIO_NUM_0 = 0,
    GPIO_NUM_MAX = 47,
} gpio_num_t;
typedef enum {
    GPIO_MODE_INPUT = 1,
} gpio_mode_t;
typedef enum {
    GPIO_INTR_LOW_LEVEL = 4,
    GPIO_INTR_HIGH_LEVEL = 5,
} gpio_int_type_t;

esp_err_t gpio_set_direction(gpio_num_t gpio_num, gpio_mode_t mode);
esp_err_t gpio_reset_pin(gpio_num_t gpio_num);
esp_err_t gpio_sleep_sel_dis(gpio_num_t gpio_num);
esp_err_t gpio_sleep_sel_en(gpio_num_t gpio_num);
esp_err_t gpio_wakeup_enable(gpio_num_t gpio_num, gpio_int_type_t intr_type);

#endif
