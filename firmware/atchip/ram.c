// Memory: figures of both heaps, and blocks of the system heap. How far the GC heap may grow into
// that is the board's to say.
#include "esp_heap_caps.h"
#include "py/gc.h"
#include "py/objarray.h"

#include "atchip.h"

static mp_obj_t heap(void) {
    static size_t lowest = SIZE_MAX;
    gc_info_t info;
    gc_info(&info);
    size_t now = heap_caps_get_free_size(MALLOC_CAP_DEFAULT) + info.free;
    // The system heap remembers its own lowest; the GC heap's is what was seen here.
    size_t low = heap_caps_get_minimum_free_size(MALLOC_CAP_DEFAULT) + info.free;
    lowest = low < lowest ? low : lowest;
    mp_obj_t pair[] = {mp_obj_new_int_from_uint(now), mp_obj_new_int_from_uint(lowest)};
    return mp_obj_new_tuple(2, pair);
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_heap_obj, heap);

// Of the memory with all these capabilities (MALLOC_CAP_*): (largest free block, free, lowest free so
// far, total)
static mp_obj_t ram_figures(mp_obj_t caps_in) {
    uint32_t caps = (uint32_t)mp_obj_get_int_truncated(caps_in);
    mp_obj_t items[] = {
        mp_obj_new_int_from_uint(heap_caps_get_largest_free_block(caps)),
        mp_obj_new_int_from_uint(heap_caps_get_free_size(caps)),
        mp_obj_new_int_from_uint(heap_caps_get_minimum_free_size(caps)),
        mp_obj_new_int_from_uint(heap_caps_get_total_size(caps)),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_ram_figures_obj, ram_figures);

static mp_obj_t ram_alloc(mp_obj_t size_in) {
    mp_int_t size = mp_obj_get_int(size_in);
    if (size <= 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("size is 1 or more"));
    }
    // A memoryview: it has no way to grow, so Python never moves what is not its own. Made first,
    // so that a full GC heap leaves no block behind.
    mp_obj_t view = mp_obj_new_memoryview('B' | MP_OBJ_ARRAY_TYPECODE_FLAG_RW, 0, NULL);
    mp_obj_array_t *array = MP_OBJ_TO_PTR(view);
    array->items = heap_caps_calloc(1, size, MALLOC_CAP_8BIT);
    if (array->items == NULL) {
        check_esp_err(ESP_ERR_NO_MEM);
    }
    array->len = size;
    return view;
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_ram_alloc_obj, ram_alloc);

static mp_obj_t ram_free(mp_obj_t view) {
    if (!mp_obj_is_type(view, &mp_type_memoryview)) {
        mp_raise_TypeError(MP_ERROR_TEXT("not from ram_alloc()"));
    }
    mp_obj_array_t *array = MP_OBJ_TO_PTR(view);
    heap_caps_free(array->items);
    array->items = NULL;
    array->len = 0;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_ram_free_obj, ram_free);

static mp_obj_t ram_largest(void) {
    return mp_obj_new_int_from_uint(heap_caps_get_largest_free_block(MALLOC_CAP_8BIT));
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_ram_largest_obj, ram_largest);
