// The errors of the imitated chip: as the ESP32 port raises them, and when it is told to.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "py/mperrno.h"
#include "py/runtime.h"

#include "modsim.h"

static const struct {
    int code;
    const char *name;
} error_names[] = {
    {-1, "ESP_FAIL"},
    {0x101, "ESP_ERR_NO_MEM"},
    {0x102, "ESP_ERR_INVALID_ARG"},
    {0x103, "ESP_ERR_INVALID_STATE"},
    {0x104, "ESP_ERR_INVALID_SIZE"},
    {0x105, "ESP_ERR_NOT_FOUND"},
    {0x106, "ESP_ERR_NOT_SUPPORTED"},
    {0x107, "ESP_ERR_TIMEOUT"},
    {0x1102, "ESP_ERR_NVS_NOT_FOUND"},
    {0x1103, "ESP_ERR_NVS_TYPE_MISMATCH"},
    {0x1105, "ESP_ERR_NVS_NOT_ENOUGH_SPACE"},
    {0x1106, "ESP_ERR_NVS_INVALID_NAME"},
    {0x1109, "ESP_ERR_NVS_KEY_TOO_LONG"},
    {0x110c, "ESP_ERR_NVS_INVALID_LENGTH"},
    {0x110d, "ESP_ERR_NVS_NO_FREE_PAGES"},
    {0x110e, "ESP_ERR_NVS_VALUE_TOO_LONG"},
    {0x110f, "ESP_ERR_NVS_PART_NOT_FOUND"},
    {0x1110, "ESP_ERR_NVS_NEW_VERSION_FOUND"},
    {0x1503, "ESP_ERR_OTA_VALIDATE_FAILED"},
    {0x3001, "ESP_ERR_WIFI_NOT_INIT"},
    {0x3002, "ESP_ERR_WIFI_NOT_STARTED"},
    {0x3003, "ESP_ERR_WIFI_NOT_STOPPED"},
    {0x3004, "ESP_ERR_WIFI_IF"},
    {0x3005, "ESP_ERR_WIFI_MODE"},
    {0x3006, "ESP_ERR_WIFI_STATE"},
    {0x3009, "ESP_ERR_WIFI_MAC"},
    {0x300a, "ESP_ERR_WIFI_SSID"},
    {0x300b, "ESP_ERR_WIFI_PASSWORD"},
    {0x300f, "ESP_ERR_WIFI_NOT_CONNECT"},
    {0x5007, "ESP_ERR_ESP_NETIF_DHCP_NOT_STOPPED"},
};

static int errno_of(int code) {
    switch (code) {
        case 0x101:
            return MP_ENOMEM;
        case 0x106:
            return MP_EOPNOTSUPP;
        case 0x107:
            return MP_ETIMEDOUT;
        default:
            return -code;
    }
}

void sim_check_esp_err(int code) {
    if (code == 0) {
        return;
    }
    const char *name = "UNKNOWN ERROR";
    for (size_t i = 0; i < MP_ARRAY_SIZE(error_names); i++) {
        if (error_names[i].code == code) {
            name = error_names[i].name;
        }
    }
    mp_obj_t args[] = {
        MP_OBJ_NEW_SMALL_INT(errno_of(code)),
        mp_obj_new_str_from_cstr(name),
    };
    nlr_raise(mp_obj_exception_make_new(&mp_type_OSError, 2, 0, args));
}

static const struct {
    int code;
    const char *words;
} wifi_words[] = {
    {0x3001, "Wifi Not Initialized"},
    {0x3002, "Wifi Not Started"},
    {0x3003, "Wifi Not Stopped"},
    {0x3004, "Wifi Invalid Interface"},
    {0x3005, "Wifi Invalid Mode"},
    {0x3006, "Wifi Internal State Error"},
};

void sim_check_wifi_err(int code) {
    if (code == 0) {
        return;
    }
    for (size_t i = 0; i < MP_ARRAY_SIZE(wifi_words); i++) {
        if (wifi_words[i].code == code) {
            nlr_raise(mp_obj_new_exception_arg1(&mp_type_OSError,
                mp_obj_new_str_from_cstr(wifi_words[i].words)));
        }
    }
    mp_raise_msg_varg(&mp_type_RuntimeError, MP_ERROR_TEXT("Wifi Unknown Error 0x%04x"),
        (unsigned)code);
}

static bool is_ordered(const sim_fault_t *fault, const char *call) {
    size_t star = strcspn(fault->call, "*");
    return fault->times != 0
           && (fault->call[star] == '*' ? strncmp(fault->call, call, star) : strcmp(fault->call, call))
              == 0;
}

void sim_fault(const char *call) {
    sim_fault_t *fault = &sim_need_board()->file->fault;
    if (!is_ordered(fault, call)) {
        return;
    }
    if (fault->skip > 0) {
        fault->skip -= 1;
        return;
    }
    if (fault->times != SIM_FAULT_ALWAYS) {
        fault->times -= 1;
    }
    fault->hits += 1;
    strncpy(fault->hit, call, sizeof(fault->hit) - 1);
    if (fault->code == SIM_NO_HEAP) {
        mp_raise_type(&mp_type_MemoryError);
    } else if (strncmp(call, "network.", 8) == 0) {
        sim_check_wifi_err(fault->code);
    } else {
        sim_check_esp_err(fault->code);
    }
}

// fail(code): raise what the ESP32 port raises for this esp_err_t; 0 is no error
static mp_obj_t fail(mp_obj_t code) {
    sim_check_esp_err(mp_obj_get_int(code));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(sim_fail_obj, fail);

static mp_obj_t fail_wifi(mp_obj_t code) {
    sim_check_wifi_err(mp_obj_get_int(code));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(sim_fail_wifi_obj, fail_wifi);

// fault(call): raise what was ordered for this call
static mp_obj_t fault(mp_obj_t call) {
    sim_fault(mp_obj_str_get_str(call));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(sim_fault_obj, fault);

// crash(text): what ESP-IDF does when an assertion fails
static mp_obj_t crash(mp_obj_t text) {
    printf("assert failed: %s\n", mp_obj_str_get_str(text));
    fflush(stdout);
    abort();
}
MP_DEFINE_CONST_FUN_OBJ_1(sim_crash_obj, crash);
