// Events of the chip. Owns the queue (news.c) that other tasks fill and event() empties, and the handlers
// on ESP-IDF's event loop. Everything but event() runs in foreign tasks: no MicroPython there, and
// no allocation; what an event carries is copied.
#include <string.h>

#include "esp_event.h"
#include "esp_smartconfig.h"
#include "freertos/FreeRTOS.h"

#include "atchip.h"
#include "port_esp32.h"

atchip_station_t atchip_station;

static atchip_news_t news;
static portMUX_TYPE lock = portMUX_INITIALIZER_UNLOCKED;

void atchip_post(const atchip_event_t *event) {
    portENTER_CRITICAL(&lock);
    atchip_news_put(&news, event);
    portEXIT_CRITICAL(&lock);
    atlink_port_wake();
}

void atchip_post_number(atchip_kind_t kind, int32_t number) {
    atchip_event_t event = {.kind = kind, .number = number};
    atchip_post(&event);
}

static void post_mac(atchip_kind_t kind, const uint8_t *mac, uint32_t ip) {
    atchip_event_t event = {.kind = kind, .ip = ip};
    memcpy(event.mac, mac, sizeof(event.mac));
    atchip_post(&event);
}

static void post_text(atchip_kind_t kind, const char *text) {
    atchip_event_t event = {.kind = kind, .text = text};
    atchip_post(&event);
}

static void on_softap(int32_t id, const void *data) {
    if (id == WIFI_EVENT_AP_STACONNECTED) {
        const wifi_event_ap_staconnected_t *news = data;
        post_mac(ATCHIP_AP_CONNECTED, news->mac, 0);
    } else if (id == WIFI_EVENT_AP_STADISCONNECTED) {
        const wifi_event_ap_stadisconnected_t *news = data;
        post_mac(ATCHIP_AP_DISCONNECTED, news->mac, 0);
    }
}

static void on_wifi(void *unused, esp_event_base_t base, int32_t id, void *data) {
    (void)unused;
    (void)base;
    switch (id) {
        case WIFI_EVENT_SCAN_DONE:
            atchip_station.is_scanning = false;
            atchip_post_number(ATCHIP_SCAN_DONE, ((wifi_event_sta_scan_done_t *)data)->status);
            break;
        case WIFI_EVENT_STA_STOP:
            atchip_station.is_busy = false;
            atchip_station.is_scanning = false;
            break;
        case WIFI_EVENT_STA_CONNECTED:
            atchip_post_number(ATCHIP_STA_CONNECTED, 0);
            break;
        case WIFI_EVENT_STA_DISCONNECTED:
            atchip_station.is_busy = false;
            atchip_post_number(ATCHIP_STA_DISCONNECTED,
                ((wifi_event_sta_disconnected_t *)data)->reason);
            break;
        case WIFI_EVENT_STA_WPS_ER_SUCCESS:
            atchip_note_wps(data);
            atchip_post_number(ATCHIP_WPS_SUCCESS, 0);
            break;
        case WIFI_EVENT_STA_WPS_ER_FAILED:
            post_text(ATCHIP_WPS_FAILED, "the access point refused");
            break;
        case WIFI_EVENT_STA_WPS_ER_TIMEOUT:
            post_text(ATCHIP_WPS_FAILED, "no button was pressed in time");
            break;
        case WIFI_EVENT_STA_WPS_ER_PBC_OVERLAP:
            post_text(ATCHIP_WPS_FAILED, "more than one access point answers");
            break;
        default:
            on_softap(id, data);
            break;
    }
}

static void on_ip(void *unused, esp_event_base_t base, int32_t id, void *data) {
    (void)unused;
    (void)base;
    if (id == IP_EVENT_STA_GOT_IP) {
        atchip_post_number(ATCHIP_STA_GOT_IP, ((ip_event_got_ip_t *)data)->ip_changed);
    } else if (id == IP_EVENT_STA_LOST_IP) {
        atchip_post_number(ATCHIP_STA_LOST_IP, 0);
    } else if (id == IP_EVENT_AP_STAIPASSIGNED) {
        const ip_event_ap_staipassigned_t *news = data;
        post_mac(ATCHIP_AP_LEASED, news->mac, news->ip.addr);
    } else if (id == IP_EVENT_GOT_IP6) {
        ip_event_got_ip6_t *news = data;
        if (news->esp_netif == esp_netif_get_handle_from_ifkey("WIFI_STA_DEF")) {
            esp_ip6_addr_type_t type = esp_netif_ip6_get_addr_type(&news->ip6_info.ip);
            atchip_post_number(ATCHIP_STA_GOT_IP6, type != ESP_IP6_ADDR_IS_LINK_LOCAL);
        }
    }
}

