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
static mdns_search_once_t *search; // that runs
static mdns_result_t *found; // what the last one found
static mdns_result_t *rest; // of that, what has not been taken yet

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

static const char *text_or_null(mp_obj_t value) {
    return value == mp_const_none ? NULL : mp_obj_str_get_str(value);
}

// The task of mDNS is there while something is announced or looked for.
static void rest_if_idle(void) {
    if (!is_announced && search == NULL) {
        mdns_free();
    }
}

// mdns_query(name, service, proto, type, timeout_ms, most)
static mp_obj_t mdns_query_begin(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    if (search != NULL && mdns_query_async_delete(search) != ESP_OK) {
        check_esp_err(ESP_ERR_INVALID_STATE); // one that was given up, and runs until its time is over
    }
    search = NULL;
    const char *name = text_or_null(args[0]);
    const char *service = text_or_null(args[1]);
    const char *proto = text_or_null(args[2]);
    if (!is_announced) {
        check_esp_err(mdns_init());
    }
    search = mdns_query_async_new(name, service, proto, mp_obj_get_int(args[3]),
        mp_obj_get_int(args[4]), mp_obj_get_int(args[5]), NULL);
    if (search == NULL) {
        rest_if_idle();
        check_esp_err(ESP_ERR_NO_MEM);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_mdns_query_obj, 6, 6, mdns_query_begin);

static mp_obj_t text_or_none(const char *text) {
    return text == NULL ? mp_const_none : mp_obj_new_bytes((const byte *)text, strlen(text));
}

static mp_obj_t texts_of(const mdns_result_t *result) {
    mp_obj_t list = mp_obj_new_list(0, NULL);
    for (size_t i = 0; i < result->txt_count; i++) {
        mp_obj_t pair[] = {
            text_or_none(result->txt[i].key),
            mp_obj_new_bytes((const byte *)result->txt[i].value, result->txt_value_len[i]),
        };
        mp_obj_list_append(list, mp_obj_new_tuple(2, pair));
    }
    return list;
}

static mp_obj_t addresses_of(const mdns_result_t *result) {
    mp_obj_t list = mp_obj_new_list(0, NULL);
    for (const mdns_ip_addr_t *each = result->addr; each != NULL; each = each->next) {
        mp_obj_list_append(list, each->addr.type == ESP_IPADDR_TYPE_V6
            ? atchip_ip6_text(&each->addr.u_addr.ip6)
            : atchip_ip4_text(each->addr.u_addr.ip4.addr));
    }
    return list;
}

// None while it is looked for; then one record after the other, () behind the last.
static mp_obj_t mdns_next(void) {
    if (search != NULL) {
        uint8_t count;
        if (!mdns_query_async_get_results(search, 0, &found, &count)) {
            return mp_const_none;
        }
        mdns_query_async_delete(search);
        search = NULL;
        rest = found;
    }
    if (rest == NULL) {
        return mp_const_empty_tuple;
    }
    const mdns_result_t *result = rest;
    rest = rest->next;
    bool is_softap = result->esp_netif == esp_netif_get_handle_from_ifkey("WIFI_AP_DEF");
    mp_obj_t items[] = {
        MP_OBJ_NEW_SMALL_INT(is_softap ? 2 : 1),
        MP_OBJ_NEW_SMALL_INT(result->ip_protocol == MDNS_IP_PROTOCOL_V6 ? 1 : 0),
        text_or_none(result->instance_name),
        text_or_none(result->hostname),
        MP_OBJ_NEW_SMALL_INT(result->port),
        texts_of(result),
        addresses_of(result),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_mdns_next_obj, mdns_next);

// Give back what a query took. One that still runs ends with the task of mDNS, or by its time.
static mp_obj_t mdns_end(void) {
    mdns_query_results_free(found);
    found = rest = NULL;
    if (search != NULL && (!is_announced || mdns_query_async_delete(search) == ESP_OK)) {
        search = NULL;
    }
    rest_if_idle();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_mdns_end_obj, mdns_end);
