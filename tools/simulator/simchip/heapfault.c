// Allocations that fail when it was ordered over the control socket (see sim_fault_t): "heap.python" in
// MicroPython's heap, "heap.c" by malloc() and its like. Only here: the linker puts these functions
// around the real ones (mpconfigvariant.mk). Blocks of C that are held are counted.

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "modsim.h"

#include "py/gc.h"

static sim_fault_t *fault; // NULL before the imitated chip starts
static uint32_t early; // blocks allocated before

void sim_heapfault_init(void) {
    sim_board_t *board = sim_board();
    if (board != NULL && fault == NULL) {
        fault = &board->file->fault;
        fault->blocks = early;
        if (strncmp(fault->call, "heap.", 5) == 0) { // of the program before: a start without memory
            fault->times = 0; // says nothing about this one
        }
    }
}

static bool fails(const char *heap) {
    if (fault == NULL || fault->times == 0 || strcmp(fault->call, heap) != 0) {
        return false;
    }
    if (fault->skip > 0) {
        fault->skip -= 1;
        return false;
    }
    if (fault->times != SIM_FAULT_ALWAYS) {
        fault->times -= 1;
    }
    fault->hits += 1;
    strncpy(fault->hit, heap, sizeof(fault->hit) - 1);
    return true;
}

static void count(int32_t more) {
    *(fault == NULL ? &early : &fault->blocks) += more;
}

void *__real_gc_alloc(size_t size, unsigned int flags);
void *__wrap_gc_alloc(size_t size, unsigned int flags);
void *__real_gc_realloc(void *old, size_t size, bool may_move);
void *__wrap_gc_realloc(void *old, size_t size, bool may_move);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t number, size_t size);
void *__wrap_calloc(size_t number, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __real_free(void *old);
void __wrap_free(void *old);

void *__wrap_gc_alloc(size_t size, unsigned int flags) {
    return fails("heap.python") ? NULL : __real_gc_alloc(size, flags);
}

void *__wrap_gc_realloc(void *old, size_t size, bool may_move) {
    bool grows = size > (old == NULL ? 0 : gc_nbytes(old));
    return grows && fails("heap.python") ? NULL : __real_gc_realloc(old, size, may_move);
}

void *__wrap_malloc(size_t size) {
    void *mem = fails("heap.c") ? NULL : __real_malloc(size);
    count(mem != NULL);
    return mem;
}

void *__wrap_calloc(size_t number, size_t size) {
    void *mem = fails("heap.c") ? NULL : __real_calloc(number, size);
    count(mem != NULL);
    return mem;
}

void *__wrap_realloc(void *old, size_t size) {
    void *mem = fails("heap.c") ? NULL : __real_realloc(old, size);
    count(old == NULL && mem != NULL);
    return mem;
}

void __wrap_free(void *old) {
    count(-(old != NULL));
    __real_free(old);
}
