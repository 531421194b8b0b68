// PWM by the LEDC unit, with fading in hardware. Timer 3 and the last four channels: machine.PWM
// begins with the first ones.
#include "driver/gpio.h"
#include "driver/ledc.h"

#include "atchip.h"

#define MODE (LEDC_LOW_SPEED_MODE)
#define TIMER (LEDC_TIMER_3)
#define CHANNELS (4)
#define CHANNEL(i) ((ledc_channel_t)(LEDC_CHANNEL_MAX - CHANNELS + (i)))
#define COUNTER_BITS (14) // the counter of the chip does not reach 2 ** 14

static int running; // channels in use, 0: no PWM
static unsigned full; // 2 ** bits, always high
static bool is_full[CHANNELS]; // stopped at a high level, because the counter cannot

static int channel_of(mp_obj_t channel_in) {
    mp_int_t channel = mp_obj_get_int(channel_in);
    if (channel < 0 || channel >= running) {
        check_esp_err(running == 0 ? ESP_ERR_INVALID_STATE : ESP_ERR_INVALID_ARG);
    }
    return channel;
}

// Stopping may wait for the end of a period, which has up to a second.
static void end_fade(int channel) {
    MP_THREAD_GIL_EXIT();
    esp_err_t error = ledc_fade_stop(MODE, CHANNEL(channel));
    MP_THREAD_GIL_ENTER();
    check_esp_err(error);
}

static esp_err_t set_up_timer(mp_int_t frequency, mp_int_t bits) {
    ledc_timer_config_t timer = {
        .speed_mode = MODE,
        .duty_resolution = (ledc_timer_bit_t)bits,
        .timer_num = TIMER,
        .freq_hz = frequency,
        .clk_cfg = LEDC_AUTO_CLK,
    };
    return ledc_timer_config(&timer);
}

static void free_timer(void) {
    ledc_timer_config_t timer = {.speed_mode = MODE, .timer_num = TIMER, .deconfigure = true};
    ledc_timer_pause(MODE, TIMER); // or it could not be freed
    ledc_timer_config(&timer);
}

static esp_err_t set_up_channel(int channel, mp_int_t pin) {
    ledc_channel_config_t config = {
        .gpio_num = pin,
        .speed_mode = MODE,
        .channel = CHANNEL(channel),
        .timer_sel = TIMER,
    };
    is_full[channel] = false;
    return ledc_channel_config(&config);
}

// Take the first n channels off their pins again.
static void let_go(size_t n, const mp_obj_t *pins) {
    for (size_t i = 0; i < n; i++) {
        ledc_stop(MODE, CHANNEL(i), 0);
        gpio_reset_pin(mp_obj_get_int(pins[i]));
    }
    free_timer();
}

static mp_obj_t pwm_start(mp_obj_t frequency, mp_obj_t bits_in, mp_obj_t pins_in) {
    mp_int_t bits = mp_obj_get_int(bits_in);
    size_t n;
    mp_obj_t *pins;
    mp_obj_get_array(pins_in, &n, &pins);
    if (n < 1 || n > CHANNELS || bits < 1 || bits > COUNTER_BITS) {
        check_esp_err(ESP_ERR_INVALID_ARG);
    }
    if (running != 0) {
        check_esp_err(ESP_ERR_INVALID_STATE);
    }
    check_esp_err(set_up_timer(mp_obj_get_int(frequency), bits));
    esp_err_t error = ledc_fade_func_install(0);
    if (error == ESP_ERR_INVALID_STATE) { // since the PWM before this
        error = ESP_OK;
    }
    size_t done = 0;
    while (done < n && error == ESP_OK) {
        error = set_up_channel(done, mp_obj_get_int(pins[done]));
        done += error == ESP_OK;
    }
    if (error != ESP_OK) {
        let_go(done, pins);
    }
    check_esp_err(error);
    running = n;
    full = 1u << bits;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_3(atchip_pwm_start_obj, pwm_start);

static void set_duty(int channel, unsigned duty) {
    if (duty > full) {
        check_esp_err(ESP_ERR_INVALID_ARG);
    }
    end_fade(channel);
    bool beyond = duty == 1u << COUNTER_BITS;
    check_esp_err(ledc_set_duty(MODE, CHANNEL(channel), beyond ? duty - 1 : duty));
    check_esp_err(ledc_update_duty(MODE, CHANNEL(channel)));
    if (beyond) {
        check_esp_err(ledc_stop(MODE, CHANNEL(channel), 1));
    }
    is_full[channel] = beyond;
}

static mp_obj_t pwm_duty(size_t n_args, const mp_obj_t *args) {
    int channel = channel_of(args[0]);
    if (n_args > 1 && args[1] != mp_const_none) {
        unsigned duty = mp_obj_get_int(args[1]);
        set_duty(channel, duty);
        return MP_OBJ_NEW_SMALL_INT(duty); // the register shows it a period later
    }
    unsigned now = is_full[channel] ? full : ledc_get_duty(MODE, CHANNEL(channel));
    return MP_OBJ_NEW_SMALL_INT(now);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_pwm_duty_obj, 1, 2, pwm_duty);

// pwm_fade(channel, duty, scale, cycles)
static mp_obj_t pwm_fade(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    int channel = channel_of(args[0]);
    unsigned duty = mp_obj_get_int(args[1]);
    if (duty > full) {
        check_esp_err(ESP_ERR_INVALID_ARG);
    }
    if (duty == 1u << COUNTER_BITS) {
        duty -= 1;
    }
    end_fade(channel);
    is_full[channel] = false;
    check_esp_err(ledc_set_fade_with_step(MODE, CHANNEL(channel), duty, mp_obj_get_int(args[2]),
        mp_obj_get_int(args[3])));
    check_esp_err(ledc_fade_start(MODE, CHANNEL(channel), LEDC_FADE_NO_WAIT));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_pwm_fade_obj, 4, 4, pwm_fade);

static mp_obj_t pwm_stop(void) {
    for (int channel = 0; channel < running; channel++) {
        end_fade(channel);
        check_esp_err(ledc_stop(MODE, CHANNEL(channel), 0));
    }
    if (running != 0) {
        free_timer();
    }
    running = 0;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_pwm_stop_obj, pwm_stop);
