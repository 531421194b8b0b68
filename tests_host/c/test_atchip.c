// The files of firmware/atchip over an ESP-IDF that takes notes and behaves as its sources (v5.4.2)
// say. MicroPython's functions are stood for as far as these files call them; the linker ignores the
// others. Objects are small integers, or point to what a function below understands.
#include <setjmp.h>
#include <stdbool.h>

#include "check.h"
#include "atchip.h"
#include "driver/gpio.h"
#include "driver/ledc.h"
#include "esp_sleep.h"
#include "esp_wps.h"
#include "freertos/task.h"
#include "lwip/ip_addr.h"
#include "lwip/sockets.h"
#include "ping/ping_sock.h"
#include "port_esp32.h"
#include "sdkconfig.h"

#define INT(n) MP_OBJ_NEW_SMALL_INT(n)
#define TEXT(s) ((mp_obj_t)(s))

// MicroPython.

static jmp_buf raised;
static esp_err_t error; // the last that was raised
static char text[64]; // the last str that was made

#define RAISES(call) (error = ESP_OK, setjmp(raised) == 0 ? ((void)(call), false) : true)

void check_esp_err_(esp_err_t code) {
    if (code != ESP_OK) {
        error = code;
        longjmp(raised, 1);
    }
}

mp_int_t mp_obj_get_int(mp_const_obj_t value) {
    return MP_OBJ_SMALL_INT_VALUE(value);
}

bool mp_obj_is_true(mp_obj_t value) {
    return value == mp_const_true || value == INT(1);
}

const char *mp_obj_str_get_str(mp_obj_t value) {
    return (const char *)value;
}

mp_obj_t mp_obj_new_str(const char *data, size_t len) {
    snprintf(text, sizeof(text), "%.*s", (int)len, data);
    return (mp_obj_t)text;
}

typedef struct {
    size_t n;
    mp_obj_t items[4];
} list_t;

void mp_obj_get_array(mp_obj_t list_in, size_t *n, mp_obj_t **items) {
    list_t *list = (list_t *)list_in;
    *n = list->n;
    *items = list->items;
}

bool mp_get_buffer(mp_obj_t value, mp_buffer_info_t *info, mp_uint_t flags) {
    (void)flags;
    info->buf = (void *)value;
    info->len = strlen((const char *)value);
    return true;
}

void mp_thread_mutex_unlock(mp_thread_mutex_t *mutex) {
    (void)mutex;
}

int mp_thread_mutex_lock(mp_thread_mutex_t *mutex, int wait) {
    (void)mutex, (void)wait;
    return 1;
}

void atchip_post(const atchip_event_t *event) {
    (void)event;
}

static int32_t answer;

void atchip_post_number(atchip_kind_t kind, int32_t number) {
    CHECK(kind == ATCHIP_PING);
    answer = number;
}

atchip_station_t atchip_station;

// FreeRTOS and ping_sock.c: each session has a task and a socket until the task is gone, which waits
// a second for a start that does not come. vTaskDelay() lets the idle task free what has ended.

static esp_ping_callbacks_t callbacks;
static int sessions; // whose stack and socket are in use
static int waiting; // of them, in that second
static int ended; // of them, to be freed by the idle task
static int idle_delay; // ticks until it does
static bool is_stuck;

TaskHandle_t xTaskGetHandle(const char *name) {
    CHECK(strcmp(name, "ping") == 0);
    return sessions > 0 ? (TaskHandle_t)&sessions : NULL;
}

BaseType_t xTaskAbortDelay(TaskHandle_t task) {
    CHECK(task == (TaskHandle_t)&sessions);
    if (waiting > 0 && !is_stuck) {
        waiting -= 1;
        ended += 1;
        idle_delay = 2;
        return pdPASS;
    }
    return pdFALSE;
}

void vTaskDelay(const TickType_t ticks) {
    CHECK(ticks == 1);
    if (ended > 0 && --idle_delay <= 0) {
        sessions -= ended;
        ended = 0;
    }
}

int ipaddr_aton(const char *cp, ip_addr_t *addr) {
    (void)addr;
    return strcmp(cp, "bad") != 0;
}

esp_err_t esp_ping_new_session(const esp_ping_config_t *config, const esp_ping_callbacks_t *cbs,
    esp_ping_handle_t *out) {
    CHECK(config->count == 1);
    callbacks = *cbs;
    sessions += 1;
    *out = &sessions;
    return ESP_OK;
}

esp_err_t esp_ping_delete_session(esp_ping_handle_t ping) {
    (void)ping;
    waiting += 1;
    return ESP_OK;
}

esp_err_t esp_ping_start(esp_ping_handle_t ping) {
    (void)ping;
    return ESP_OK;
}

esp_err_t esp_ping_get_profile(esp_ping_handle_t ping, esp_ping_profile_t profile, void *data,
    uint32_t size) {
    (void)ping, (void)profile, (void)size;
    *(uint32_t *)data = 7;
    return ESP_OK;
}

