// Echo requests and mDNS.
#include <string.h>

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "lwip/ip_addr.h"
#include "mdns.h"
#include "ping/ping_sock.h"

#include "atchip.h"

#define PING_STACK (3072) // of ESP-IDF's ping task, which runs the callbacks below
#define PING_TASK "ping"
#define END_TRIES (20) // ticks

static volatile bool is_pinging;
static int32_t answer_ms;

static void on_answer(esp_ping_handle_t ping, void *unused) {
    (void)unused;
    uint32_t ms = 0;
    esp_ping_get_profile(ping, ESP_PING_PROF_TIMEGAP, &ms, sizeof(ms));
    answer_ms = ms;
}

static void on_end(esp_ping_handle_t ping, void *unused) {
    (void)unused;
    esp_ping_delete_session(ping); // marks it; its task frees it when this returns
    is_pinging = false;
    atchip_post_number(ATCHIP_PING, answer_ms);
}

// The task of the last one waits up to a second for a start that does not come before it frees its
// stack and its socket (ESP-IDF, ping_sock.c): pings in a row would pile up. End that wait; the
// idle task frees the rest. False if the task is still there.
static bool end_last(void) {
    TaskHandle_t task;
    for (int tries = 0; (task = xTaskGetHandle(PING_TASK)) != NULL; tries++) {
        if (tries == END_TRIES) {
            return false;
        }
        xTaskAbortDelay(task);
        MP_THREAD_GIL_EXIT();
        vTaskDelay(1);
        MP_THREAD_GIL_ENTER();
    }
    return true;
}

static mp_obj_t ping(mp_obj_t address, mp_obj_t timeout_ms) {
    if (is_pinging || !end_last()) {
        check_esp_err(ESP_ERR_INVALID_STATE);
    }
    esp_ping_config_t config = ESP_PING_DEFAULT_CONFIG();
    config.count = 1;
    config.interval_ms = 1; // waited after the answer, too
    config.timeout_ms = mp_obj_get_int(timeout_ms);
    config.task_stack_size = PING_STACK;
    if (!ipaddr_aton(mp_obj_str_get_str(address), &config.target_addr)) {
        mp_raise_ValueError(MP_ERROR_TEXT("not a numeric address"));
    }
    esp_ping_callbacks_t callbacks = {.on_ping_success = on_answer, .on_ping_end = on_end};
    esp_ping_handle_t session;
    check_esp_err(esp_ping_new_session(&config, &callbacks, &session));
    answer_ms = -1;
    is_pinging = true;
    esp_err_t error = esp_ping_start(session);
    if (error != ESP_OK) {
        is_pinging = false;
        esp_ping_delete_session(session);
    }
    check_esp_err(error);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atchip_ping_obj, ping);

#define TXT_MAX (10) // as AT+MDNS allows

static bool is_announced;

static size_t fill_txt(mp_obj_t pairs, mdns_txt_item_t *txt) {
    size_t n;
    mp_obj_t *items;
    mp_obj_get_array(pairs, &n, &items);
    if (n > TXT_MAX) {
        mp_raise_ValueError(MP_ERROR_TEXT("too many TXT items"));
    }
    for (size_t i = 0; i < n; i++) {
        mp_obj_t *pair;
        mp_obj_get_array_fixed_n(items[i], 2, &pair);
        txt[i] = (mdns_txt_item_t) {mp_obj_str_get_str(pair[0]), mp_obj_str_get_str(pair[1])};
    }
    return n;
}

// mdns_start(host, instance, service, proto, port, txt)
static mp_obj_t mdns_start(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    if (is_announced) {
        check_esp_err(ESP_ERR_INVALID_STATE);
    }
    const char *host = mp_obj_str_get_str(args[0]);
    const char *instance = mp_obj_str_get_str(args[1]);
    const char *service = mp_obj_str_get_str(args[2]);
    const char *proto = mp_obj_str_get_str(args[3]);
    mp_int_t port = mp_obj_get_int(args[4]);
    if (port < 0 || port > UINT16_MAX) {
        check_esp_err(ESP_ERR_INVALID_ARG);
    }
    mdns_txt_item_t txt[TXT_MAX]; // copied by the component, as all texts are
    size_t n = fill_txt(args[5], txt);
    esp_err_t error = mdns_init();
    if (error == ESP_OK) {
        error = mdns_hostname_set(host);
    }
    if (error == ESP_OK) {
        error = mdns_service_add(instance, service, proto, port, txt, n);
    }
    if (error != ESP_OK) {
        mdns_free();
    }
    check_esp_err(error);
    is_announced = true;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_mdns_start_obj, 6, 6, mdns_start);

static mp_obj_t mdns_stop(void) {
    mdns_free();
    is_announced = false;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_mdns_stop_obj, mdns_stop);
