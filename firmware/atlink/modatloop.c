// Where the event loop waits: what asyncio.core calls in place of its own IOQueue. Nothing here
// allocates. A source (a bit of atlink_wait) has at most one task that waits for it, and a function
// that is called when no task does.
#include "py/gc.h"
#include "py/mphal.h"
#include "py/mpprint.h"
#include "py/objexcept.h"
#include "py/pairheap.h"
#include "py/runtime.h"

#include "modatcore.h"
#include "net/modatnet.h"
#include "wait.h"

#define BELOW (3) // sources that are no links: bits 0..2
#define SOURCES (BELOW + ATLINK_LINKS)

MP_REGISTER_ROOT_POINTER(mp_obj_t atcore_tasks[3 + 17]); // SOURCES, which makeqstrdefs cannot see
MP_REGISTER_ROOT_POINTER(mp_obj_t atcore_calls[3 + 17]);
MP_REGISTER_ROOT_POINTER(mp_obj_t atcore_asyncio); // the module asyncio.core
MP_REGISTER_ROOT_POINTER(mp_obj_t atcore_push); // of its queue of tasks
MP_REGISTER_ROOT_POINTER(mp_obj_t atcore_peek);
MP_REGISTER_ROOT_POINTER(mp_obj_t atcore_cancelled); // a CancelledError, for when there is no memory
MP_REGISTER_ROOT_POINTER(mp_obj_t atcore_sentry); // called every sentry_ms

#define TASKS (MP_STATE_VM(atcore_tasks))
#define CALLS (MP_STATE_VM(atcore_calls))

_Static_assert(MP_ARRAY_SIZE(MP_STATE_VM(atcore_tasks)) == SOURCES, "a place for each source");

static uint32_t mask; // what is waited for
static uint32_t ready_bit; // what ready() was asked for last
static int sentry_ms;
static uint32_t looked_ms; // when the sentry was called

extern const mp_obj_type_t atcore_queue_type;
extern const mp_obj_type_t atcore_ready_type;
static const mp_obj_base_t queue = {&atcore_queue_type};
static const mp_obj_base_t awaitable = {&atcore_ready_type};

static unsigned index_of(uint32_t bit) {
    unsigned i = (unsigned)__builtin_ctz(bit);
    return i < BELOW ? i : i - ATLINK_LINK_FIRST + BELOW;
}

// The index of the one source that Python names.
static unsigned get_source(mp_obj_t bit_in, uint32_t *bit) {
    mp_int_t value = mp_obj_get_int(bit_in);
    *bit = (uint32_t)value;
    if (value <= 0 || (value & (value - 1)) != 0 || index_of(*bit) >= SOURCES) {
        mp_raise_ValueError(MP_ERROR_TEXT("no such source"));
    }
    return index_of(*bit);
}

// Look at a source again; without a function of its own it gets this one.
void atcore_resume(uint32_t bit, mp_obj_t function) {
    mp_obj_t *place = &CALLS[index_of(bit)];
    if (*place == MP_OBJ_NULL) {
        *place = function;
    }
    mask |= bit;
}

// Look at a source again that was paused.
void atcore_again(uint32_t bit) {
    if (CALLS[index_of(bit)] != MP_OBJ_NULL) {
        mask |= bit;
    }
}

// Do not look at a source until a task waits for it or it is resumed.
void atcore_pause(uint32_t bit) {
    if (TASKS[index_of(bit)] == MP_OBJ_NULL) {
        mask &= ~bit;
    }
}

// No task waits for the source any more; it is looked at as long as it has a function.
static void release(uint32_t bit) {
    unsigned i = index_of(bit);
    TASKS[i] = MP_OBJ_NULL;
    if (CALLS[i] == MP_OBJ_NULL) {
        atcore_pause(bit);
    }
}

static void wake(uint32_t bit) {
    mp_obj_t task = TASKS[index_of(bit)];
    release(bit);
    mp_call_function_1(MP_STATE_VM(atcore_push), task);
}

static bool is_a(mp_obj_t error, const mp_obj_type_t *type) {
    return mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(error)), MP_OBJ_FROM_PTR(type));
}

