// Python face of the AT engine's core: the module `atcore`. See modatcore.h.
#include "py/runtime.h"

#include "modatcore.h"

static const mp_rom_map_elem_t globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_atcore)},
    {MP_ROM_QSTR(MP_QSTR_start), MP_ROM_PTR(&atcore_start_obj)},
    {MP_ROM_QSTR(MP_QSTR_ready), MP_ROM_PTR(&atcore_ready_obj)},
    {MP_ROM_QSTR(MP_QSTR_wake), MP_ROM_PTR(&atcore_wake_obj)},
    {MP_ROM_QSTR(MP_QSTR_on), MP_ROM_PTR(&atcore_on_obj)},
    {MP_ROM_QSTR(MP_QSTR_function), MP_ROM_PTR(&atcore_function_obj)},
    {MP_ROM_QSTR(MP_QSTR_watch_over), MP_ROM_PTR(&atcore_watch_over_obj)},
    {MP_ROM_QSTR(MP_QSTR_cancel), MP_ROM_PTR(&atcore_cancel_obj)},
    {MP_ROM_QSTR(MP_QSTR_patient), MP_ROM_PTR(&atcore_patient_obj)},
    {MP_ROM_QSTR(MP_QSTR_tidy), MP_ROM_PTR(&atcore_tidy_obj)},
    {MP_ROM_QSTR(MP_QSTR_serve), MP_ROM_PTR(&atcore_serve_obj)},
    {MP_ROM_QSTR(MP_QSTR_receive), MP_ROM_PTR(&atcore_receive_obj)},
    {MP_ROM_QSTR(MP_QSTR_listen), MP_ROM_PTR(&atcore_listen_obj)},
    {MP_ROM_QSTR(MP_QSTR_clear), MP_ROM_PTR(&atcore_clear_obj)},
    {MP_ROM_QSTR(MP_QSTR_send), MP_ROM_PTR(&atcore_send_obj)},
    {MP_ROM_QSTR(MP_QSTR_abort), MP_ROM_PTR(&atcore_abort_obj)},
    {MP_ROM_QSTR(MP_QSTR_message), MP_ROM_PTR(&atcore_message_obj)},
    {MP_ROM_QSTR(MP_QSTR_take_messages), MP_ROM_PTR(&atcore_take_messages_obj)},
    {MP_ROM_QSTR(MP_QSTR_reply), MP_ROM_PTR(&atcore_reply_obj)},
    {MP_ROM_QSTR(MP_QSTR_line), MP_ROM_PTR(&atcore_line_obj)},
    {MP_ROM_QSTR(MP_QSTR_refuse), MP_ROM_PTR(&atcore_refuse_obj)},
    {MP_ROM_QSTR(MP_QSTR_log), MP_ROM_PTR(&atcore_log_obj)},
    {MP_ROM_QSTR(MP_QSTR_begin_log), MP_ROM_PTR(&atcore_begin_log_obj)},
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t atcore_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&globals,
};
MP_REGISTER_MODULE(MP_QSTR_atcore, atcore_module);
