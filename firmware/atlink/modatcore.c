// Python face of the AT engine's core: the module `atcore`. See modatcore.h.
#include "py/mpstate.h"
#include "py/runtime.h"

#include "modatcore.h"

static mp_obj_t is_spare(mp_obj_t error) {
    return mp_obj_new_bool(MP_OBJ_TO_PTR(error) == &MP_STATE_VM(mp_emergency_exception_obj));
}
static MP_DEFINE_CONST_FUN_OBJ_1(atcore_is_spare_obj, is_spare);

#define FUNCTION(name) {MP_ROM_QSTR(MP_QSTR_##name), MP_ROM_PTR(&atcore_##name##_obj)}

static const mp_rom_map_elem_t globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_atcore)},
    FUNCTION(start),
    FUNCTION(ready),
    FUNCTION(wake),
    FUNCTION(on),
    FUNCTION(function),
    FUNCTION(watch_over),
    FUNCTION(cancel),
    FUNCTION(patient),
    FUNCTION(tidy),
    FUNCTION(serve),
    FUNCTION(receive),
    FUNCTION(listen),
    FUNCTION(clear),
    FUNCTION(send),
    FUNCTION(abort),
    FUNCTION(message),
    FUNCTION(take_messages),
    FUNCTION(reply),
    FUNCTION(line),
    FUNCTION(refuse),
    FUNCTION(log),
    FUNCTION(begin_log),
    FUNCTION(is_spare),
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t atcore_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&globals,
};
MP_REGISTER_MODULE(MP_QSTR_atcore, atcore_module);
