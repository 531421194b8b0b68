// The board, the running image, why the chip started, and its clock.
#include <string.h>
#include <sys/time.h>

#include "esp_app_desc.h"
#include "esp_attr.h"
#include "esp_idf_version.h"
#include "esp_system.h"
#include "sdkconfig.h"

#include "atchip.h"
#include "py/objstr.h"
#include "shared/timeutils/timeutils.h"

static mp_obj_t board(void) {
    static const int numbers[] = {CONFIG_IDF_FIRMWARE_CHIP_ID, AT_BOARD_PINS};
    mp_obj_t items[MP_ARRAY_SIZE(numbers)];
    for (size_t i = 0; i < MP_ARRAY_SIZE(numbers); ++i) {
        items[i] = MP_OBJ_NEW_SMALL_INT(numbers[i]);
    }
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_board_obj, board);

static mp_obj_t text(const char *words) {
    // Not mp_obj_new_str(), which looks through all qstrs for each.
    return mp_obj_new_str_copy(&mp_type_str, (const byte *)words, strlen(words));
}

static mp_obj_t versions(void) {
    const esp_app_desc_t *image = esp_app_get_description();
    mp_obj_t items[] = {
        text(esp_get_idf_version()),
        text(image->version),
        text(image->date),
        text(image->time),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_versions_obj, versions);

static mp_obj_t reset_reason(void) {
    return MP_OBJ_NEW_SMALL_INT(esp_reset_reason());
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_reset_reason_obj, reset_reason);

// The system's clock starts at 0, counts on over resets and deep sleep, and cannot be negative.
// MicroPython takes its 0 for the year 2000 (certificates are checked with that), AT for 1970. So
// a time from 2000 on is set as seconds since then, and an earlier one as it is; which of both
// holds has to live as long as the clock, in memory that a reset leaves alone.
#define SINCE_2000 (0x41543230)
static RTC_NOINIT_ATTR uint32_t epoch;

void atchip_clock_start(void) {
    static bool is_started; // a soft reset of MicroPython changes nothing
    if (!is_started && esp_reset_reason() == ESP_RST_POWERON) {
        epoch = 0;
    }
    is_started = true;
}

static mp_obj_t clock_now(void) {
    struct timeval now;
    gettimeofday(&now, NULL);
    int64_t since = epoch == SINCE_2000 ? (int64_t)TIMEUTILS_SECONDS_1970_TO_2000 : 0;
    return mp_obj_new_int_from_ll(now.tv_sec + since);
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_clock_obj, clock_now);

static mp_obj_t clock_set(mp_obj_t unix_seconds) {
    int64_t seconds = atchip_int64(unix_seconds);
    if (seconds < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("a time before 1970"));
    }
    bool since_2000 = seconds >= (int64_t)TIMEUTILS_SECONDS_1970_TO_2000;
    struct timeval now = {
        .tv_sec = seconds - (since_2000 ? (int64_t)TIMEUTILS_SECONDS_1970_TO_2000 : 0),
    };
    settimeofday(&now, NULL);
    epoch = since_2000 ? SINCE_2000 : 0;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_clock_set_obj, clock_set);
