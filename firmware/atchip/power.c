// Transmit power, sleep modes, wake-up and deep sleep.
#include "driver/gpio.h"
#include "esp_pm.h"
#include "esp_sleep.h"
#include "sdkconfig.h"

#include "atchip.h"
#include "port_esp32.h"

// The lowest frequency that keeps the peripherals' clock at 80 MHz. With less the UART's rate
// would drift whenever the chip idles: its driver holds that clock only while it sends.
#define IDLE_MHZ (80)

static mp_obj_t tx_power(size_t n_args, const mp_obj_t *args) {
    if (n_args > 0 && args[0] != mp_const_none) {
        mp_int_t wanted = mp_obj_get_int(args[0]);
        if (wanted < INT8_MIN || wanted > INT8_MAX) {
            check_esp_err(ESP_ERR_INVALID_ARG);
        }
        check_esp_err(esp_wifi_set_max_tx_power(wanted));
    }
    int8_t power = 0;
    check_esp_err(esp_wifi_get_max_tx_power(&power));
    return MP_OBJ_NEW_SMALL_INT(power);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_tx_power_obj, 0, 1, tx_power);

static const wifi_ps_type_t radio_modes[] = {
    WIFI_PS_NONE,
    WIFI_PS_MIN_MODEM,
    WIFI_PS_MAX_MODEM, // light sleep of the whole chip needs a radio that sleeps as well
    WIFI_PS_MAX_MODEM,
};
#define NO_SLEEP (0)
#define LIGHT_SLEEP (2)

static mp_obj_t power_save(mp_obj_t mode_in, mp_obj_t listen_interval) {
    mp_int_t mode = mp_obj_get_int(mode_in);
    if (mode < 0 || mode >= (mp_int_t)MP_ARRAY_SIZE(radio_modes)) {
        mp_raise_ValueError(MP_ERROR_TEXT("mode is 0 to 3"));
    }
    // The interval is agreed with the access point: wifi_connect() gives it to the driver.
    mp_obj_get_int(listen_interval);
    esp_err_t error = esp_wifi_set_ps(radio_modes[mode]);
    if (error != ESP_ERR_WIFI_NOT_INIT) { // without a driver there is no radio to put to sleep
        check_esp_err(error);
    }
    esp_pm_config_t config = {
        .max_freq_mhz = CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ,
        .min_freq_mhz = mode == NO_SLEEP ? CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ : IDLE_MHZ,
        .light_sleep_enable = mode == LIGHT_SLEEP,
    };
    check_esp_err(esp_pm_configure(&config));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atchip_power_save_obj, power_save);

static gpio_num_t pin_of(mp_obj_t number) {
    mp_int_t pin = mp_obj_get_int(number);
    if (pin < 0 || pin >= GPIO_NUM_MAX) {
        check_esp_err(ESP_ERR_INVALID_ARG);
    }
    return (gpio_num_t)pin;
}

static mp_obj_t wake_gpio(mp_obj_t pin_in, mp_obj_t level) {
    gpio_num_t pin = pin_of(pin_in);
    check_esp_err(gpio_set_direction(pin, GPIO_MODE_INPUT));
    check_esp_err(gpio_sleep_sel_dis(pin)); // or the pin would be cut off while the chip sleeps
    check_esp_err(gpio_wakeup_enable(pin,
        mp_obj_is_true(level) ? GPIO_INTR_HIGH_LEVEL : GPIO_INTR_LOW_LEVEL));
    check_esp_err(esp_sleep_enable_gpio_wakeup());
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atchip_wake_gpio_obj, wake_gpio);

// With PM_SLP_DISABLE_GPIO pins are cut off in each automatic light sleep, outputs as well.
static mp_obj_t pin_awake(mp_obj_t pin_in, mp_obj_t on) {
    gpio_num_t pin = pin_of(pin_in);
    check_esp_err(mp_obj_is_true(on) ? gpio_sleep_sel_dis(pin) : gpio_sleep_sel_en(pin));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atchip_pin_awake_obj, pin_awake);

static mp_obj_t deep_sleep(mp_obj_t ms_in) {
    mp_int_t ms = mp_obj_get_int(ms_in);
    if (ms < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("0 to 2147483647 ms"));
    }
    check_esp_err(esp_sleep_disable_wakeup_source(ESP_SLEEP_WAKEUP_ALL));
    check_esp_err(esp_sleep_enable_timer_wakeup((uint64_t)ms * 1000));
    atlink_port_let_go();
    esp_deep_sleep_start();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_deep_sleep_obj, deep_sleep);