// Call a source's function; the loop, and with it the module, outlives what it raises. Without
// memory it is called again; a link whose function fails otherwise would fail for ever.
static void call(uint32_t bit) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_call_function_0(CALLS[index_of(bit)]);
        nlr_pop();
        return;
    }
    mp_obj_t error = MP_OBJ_FROM_PTR(nlr.ret_val);
    if (!is_a(error, &mp_type_Exception)) {
        nlr_raise(error);
    }
    bool is_memory = is_a(error, &mp_type_MemoryError);
    if (!is_memory) {
        mp_printf(&mp_plat_print, "a source of the loop failed unexpectedly:\n");
    }
    mp_obj_print_exception(&mp_plat_print, error);
    if (!is_memory && bit >= ATLINK_LINK(0)) {
        atcore_set(bit, MP_OBJ_NULL);
    }
}

// Call the sentry if it is time; how long to sleep before it is time again.
static int until_sentry(int timeout_ms) {
    mp_obj_t sentry = MP_STATE_VM(atcore_sentry);
    if (sentry == MP_OBJ_NULL) {
        return timeout_ms;
    }
    uint32_t now = mp_hal_ticks_ms();
    int left = sentry_ms - (int)(now - looked_ms);
    if (left <= 0) {
        looked_ms = now;
        mp_call_function_0(sentry);
        left = sentry_ms;
    }
    return timeout_ms < 0 || left < timeout_ms ? left : timeout_ms;
}

// asyncio's heap of tasks leaves in a task that it has taken out who was last below it. That one may
// end, and would be kept with all that its coroutine holds for as long as this task waits.
static void let_go(mp_obj_t task) {
    if (task != mp_const_none) {
        mp_pairheap_t *node = MP_OBJ_TO_PTR(task);
        if (node->child == NULL) {
            node->child_last = NULL;
        }
    }
}

