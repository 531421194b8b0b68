// What the files of the Python module `atcore` share: the event loop's queue (modatloop.c), command
// lines (modatline.c), answers, refusals and the log (modatanswer.c), blocks for links
// (net/modatsend.c), messages of a broker (net/modatmqtt.c). firmware/typings/atcore.pyi is the
// module's contract.
#ifndef ATLINK_MODATCORE_H
#define ATLINK_MODATCORE_H

#include "py/obj.h"

// modatloop.c
void atcore_set(uint32_t bit, mp_obj_t function);
void atcore_resume(uint32_t bit, mp_obj_t function);
void atcore_again(uint32_t bit);
void atcore_pause(uint32_t bit);

MP_DECLARE_CONST_FUN_OBJ_1(atcore_start_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atcore_ready_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atcore_wake_obj);
MP_DECLARE_CONST_FUN_OBJ_2(atcore_on_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atcore_function_obj);
MP_DECLARE_CONST_FUN_OBJ_2(atcore_watch_over_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atcore_cancel_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atcore_patient_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atcore_tidy_obj);

// modatline.c
void atcore_tell(qstr method, mp_obj_t argument);
mp_obj_t *atcore_member(mp_obj_t instance, qstr name);
mp_obj_t atcore_outcome(mp_obj_t function, size_t n, const mp_obj_t *args);
void atcore_conclude(mp_obj_t outcome);

MP_DECLARE_CONST_FUN_OBJ_3(atcore_serve_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atcore_receive_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atcore_listen_obj);

// modatanswer.c
bool atcore_has_room(size_t n); // for so much of messages, without a detour
void atcore_say(const char *message, size_t n);
void atcore_put(const char *data, size_t n);
void atcore_refuse(mp_obj_t name, mp_obj_t code, size_t n, const mp_obj_t *reason);

MP_DECLARE_CONST_FUN_OBJ_1(atcore_clear_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR(atcore_reply_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR(atcore_line_obj);
MP_DECLARE_CONST_FUN_OBJ_2(atcore_refuse_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR(atcore_log_obj);
MP_DECLARE_CONST_FUN_OBJ_0(atcore_begin_log_obj);

// net/modatsend.c
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atcore_send_obj);
MP_DECLARE_CONST_FUN_OBJ_1(atcore_abort_obj);

// net/modatmqtt.c
MP_DECLARE_CONST_FUN_OBJ_3(atcore_take_messages_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(atcore_message_obj);

#endif // ATLINK_MODATCORE_H
