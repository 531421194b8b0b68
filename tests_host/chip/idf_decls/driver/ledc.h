// ESP-IDF v5.4: components/esp_driver_ledc/include/driver/ledc.h
// ESP-IDF v5.4: components/hal/include/hal/ledc_types.h
// Compared on 2026-11-29 with that header: all of it, by a compiler that saw both; what was added since by reading v5.4.2.
// Sum of what follows when it was compared: de488f9b3541
#ifndef DECL_DRIVER_LEDC_H
#define DECL_DRIVER_LEDC_H

#include <stdbool.h>
#include <stdint.h>

#include "esp_err.h"

typedef enum {
    LEDC_LOW_SPEED_MODE = 0,
} ledc_mode_t;
typedef enum {
    LEDC_TIMER_3 = 3,
} ledc_timer_t;
typedef enum {
    LEDC_CHANNEL_0 = 0,
    LEDC_CHANNEL_MAX = 8,
} ledc_channel_t;
typedef enum {
    LEDC_TIMER_14_BIT = 14,
} ledc_timer_bit_t;
typedef enum {
    LEDC_AUTO_CLK = 0,
} ledc_clk_cfg_t;
typedef enum {
    LEDC_FADE_NO_WAIT = 0,
} ledc_fade_mode_t;

typedef struct {
    int gpio_num;
    ledc_mode_t speed_mode;
    ledc_channel_t channel;
    ledc_timer_t timer_sel;
    uint32_t duty;
    int hpoint;
} ledc_channel_config_t;

typedef struct {
    ledc_mode_t speed_mode;
    ledc_timer_bit_t duty_resolution;
    ledc_timer_t timer_num;
    uint32_t freq_hz;
    ledc_clk_cfg_t clk_cfg;
    bool deconfigure;
} ledc_timer_config_t;

esp_err_t ledc_timer_config(const ledc_timer_config_t *timer_conf);
esp_err_t ledc_timer_pause(ledc_mode_t speed_mode, ledc_timer_t timer_sel);
esp_err_t ledc_channel_config(const ledc_channel_config_t *ledc_conf);
esp_err_t ledc_set_duty(ledc_mode_t speed_mode, ledc_channel_t channel, uint32_t duty);
esp_err_t ledc_update_duty(ledc_mode_t speed_mode, ledc_channel_t channel);
uint32_t ledc_get_duty(ledc_mode_t speed_mode, ledc_channel_t channel);
esp_err_t ledc_stop(ledc_mode_t speed_mode, ledc_channel_t channel, uint32_t idle_level);
esp_err_t ledc_fade_func_install(int intr_alloc_flags);
esp_err_t ledc_set_fade_with_step(ledc_mode_t speed_mode, ledc_channel_t channel, uint32_t
    target_duty, uint32_t scale, uint32_t cycle_num);
esp_err_t ledc_fade_start(ledc_mode_t speed_mode, ledc_channel_t channel, ledc_fade_mode_t
    fade_mode);
esp_err_t ledc_fade_stop(ledc_mode_t speed_mode, ledc_channel_t channel);

#endif