// Sleep for at most timeout_ms; -1 means until a task has something to do.
static mp_obj_t queue_wait_io_event(mp_obj_t self, mp_obj_t timeout_in) {
    (void)self;
    int timeout_ms = (int)mp_obj_get_int(timeout_in);
    let_go(mp_load_attr(MP_STATE_VM(atcore_asyncio), MP_QSTR_cur_task)); // it has run just now
    // Functions run in no task, so they may cancel the last one.
    mp_store_attr(MP_STATE_VM(atcore_asyncio), MP_QSTR_cur_task, mp_const_none);
    do {
        uint32_t found = atlink_wait(until_sentry(timeout_ms), mask);
        while (found != 0) {
            uint32_t bit = found & -found;
            found ^= bit;
            if (TASKS[index_of(bit)] != MP_OBJ_NULL) {
                wake(bit);
            } else if (CALLS[index_of(bit)] != MP_OBJ_NULL) {
                call(bit);
            }
        }
    } while (timeout_ms < 0 && mp_call_function_0(MP_STATE_VM(atcore_peek)) == mp_const_none);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(queue_wait_io_event_obj, queue_wait_io_event);

// Forget a task that is cancelled while it waits (called by asyncio).
static mp_obj_t queue_remove(mp_obj_t self, mp_obj_t task) {
    (void)self;
    for (unsigned i = 0; i < SOURCES; ++i) {
        if (TASKS[i] == task) {
            release(1u << (i < BELOW ? i : i - BELOW + ATLINK_LINK_FIRST));
        }
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(queue_remove_obj, queue_remove);

// Park the current task until the source is ready.
static void park(uint32_t bit) {
    unsigned i = index_of(bit);
    if (TASKS[i] != MP_OBJ_NULL) {
        mp_raise_msg_varg(&mp_type_RuntimeError,
            MP_ERROR_TEXT("a task waits for source %d already"), (int)bit);
    }
    mp_obj_t task = mp_load_attr(MP_STATE_VM(atcore_asyncio), MP_QSTR_cur_task);
    TASKS[i] = task;
    mask |= bit;
    mp_store_attr(task, MP_QSTR_data, MP_OBJ_FROM_PTR(&queue));
}

// Park it until a socket of firmware/lib is ready: asyncio's streams and ThreadSafeFlag call these.
static mp_obj_t park_for(mp_obj_t stream, uint8_t events) {
    mp_obj_t method[2];
    mp_load_method(stream, MP_QSTR_fileno, method);
    mp_obj_t link = mp_call_method_n_kw(0, 0, method);
    atlink_atnet_link(link)->armed = events;
    park(1u << (ATLINK_LINK_FIRST + (mp_obj_get_int(link) & 15)));
    return mp_const_none;
}

static mp_obj_t queue_read(mp_obj_t self, mp_obj_t stream) {
    (void)self;
    return park_for(stream, ATLINK_NET_READ);
}
static MP_DEFINE_CONST_FUN_OBJ_2(queue_read_obj, queue_read);

static mp_obj_t queue_write(mp_obj_t self, mp_obj_t stream) {
    (void)self;
    return park_for(stream, ATLINK_NET_WRITE);
}
static MP_DEFINE_CONST_FUN_OBJ_2(queue_write_obj, queue_write);

static const mp_rom_map_elem_t queue_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_wait_io_event), MP_ROM_PTR(&queue_wait_io_event_obj)},
    {MP_ROM_QSTR(MP_QSTR_queue_read), MP_ROM_PTR(&queue_read_obj)},
    {MP_ROM_QSTR(MP_QSTR_queue_write), MP_ROM_PTR(&queue_write_obj)},
    {MP_ROM_QSTR(MP_QSTR_remove), MP_ROM_PTR(&queue_remove_obj)},
    {MP_ROM_QSTR(MP_QSTR_map), MP_ROM_TRUE}, // asyncio ends when this is empty
};
static MP_DEFINE_CONST_DICT(queue_locals, queue_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(atcore_queue_type, MP_QSTR_Queue, MP_TYPE_FLAG_NONE,
    locals_dict, &queue_locals);

// One object for all who await, because a wait begins as soon as it is made.
static mp_obj_t ready_iternext(mp_obj_t self) {
    (void)self;
    if (ready_bit == 0) {
        return MP_OBJ_STOP_ITERATION;
    }
    uint32_t bit = ready_bit;
    ready_bit = 0;
    park(bit);
    return mp_const_none;
}

MP_DEFINE_CONST_OBJ_TYPE(atcore_ready_type, MP_QSTR_Ready, MP_TYPE_FLAG_ITER_IS_ITERNEXT,
    iter, ready_iternext);

static mp_obj_t atcore_ready(mp_obj_t bit) {
    get_source(bit, &ready_bit);
    return MP_OBJ_FROM_PTR(&awaitable);
}
MP_DEFINE_CONST_FUN_OBJ_1(atcore_ready_obj, atcore_ready);

// Call a function whenever the source is ready and no task waits for it; MP_OBJ_NULL ends that.
void atcore_set(uint32_t bit, mp_obj_t function) {
    CALLS[index_of(bit)] = function;
    if (function != MP_OBJ_NULL) {
        mask |= bit;
    } else {
        atcore_pause(bit);
    }
}

static mp_obj_t atcore_on(mp_obj_t bit_in, mp_obj_t function) {
    uint32_t bit;
    get_source(bit_in, &bit);
    atcore_set(bit, function == mp_const_none ? MP_OBJ_NULL : function);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atcore_on_obj, atcore_on);

// Nothing more will come from the source: let the task go on that waits for it.
static mp_obj_t atcore_wake(mp_obj_t bit_in) {
    uint32_t bit;
    if (TASKS[get_source(bit_in, &bit)] != MP_OBJ_NULL) {
        wake(bit);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atcore_wake_obj, atcore_wake);

static mp_obj_t atcore_function(mp_obj_t bit_in) {
    uint32_t bit;
    mp_obj_t function = CALLS[get_source(bit_in, &bit)];
    return function == MP_OBJ_NULL ? mp_const_none : function;
}
MP_DEFINE_CONST_FUN_OBJ_1(atcore_function_obj, atcore_function);

static mp_obj_t atcore_watch_over(mp_obj_t function, mp_obj_t period_ms) {
    sentry_ms = (int)mp_obj_get_int(period_ms);
    MP_STATE_VM(atcore_sentry) = function;
    looked_ms = mp_hal_ticks_ms();
    mp_call_function_0(function);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atcore_watch_over_obj, atcore_watch_over);

// cancel(task): as task.cancel(), but without memory, too. The class that asyncio throws would have to
// be instantiated; the task would get a MemoryError instead, and might go on.
static mp_obj_t atcore_cancel(mp_obj_t task) {
    mp_obj_t method[2];
    mp_load_method(task, MP_QSTR_cancel, method);
    if (mp_call_method_n_kw(0, 0, method) == mp_const_true) {
        const mp_obj_type_t *type = mp_obj_get_type(task);
        mp_obj_t next = mp_load_attr(task, MP_QSTR_data); // what it waits for, if that is a task
        while (mp_obj_is_exact_type(next, type)) {
            task = next;
            next = mp_load_attr(task, MP_QSTR_data);
        }
        mp_obj_exception_clear_traceback(MP_STATE_VM(atcore_cancelled));
        mp_store_attr(task, MP_QSTR_data, MP_STATE_VM(atcore_cancelled));
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atcore_cancel_obj, atcore_cancel);

typedef struct _patient_obj_t {
    mp_obj_base_t base;
    mp_obj_t function;
} patient_obj_t;

// Call it; MP_OBJ_NULL without memory.
static mp_obj_t try_call(mp_obj_t function, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t result = mp_call_function_n_kw(function, n_args, n_kw, args);
        nlr_pop();
        return result;
    }
    if (!is_a(MP_OBJ_FROM_PTR(nlr.ret_val), &mp_type_MemoryError)) {
        nlr_jump(nlr.ret_val);
    }
    return MP_OBJ_NULL;
}

static mp_obj_t patient_call(mp_obj_t self_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_obj_t function = ((patient_obj_t *)MP_OBJ_TO_PTR(self_in))->function;
    mp_obj_t result = try_call(function, n_args, n_kw, args);
    if (result == MP_OBJ_NULL) {
        gc_collect(); // what the first try left
        result = try_call(function, n_args, n_kw, args);
    }
    if (result == MP_OBJ_NULL) {
        mp_printf(&mp_plat_print, "a report is lost: out of memory\n");
        return mp_const_none;
    }
    return result;
}

static MP_DEFINE_CONST_OBJ_TYPE(patient_type, MP_QSTR_patient, MP_TYPE_FLAG_NONE,
    call, patient_call);

// patient(function): what calls a function, and gives up if there is no memory. Python could not
// even be called with the arguments then.
static mp_obj_t atcore_patient(mp_obj_t function) {
    patient_obj_t *self = mp_obj_malloc(patient_obj_t, &patient_type);
    self->function = function;
    return MP_OBJ_FROM_PTR(self);
}
MP_DEFINE_CONST_FUN_OBJ_1(atcore_patient_obj, atcore_patient);

// tidy(): collect garbage, unless the upper half of the heap is free in one piece
static mp_obj_t atcore_tidy(void) {
    size_t half = MP_STATE_MEM(area).gc_alloc_table_byte_len / 2;
    size_t end = MP_STATE_MEM(area).gc_alloc_table_byte_len;
    while (end > half && MP_STATE_MEM(area).gc_alloc_table_start[end - 1] == 0) {
        --end;
    }
    if (end > half) {
        gc_collect();
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atcore_tidy_obj, atcore_tidy);

// Stand in for the IOQueue of a loop, as after power-up.
static mp_obj_t atcore_start(mp_obj_t asyncio) {
    for (unsigned i = 0; i < SOURCES; ++i) {
        TASKS[i] = CALLS[i] = MP_OBJ_NULL;
    }
    mask = ready_bit = 0;
    mp_obj_t tasks = mp_load_attr(asyncio, MP_QSTR__task_queue);
    MP_STATE_VM(atcore_asyncio) = asyncio;
    MP_STATE_VM(atcore_push) = mp_load_attr(tasks, MP_QSTR_push);
    MP_STATE_VM(atcore_peek) = mp_load_attr(tasks, MP_QSTR_peek);
    MP_STATE_VM(atcore_sentry) = MP_OBJ_NULL;
    MP_STATE_VM(atcore_cancelled) = mp_call_function_0(mp_load_attr(asyncio, MP_QSTR_CancelledError));
    mp_store_attr(asyncio, MP_QSTR__io_queue, MP_OBJ_FROM_PTR(&queue));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atcore_start_obj, atcore_start);