static void ping_once(void) {
    CHECK(!RAISES(atchip_ping_obj.fun._2(TEXT("127.0.0.1"), INT(1000))));
    CHECK(RAISES(atchip_ping_obj.fun._2(TEXT("127.0.0.1"), INT(1000)))); // one at a time
    CHECK(error == ESP_ERR_INVALID_STATE);
    callbacks.on_ping_success(&sessions, NULL);
    callbacks.on_ping_end(&sessions, NULL);
    CHECK(answer == 7);
}

static void pings_in_a_row_do_not_pile_up(void) {
    for (int i = 0; i < 20; i++) {
        ping_once();
        CHECK(sessions == 1);
    }
    is_stuck = true; // a task that does not end: the chip is busy, and says so
    CHECK(RAISES(atchip_ping_obj.fun._2(TEXT("127.0.0.1"), INT(1000))));
    CHECK(error == ESP_ERR_INVALID_STATE);
    CHECK(sessions == 1);
    is_stuck = false;
    ping_once();
}

// esp_netif.

static esp_ip6_addr_t addresses[CONFIG_LWIP_IPV6_NUM_ADDRESSES];
static int address_count;

esp_netif_t *esp_netif_get_handle_from_ifkey(const char *key) {
    (void)key;
    return (esp_netif_t *)&address_count;
}

int esp_netif_get_all_preferred_ip6(esp_netif_t *netif, esp_ip6_addr_t all[]) {
    (void)netif;
    memcpy(all, addresses, address_count * sizeof(addresses[0]));
    return address_count;
}

// ip6_addr_isglobal() of lwIP is 2000::/3, ip6_addr_isuniquelocal() fc00::/7.
esp_ip6_addr_type_t esp_netif_ip6_get_addr_type(esp_ip6_addr_t *address) {
    uint8_t first = *(uint8_t *)address;
    return (first & 0xe0) == 0x20 ? ESP_IP6_ADDR_IS_GLOBAL
           : first == 0xfe ? ESP_IP6_ADDR_IS_LINK_LOCAL
           : (first & 0xfe) == 0xfc ? ESP_IP6_ADDR_IS_UNIQUE_LOCAL : 0;
}

const char *inet_ntop(int family, const void *address, char *out, socklen_t size) {
    (void)family;
    snprintf(out, size, "%02x%02x::", ((uint8_t *)address)[0], ((uint8_t *)address)[1]);
    return out;
}

static bool shows(int kind, const char *expected) {
    text[0] = '\0';
    mp_obj_t found = atchip_ip6_address_obj.fun._2(INT(0), INT(kind));
    return expected == NULL ? found == mp_const_none : strcmp(text, expected) == 0;
}

static void set_addresses(int count, const uint8_t first[][2]) {
    memset(addresses, 0, sizeof(addresses));
    for (int i = 0; i < count; i++) {
        memcpy(&addresses[i], first[i], 2);
    }
    address_count = count;
}

static void unique_local_addresses_are_shown(void) {
    set_addresses(0, NULL);
    CHECK(shows(0, NULL) && shows(1, NULL));
    set_addresses(1, (const uint8_t[][2]) {{0xfe, 0x80}});
    CHECK(shows(0, "fe80::") && shows(1, NULL));
    set_addresses(2, (const uint8_t[][2]) {{0xfe, 0x80}, {0xfd, 0x00}});
    CHECK(shows(0, "fe80::") && shows(1, "fd00::"));
    set_addresses(3, (const uint8_t[][2]) {{0xfe, 0x80}, {0xfd, 0x00}, {0x20, 0x01}});
    CHECK(shows(1, "2001::")); // a global one is better
    set_addresses(3, (const uint8_t[][2]) {{0xfe, 0x80}, {0x20, 0x01}, {0xfd, 0x00}});
    CHECK(shows(1, "2001::"));
}

// esp_wifi. wps_finish() copies name and key without a NUL over what the station had last.

static wifi_config_t station;

esp_err_t esp_wifi_set_config(wifi_interface_t interface, wifi_config_t *config) {
    CHECK(interface == WIFI_IF_STA);
    station = *config;
    return ESP_OK;
}

esp_err_t esp_wifi_connect(void) {
    return ESP_OK;
}

esp_err_t esp_wifi_wps_enable(const esp_wps_config_t *config) {
    (void)config;
    return ESP_OK;
}

esp_err_t esp_wifi_wps_start(int timeout_ms) {
    (void)timeout_ms;
    memcpy(station.sta.ssid, "new", 3);
    memcpy(station.sta.password, "short", 5);
    return ESP_OK;
}

static void wps_leaves_nothing_of_the_network_before(void) {
    memset(&station, 0, sizeof(station));
    strcpy((char *)station.sta.ssid, "the old network");
    strcpy((char *)station.sta.password, "the old password");
    station.sta.bssid_set = true;
    CHECK(!RAISES(atchip_wps_start_obj.fun._0()));
    CHECK(strcmp((char *)station.sta.ssid, "new") == 0);
    CHECK(strcmp((char *)station.sta.password, "short") == 0);
    CHECK(!station.sta.bssid_set);
}