static void on_smartconfig(void *unused, esp_event_base_t base, int32_t id, void *data) {
    (void)unused;
    (void)base;
    if (id == SC_EVENT_GOT_SSID_PSWD) {
        atchip_note_smartconfig(data);
        atchip_post_number(ATCHIP_SC_CREDENTIALS, 0);
    } else if (id == SC_EVENT_SEND_ACK_DONE) {
        atchip_post_number(ATCHIP_SC_ACKNOWLEDGED, 0);
    }
}

// Registered for whole bases, so these run before ESP-IDF's own handlers of single events, which
// bring the interfaces up. That is no race: the main task, which hears of the event, has the
// lowest priority of all tasks and the chip one core, so it runs when all handlers have ended.
void atchip_listen(void) {
    static bool listens; // the event loop outlives a soft reset of MicroPython, and so does this
    if (listens) {
        return;
    }
    const int any = ESP_EVENT_ANY_ID;
    check_esp_err(esp_event_handler_instance_register(WIFI_EVENT, any, on_wifi, NULL, NULL));
    check_esp_err(esp_event_handler_instance_register(IP_EVENT, any, on_ip, NULL, NULL));
    check_esp_err(esp_event_handler_instance_register(SC_EVENT, any, on_smartconfig, NULL, NULL));
    listens = true;
}

static const struct {
    qstr_short_t name;
    enum { NOTHING, NUMBER, TRUTH, MAC, MAC_AND_IP, TEXT } carries;
} shapes[] = {
    [ATCHIP_PING] = {MP_QSTR_ping, NUMBER},
    [ATCHIP_SCAN_DONE] = {MP_QSTR_scan_done, NUMBER},
    [ATCHIP_STA_CONNECTED] = {MP_QSTR_sta_connected, NOTHING},
    [ATCHIP_STA_DISCONNECTED] = {MP_QSTR_sta_disconnected, NUMBER},
    [ATCHIP_STA_GOT_IP] = {MP_QSTR_sta_got_ip, TRUTH},
    [ATCHIP_STA_LOST_IP] = {MP_QSTR_sta_lost_ip, NOTHING},
    [ATCHIP_STA_GOT_IP6] = {MP_QSTR_sta_got_ip6, TRUTH},
    [ATCHIP_AP_CONNECTED] = {MP_QSTR_ap_connected, MAC},
    [ATCHIP_AP_LEASED] = {MP_QSTR_ap_leased, MAC_AND_IP},
    [ATCHIP_AP_DISCONNECTED] = {MP_QSTR_ap_disconnected, MAC},
    [ATCHIP_SC_CREDENTIALS] = {MP_QSTR_sc_credentials, NOTHING},
    [ATCHIP_SC_ACKNOWLEDGED] = {MP_QSTR_sc_acknowledged, NOTHING},
    [ATCHIP_WPS_SUCCESS] = {MP_QSTR_wps_success, NOTHING},
    [ATCHIP_WPS_FAILED] = {MP_QSTR_wps_failed, TEXT},
};

// Fill `items` behind the name; returns how many there are with it.
static size_t unpack(const atchip_event_t *event, mp_obj_t *items) {
    switch (shapes[event->kind].carries) {
        case NUMBER:
            items[1] = mp_obj_new_int(event->number);
            return 2;
        case TRUTH:
            items[1] = mp_obj_new_bool(event->number);
            return 2;
        case MAC:
            items[1] = atchip_mac_text(event->mac);
            return 2;
        case MAC_AND_IP:
            items[1] = atchip_mac_text(event->mac);
            items[2] = atchip_ip4_text(event->ip);
            return 3;
        case TEXT:
            items[1] = mp_obj_new_str(event->text, strlen(event->text));
            return 2;
        default:
            return 1;
    }
}

static bool take(atchip_event_t *event, unsigned *missed) {
    portENTER_CRITICAL(&lock);
    bool has_one = atchip_news_take(&news, event);
    *missed = news.lost;
    news.lost = 0;
    portEXIT_CRITICAL(&lock);
    return has_one;
}

// What was taken once stays until Python has it: for its tuple there may be no memory.
static mp_obj_t event(void) {
    static atchip_event_t found;
    static bool has_one;
    if (!has_one) {
        unsigned missed;
        has_one = take(&found, &missed);
        if (missed > 0) {
            mp_printf(&mp_plat_print, "chip: %u events left out, later ones of their kind follow\n", missed);
        }
    }
    if (!has_one) {
        return mp_const_none;
    }
    mp_obj_t items[3] = {MP_OBJ_NEW_QSTR(shapes[found.kind].name)};
    mp_obj_t tuple = mp_obj_new_tuple(unpack(&found, items), items);
    has_one = false;
    return tuple;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_event_obj, event);
