// What the programs for libFuzzer have in common: an input that is used up, and claims.
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define HOLDS(claim) \
    do { \
        if (!(claim)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #claim); \
            abort(); \
        } \
    } while (0)

typedef struct {
    const uint8_t *data;
    size_t left;
} input_t;

static inline uint8_t next(input_t *in) {
    if (in->left == 0) {
        return 0;
    }
    in->left -= 1;
    return *in->data++;
}

static inline uint32_t next32(input_t *in) {
    return (uint32_t)next(in) << 24 | next(in) << 16 | next(in) << 8 | next(in);
}

// Of each program: what is made once, and what is done with an input.
void fuzz_begin(void);
void fuzz_one(input_t *in);

#endif
