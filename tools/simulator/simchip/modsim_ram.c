// The chip's system heap for Python: a budget of the size the chip has left, lent from the PC's
// memory, and the figures AT+SYSRAM reports.

#include <stdlib.h>

#include "py/gc.h"
#include "py/objarray.h"
#include "py/runtime.h"

#include "modsim.h"
#include "port_unix.h"

// What Wi-Fi, lwIP and the stacks leave of the chip's RAM beside the GC heap; an estimate.
#define SYSTEM_HEAP (96 * 1024)
// What an allocation costs beside its bytes.
#define BLOCK_HEAD (16)

static size_t lent;
static size_t most_lent;
static size_t lowest = SIZE_MAX;

static size_t total_free(void) {
    gc_info_t info;
    gc_info(&info);
    size_t free_bytes = SYSTEM_HEAP - lent + info.free;
    if (free_bytes < lowest) {
        lowest = free_bytes;
    }
    return free_bytes;
}

// Lend zeroed memory, or NULL if the budget has none.
static void *lend(size_t size) {
    uint8_t *mem = size + BLOCK_HEAD > SYSTEM_HEAP - lent ? NULL : calloc(1, size);
    if (mem != NULL) {
        lent += size + BLOCK_HEAD;
        most_lent = lent > most_lent ? lent : most_lent;
        total_free();
    }
    return mem;
}

static void take_back(void *mem, size_t size) {
    lent -= size + BLOCK_HEAD;
    free(mem);
}

// The same for C, which does not say how much it gives back.
static void *lend_sized(size_t size) {
    size_t *mem = lend(sizeof(size_t) + size);
    if (mem == NULL) {
        return NULL;
    }
    *mem = sizeof(size_t) + size;
    return mem + 1;
}

static void take_sized(void *mem) {
    size_t *head = (size_t *)mem - 1;
    take_back(head, *head);
}

static void tell_heap(sim_board_file_t *file) {
    gc_info_t info;
    gc_info(&info);
    file->heap_size = info.total;
    file->heap_used = info.used;
    file->system_free = SYSTEM_HEAP - lent;
}

void sim_ram_init(void) {
    sim_board_tell_heap = tell_heap;
    atlink_port_heap(lend_sized, take_sized);
}

// heap(): (free, lowest free so far), of both heaps
static mp_obj_t heap(void) {
    sim_fault("atchip.heap");
    mp_obj_t now = mp_obj_new_int_from_uint(total_free());
    mp_obj_t pair[] = {now, mp_obj_new_int_from_uint(lowest)};
    return mp_obj_new_tuple(2, pair);
}
MP_DEFINE_CONST_FUN_OBJ_0(sim_heap_obj, heap);

static mp_obj_t ram_alloc(mp_obj_t size_in) {
    sim_fault("atchip.ram_alloc");
    mp_int_t size = mp_obj_get_int(size_in);
    if (size <= 0) {
        mp_raise_ValueError(NULL);
    }
    uint8_t *mem = lend((size_t)size);
    if (mem == NULL) {
        sim_check_esp_err(0x101);
    }
    // A memoryview: it has no way to grow, so Python never moves what is not its own.
    return mp_obj_new_memoryview('B' | MP_OBJ_ARRAY_TYPECODE_FLAG_RW, size, mem);
}
MP_DEFINE_CONST_FUN_OBJ_1(sim_ram_alloc_obj, ram_alloc);

static mp_obj_t ram_free(mp_obj_t buf_in) {
    if (!mp_obj_is_type(buf_in, &mp_type_memoryview)) {
        mp_raise_TypeError(NULL);
    }
    mp_obj_array_t *buf = MP_OBJ_TO_PTR(buf_in);
    if (buf->items != NULL) {
        take_back(buf->items, buf->len);
        buf->items = NULL;
        buf->len = 0;
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(sim_ram_free_obj, ram_free);

static mp_obj_t largest_block(void) {
    size_t left = SYSTEM_HEAP - lent;
    return mp_obj_new_int_from_uint(left > BLOCK_HEAD ? left - BLOCK_HEAD : 0);
}

static mp_obj_t ram_largest(void) {
    sim_fault("atchip.ram_largest");
    return largest_block();
}
MP_DEFINE_CONST_FUN_OBJ_0(sim_ram_largest_obj, ram_largest);

// ram_figures(caps): (largest free block, free, lowest free, total) of the memory that can do all that
static mp_obj_t ram_figures(mp_obj_t caps_in) {
    sim_fault("atchip.ram_figures");
    const mp_int_t internal = 0x180f; // MALLOC_CAP_EXEC, 32BIT, 8BIT, DMA, INTERNAL, DEFAULT
    mp_obj_t items[4];
    for (size_t i = 0; i < MP_ARRAY_SIZE(items); ++i) {
        items[i] = MP_OBJ_NEW_SMALL_INT(0);
    }
    if ((mp_obj_get_int(caps_in) & ~internal) == 0) {
        items[0] = largest_block();
        items[1] = mp_obj_new_int_from_uint(SYSTEM_HEAP - lent);
        items[2] = mp_obj_new_int_from_uint(SYSTEM_HEAP - most_lent);
        items[3] = mp_obj_new_int_from_uint(SYSTEM_HEAP);
    }
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_1(sim_ram_figures_obj, ram_figures);

// ram_info(): (total, free, largest block, lowest free) of the system heap
static mp_obj_t ram_info(void) {
    mp_obj_t items[] = {
        mp_obj_new_int_from_uint(SYSTEM_HEAP),
        mp_obj_new_int_from_uint(SYSTEM_HEAP - lent),
        largest_block(),
        mp_obj_new_int_from_uint(SYSTEM_HEAP - most_lent),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_0(sim_ram_info_obj, ram_info);
