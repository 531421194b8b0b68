// The module `_sim`: what the imitated chip modules (tools/simulator/chip) need of the PC.
// Flash, board registers and the bus are here; NVS, RAM and errors in files of their own.

#include <stdio.h>
#include <string.h>

#include "py/objstr.h"
#include "py/runtime.h"

#include "int64.h"
#include "modsim.h"
#include "route.h"

#define DESCRIPTION_OFFSET (32) // behind image and segment header
#define PACKET_MAX (16384)

sim_board_t *sim_need_board(void) {
    sim_board_t *board = sim_board();
    if (board == NULL) {
        mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("not started by tools/atsim"));
    }
    return board;
}

int64_t sim_get_int64(mp_obj_t value) {
    return int64_of(value);
}

// part(n): (type, subtype, address, size, label, encrypted) of row n of the table, None at its end
static mp_obj_t part(mp_obj_t index) {
    sim_part_t row;
    if (!sim_part_get(&sim_need_board()->flash, mp_obj_get_int(index), &row)) {
        return mp_const_none;
    }
    mp_obj_t items[] = {
        MP_OBJ_NEW_SMALL_INT(row.type),
        MP_OBJ_NEW_SMALL_INT(row.subtype),
        MP_OBJ_NEW_SMALL_INT(row.address),
        MP_OBJ_NEW_SMALL_INT(row.size),
        mp_obj_new_str_from_cstr(row.label),
        mp_obj_new_bool(row.encrypted),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(part_obj, part);

// flash_read(address, buf)
static mp_obj_t flash_read(mp_obj_t addr_in, mp_obj_t buf_in) {
    sim_flash_t *flash = &sim_need_board()->flash;
    uint32_t addr = mp_obj_get_int(addr_in);
    mp_buffer_info_t buf;
    mp_get_buffer_raise(buf_in, &buf, MP_BUFFER_WRITE);
    if (addr > flash->size || buf.len > flash->size - addr) {
        sim_check_esp_err(0x102);
    }
    memcpy(buf.buf, flash->mem + addr, buf.len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(flash_read_obj, flash_read);

// flash_write(address, buf): clears bits only
static mp_obj_t flash_write(mp_obj_t addr_in, mp_obj_t buf_in) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(buf_in, &buf, MP_BUFFER_READ);
    if (!sim_flash_program(&sim_need_board()->flash, mp_obj_get_int(addr_in), buf.buf, buf.len)) {
        sim_check_esp_err(0x102);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(flash_write_obj, flash_write);

// flash_erase(address, length): whole sectors
static mp_obj_t flash_erase(mp_obj_t addr_in, mp_obj_t len_in) {
    uint32_t addr = mp_obj_get_int(addr_in);
    if (!sim_flash_erase(&sim_need_board()->flash, addr, mp_obj_get_int(len_in))) {
        sim_check_esp_err(0x104);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(flash_erase_obj, flash_erase);

static mp_obj_t field(const uint8_t *text, size_t room) {
    return mp_obj_new_str_copy(&mp_type_str, text, strnlen((const char *)text, room));
}

// versions(): (IDF version, version, date, time) from the description in the running image
static mp_obj_t versions(void) {
    sim_fault("atchip.versions");
    sim_board_t *board = sim_need_board();
    char label[] = "ota_0";
    label[4] += board->slot;
    sim_part_t row;
    if (!sim_part_find(&board->flash, label, &row)) {
        sim_check_esp_err(0x105);
    }
    const uint8_t *description = board->flash.mem + row.address + DESCRIPTION_OFFSET;
    static const uint8_t magic[] = {0x32, 0x54, 0xcd, 0xab};
    if (memcmp(description, magic, sizeof(magic)) != 0) {
        sim_check_esp_err(0x105);
    }
    mp_obj_t items[] = {
        field(description + 112, 32),
        field(description + 16, 32),
        field(description + 96, 16),
        field(description + 80, 16),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_0(versions_obj, versions);

static mp_obj_t slot(void) {
    return MP_OBJ_NEW_SMALL_INT(sim_need_board()->slot);
}
static MP_DEFINE_CONST_FUN_OBJ_0(slot_obj, slot);

// call(text): one request to the supervisor, returns its answer
static mp_obj_t call(mp_obj_t text_in) {
    static char answer[PACKET_MAX]; // not on the GC heap: the chip has no such thing
    size_t len;
    const char *text = mp_obj_str_get_data(text_in, &len);
    sim_need_board();
    int got = sim_board_call(text, len, answer, sizeof(answer));
    if (got < 0) {
        mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("answer too long"));
    }
    return mp_obj_new_str(answer, got);
}
static MP_DEFINE_CONST_FUN_OBJ_1(call_obj, call);

// report(text): tell the supervisor, no answer
static mp_obj_t report(mp_obj_t text_in) {
    size_t len;
    const char *text = mp_obj_str_get_data(text_in, &len);
    sim_need_board();
    sim_board_report(text, len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(report_obj, report);

// event(): the text of the next event, or None; one that there is no memory for stays the next
static mp_obj_t event(void) {
    static char text[1024];
    static int got;
    sim_need_board();
    if (got == 0) {
        got = sim_board_event(text, sizeof(text));
    }
    if (got == 0) {
        return mp_const_none;
    }
    mp_obj_t event = mp_obj_new_str(text, got);
    got = 0;
    return event;
}
static MP_DEFINE_CONST_FUN_OBJ_0(event_obj, event);

static mp_obj_t reset(void) {
    sim_need_board();
    sim_board_exit(SIM_EXIT_RESET);
}
static MP_DEFINE_CONST_FUN_OBJ_0(reset_obj, reset);

// sleep(ms): deep sleep; None sleeps until the power is cycled
static mp_obj_t deep_sleep(mp_obj_t ms) {
    sim_need_board()->file->sleep_ms = ms == mp_const_none ? 0xffffffff
        : (uint32_t)mp_obj_get_int_truncated(ms);
    sim_board_exit(SIM_EXIT_SLEEP);
}
static MP_DEFINE_CONST_FUN_OBJ_1(deep_sleep_obj, deep_sleep);

static mp_obj_t reset_reason(void) {
    return MP_OBJ_NEW_SMALL_INT(sim_need_board()->file->reset_reason);
}
static MP_DEFINE_CONST_FUN_OBJ_0(reset_reason_obj, reset_reason);

static mp_obj_t mac(void) {
    return mp_obj_new_bytes(sim_need_board()->file->mac, 6);
}
static MP_DEFINE_CONST_FUN_OBJ_0(mac_obj, mac);

// clock_us(), clock_us(us): microseconds since 1970
static mp_obj_t clock_us(size_t n_args, const mp_obj_t *args) {
    sim_need_board();
    if (n_args == 0) {
        return mp_obj_new_int_from_ll(sim_board_clock_us());
    }
    sim_board_set_clock_us(sim_get_int64(args[0]));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(clock_us_obj, 0, 1, clock_us);

static mp_obj_t gpio_level(mp_obj_t pin_in) {
    mp_int_t pin = mp_obj_get_int(pin_in);
    return MP_OBJ_NEW_SMALL_INT(sim_need_board()->file->gpio_in[pin % SIM_GPIOS]);
}
static MP_DEFINE_CONST_FUN_OBJ_1(gpio_level_obj, gpio_level);

// rtc_memory(), rtc_memory(data): kept over restarts and deep sleep
static mp_obj_t rtc_memory(size_t n_args, const mp_obj_t *args) {
    sim_board_file_t *file = sim_need_board()->file;
    if (n_args == 0) {
        return mp_obj_new_bytes(file->rtc, file->rtc_len);
    }
    mp_buffer_info_t data;
    mp_get_buffer_raise(args[0], &data, MP_BUFFER_READ);
    if (data.len > SIM_RTC_MEMORY) {
        mp_raise_ValueError(MP_ERROR_TEXT("buffer too long"));
    }
    memcpy(file->rtc, data.buf, data.len);
    file->rtc_len = data.len;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(rtc_memory_obj, 0, 1, rtc_memory);

static mp_obj_t watchdog(mp_obj_t timeout_ms) {
    sim_need_board();
    sim_board_watchdog(mp_obj_get_int(timeout_ms));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(watchdog_obj, watchdog);

// network(up): whether an interface has an address, for the sockets (firmware/atlink/route.h)
static mp_obj_t network(mp_obj_t up) {
    atlink_route_up(mp_obj_is_true(up));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(network_obj, network);

static void server_moved(unsigned port, unsigned real) {
    char text[64];
    int len = snprintf(text, sizeof(text), "{\"moved\":[%u,%u]}", port, real);
    sim_board_report(text, len);
}

// Called at each import of the module, the first of which is the first thing the simulated chip does.
static mp_obj_t sim_init(void) {
    sim_board_t *board = sim_board();
    if (board != NULL) {
        atlink_route_world(&(atlink_route_world_t) {
            .own = board->file->own_ip,
            .away = &board->file->air_away,
            .moved = server_moved,
        });
    }
    #if defined(__SANITIZE_ADDRESS__) && defined(__i386__)
    // The port allows 40 KB here; the sanitizer makes frames several times as large.
    MP_STATE_THREAD(stack_limit) = 160000;
    #endif
    sim_ram_init();
    sim_heapfault_init();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(sim_init_obj, sim_init);

static const mp_rom_map_elem_t sim_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___init__), MP_ROM_PTR(&sim_init_obj) },
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__sim) },
    { MP_ROM_QSTR(MP_QSTR_fail), MP_ROM_PTR(&sim_fail_obj) },
    { MP_ROM_QSTR(MP_QSTR_fail_wifi), MP_ROM_PTR(&sim_fail_wifi_obj) },
    { MP_ROM_QSTR(MP_QSTR_fault), MP_ROM_PTR(&sim_fault_obj) },
    { MP_ROM_QSTR(MP_QSTR_crash), MP_ROM_PTR(&sim_crash_obj) },
    { MP_ROM_QSTR(MP_QSTR_part), MP_ROM_PTR(&part_obj) },
    { MP_ROM_QSTR(MP_QSTR_flash_read), MP_ROM_PTR(&flash_read_obj) },
    { MP_ROM_QSTR(MP_QSTR_flash_write), MP_ROM_PTR(&flash_write_obj) },
    { MP_ROM_QSTR(MP_QSTR_flash_erase), MP_ROM_PTR(&flash_erase_obj) },
    { MP_ROM_QSTR(MP_QSTR_versions), MP_ROM_PTR(&versions_obj) },
    { MP_ROM_QSTR(MP_QSTR_slot), MP_ROM_PTR(&slot_obj) },
    { MP_ROM_QSTR(MP_QSTR_call), MP_ROM_PTR(&call_obj) },
    { MP_ROM_QSTR(MP_QSTR_report), MP_ROM_PTR(&report_obj) },
    { MP_ROM_QSTR(MP_QSTR_event), MP_ROM_PTR(&event_obj) },
    { MP_ROM_QSTR(MP_QSTR_reset), MP_ROM_PTR(&reset_obj) },
    { MP_ROM_QSTR(MP_QSTR_deep_sleep), MP_ROM_PTR(&deep_sleep_obj) },
    { MP_ROM_QSTR(MP_QSTR_reset_reason), MP_ROM_PTR(&reset_reason_obj) },
    { MP_ROM_QSTR(MP_QSTR_mac), MP_ROM_PTR(&mac_obj) },
    { MP_ROM_QSTR(MP_QSTR_clock_us), MP_ROM_PTR(&clock_us_obj) },
    { MP_ROM_QSTR(MP_QSTR_gpio_level), MP_ROM_PTR(&gpio_level_obj) },
    { MP_ROM_QSTR(MP_QSTR_rtc_memory), MP_ROM_PTR(&rtc_memory_obj) },
    { MP_ROM_QSTR(MP_QSTR_watchdog), MP_ROM_PTR(&watchdog_obj) },
    { MP_ROM_QSTR(MP_QSTR_network), MP_ROM_PTR(&network_obj) },
    { MP_ROM_QSTR(MP_QSTR_nvs_open), MP_ROM_PTR(&sim_nvs_open_obj) },
    { MP_ROM_QSTR(MP_QSTR_nvs_namespaces), MP_ROM_PTR(&sim_nvs_namespaces_obj) },
    { MP_ROM_QSTR(MP_QSTR_nvs_keys), MP_ROM_PTR(&sim_nvs_keys_obj) },
    { MP_ROM_QSTR(MP_QSTR_nvs_get), MP_ROM_PTR(&sim_nvs_get_obj) },
    { MP_ROM_QSTR(MP_QSTR_nvs_set), MP_ROM_PTR(&sim_nvs_set_obj) },
    { MP_ROM_QSTR(MP_QSTR_nvs_erase), MP_ROM_PTR(&sim_nvs_erase_obj) },
    { MP_ROM_QSTR(MP_QSTR_nvs_close), MP_ROM_PTR(&sim_nvs_close_obj) },
    { MP_ROM_QSTR(MP_QSTR_heap), MP_ROM_PTR(&sim_heap_obj) },
    { MP_ROM_QSTR(MP_QSTR_ram_alloc), MP_ROM_PTR(&sim_ram_alloc_obj) },
    { MP_ROM_QSTR(MP_QSTR_ram_free), MP_ROM_PTR(&sim_ram_free_obj) },
    { MP_ROM_QSTR(MP_QSTR_ram_largest), MP_ROM_PTR(&sim_ram_largest_obj) },
    { MP_ROM_QSTR(MP_QSTR_ram_figures), MP_ROM_PTR(&sim_ram_figures_obj) },
    { MP_ROM_QSTR(MP_QSTR_ram_info), MP_ROM_PTR(&sim_ram_info_obj) },
};
static MP_DEFINE_CONST_DICT(sim_globals, sim_globals_table);

const mp_obj_module_t sim_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&sim_globals,
};

MP_REGISTER_MODULE(MP_QSTR__sim, sim_module);