static void wpa3_takes_both_ways_to_its_password_element(void) {
    const mp_obj_t args[] = {
        TEXT("net"), TEXT("12345678"), mp_const_none, INT(3), INT(0), INT(0), INT(1),
    };
    CHECK(!RAISES(atchip_wifi_connect_obj.fun.var(7, args)));
    CHECK(station.sta.sae_pwe_h2e == WPA3_SAE_PWE_BOTH);
    CHECK(station.sta.pmf_cfg.capable && !station.sta.pmf_cfg.required);
}

// LEDC: a channel is on its pin from ledc_channel_config() until the pin is reset.

static bool has_timer;
static bool on_pin[GPIO_NUM_MAX];
static int highest_channel;

esp_err_t ledc_timer_config(const ledc_timer_config_t *config) {
    has_timer = !config->deconfigure;
    return ESP_OK;
}

esp_err_t ledc_timer_pause(ledc_mode_t mode, ledc_timer_t timer) {
    (void)mode, (void)timer;
    return ESP_OK;
}

esp_err_t ledc_fade_func_install(int flags) {
    (void)flags;
    return ESP_OK;
}

esp_err_t ledc_channel_config(const ledc_channel_config_t *config) {
    if (config->gpio_num == 46) {
        return ESP_ERR_INVALID_ARG; // an input only
    }
    on_pin[config->gpio_num] = true;
    highest_channel = config->channel;
    return ESP_OK;
}

esp_err_t ledc_stop(ledc_mode_t mode, ledc_channel_t channel, uint32_t level) {
    (void)mode, (void)channel, (void)level;
    return ESP_OK;
}

esp_err_t gpio_reset_pin(gpio_num_t pin) {
    on_pin[pin] = false;
    return ESP_OK;
}

static void pwm_that_fails_leaves_no_pin_behind(void) {
    list_t bad = {4, {INT(13), INT(14), INT(46), INT(16)}};
    CHECK(RAISES(atchip_pwm_start_obj.fun._3(INT(1000), INT(10), (mp_obj_t)&bad)));
    CHECK(error == ESP_ERR_INVALID_ARG);
    CHECK(!on_pin[13] && !on_pin[14] && !on_pin[16] && !has_timer);
    list_t good = {4, {INT(13), INT(14), INT(15), INT(16)}};
    CHECK(!RAISES(atchip_pwm_start_obj.fun._3(INT(1000), INT(10), (mp_obj_t)&good)));
    CHECK(on_pin[13] && on_pin[16] && has_timer);
    CHECK(highest_channel == LEDC_CHANNEL_MAX - 1); // on chips with six channels as well
}

// Sleep. ESP-IDF waits for the UART's FIFO before it sleeps deeply: for ever while CTS holds it.

static bool is_held;
static jmp_buf asleep;

void atlink_port_let_go(void) {
    is_held = false;
}

esp_err_t esp_sleep_disable_wakeup_source(esp_sleep_source_t source) {
    (void)source;
    return ESP_OK;
}

esp_err_t esp_sleep_enable_timer_wakeup(uint64_t us) {
    CHECK(us == 5000000);
    return ESP_OK;
}

void esp_deep_sleep_start(void) {
    CHECK(!is_held);
    longjmp(asleep, 1);
}

static bool exempt[GPIO_NUM_MAX];

esp_err_t gpio_sleep_sel_dis(gpio_num_t pin) {
    exempt[pin] = true;
    return ESP_OK;
}

esp_err_t gpio_sleep_sel_en(gpio_num_t pin) {
    exempt[pin] = false;
    return ESP_OK;
}

static void deep_sleep_does_not_wait_for_the_host(void) {
    is_held = true;
    if (setjmp(asleep) == 0) {
        atchip_deep_sleep_obj.fun._1(INT(5000));
        CHECK(false);
    }
}

static void pins_are_exempt_from_sleep(void) {
    CHECK(!RAISES(atchip_pin_awake_obj.fun._2(INT(5), INT(1))));
    CHECK(exempt[5]);
    CHECK(!RAISES(atchip_pin_awake_obj.fun._2(INT(5), INT(0))));
    CHECK(!exempt[5]);
    CHECK(RAISES(atchip_pin_awake_obj.fun._2(INT(-1), INT(1))) && error == ESP_ERR_INVALID_ARG);
    CHECK(RAISES(atchip_pin_awake_obj.fun._2(INT(GPIO_NUM_MAX), INT(1))));
}

int main(void) {
    pings_in_a_row_do_not_pile_up();
    unique_local_addresses_are_shown();
    wps_leaves_nothing_of_the_network_before();
    wpa3_takes_both_ways_to_its_password_element();
    pwm_that_fails_leaves_no_pin_behind();
    deep_sleep_does_not_wait_for_the_host();
    pins_are_exempt_from_sleep();
    return CHECK_END();
}
