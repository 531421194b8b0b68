// Shared by the binding files of the module `_sim`.

#ifndef SIM_MODSIM_H
#define SIM_MODSIM_H

#include "py/obj.h"

#include "board.h"

// The board; RuntimeError if this process was not started by the simulator.
sim_board_t *sim_need_board(void);

// The value of an int object; OverflowError if it takes more than 64 bits.
int64_t sim_get_int64(mp_obj_t value);

// Raise what the ESP32 port raises for an ESP-IDF error: OSError(-code, name).
void sim_check_esp_err(int code);

// Have the firmware's C take its memory from the chip's.
void sim_ram_init(void);

// Let allocations fail that are ordered to, from now on.
void sim_heapfault_init(void);

// Raise what the ESP32 port's module `network` raises for it: an OSError with words for the errors
// it knows (ports/esp32/network_common.c), else a RuntimeError with the number.
void sim_check_wifi_err(int code);

// Raise the exception that was ordered over the control socket for this call, if one was. `code` of
// the order is an esp_err_t, or this for a MemoryError.
#define SIM_NO_HEAP (0x10000)
void sim_fault(const char *call);

MP_DECLARE_CONST_FUN_OBJ_1(sim_fail_obj);
MP_DECLARE_CONST_FUN_OBJ_1(sim_fail_wifi_obj);
MP_DECLARE_CONST_FUN_OBJ_1(sim_fault_obj);
MP_DECLARE_CONST_FUN_OBJ_1(sim_crash_obj);

MP_DECLARE_CONST_FUN_OBJ_1(sim_nvs_namespaces_obj);
MP_DECLARE_CONST_FUN_OBJ_3(sim_nvs_keys_obj);
MP_DECLARE_CONST_FUN_OBJ_3(sim_nvs_get_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(sim_nvs_set_obj);
MP_DECLARE_CONST_FUN_OBJ_3(sim_nvs_erase_obj);
MP_DECLARE_CONST_FUN_OBJ_1(sim_nvs_close_obj);
MP_DECLARE_CONST_FUN_OBJ_2(sim_nvs_open_obj);

MP_DECLARE_CONST_FUN_OBJ_0(sim_heap_obj);
MP_DECLARE_CONST_FUN_OBJ_1(sim_ram_alloc_obj);
MP_DECLARE_CONST_FUN_OBJ_1(sim_ram_free_obj);
MP_DECLARE_CONST_FUN_OBJ_0(sim_ram_largest_obj);
MP_DECLARE_CONST_FUN_OBJ_1(sim_ram_figures_obj);
MP_DECLARE_CONST_FUN_OBJ_0(sim_ram_info_obj);

#endif
