// What the C unit tests share: checks that name the line they fail on, and go on.
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures;

#define CHECK(claim) \
    do { \
        if (!(claim)) { \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #claim); \
            check_failures++; \
        } \
    } while (0)

// Bytes against a C string (which may hold NUL bytes).
#define CHECK_BYTES(data, len, text) \
    do { \
        size_t len_ = (len); \
        if (len_ != sizeof(text) - 1 || memcmp((data), text, len_) != 0) { \
            printf("%s:%d: %zu bytes \"%.*s\"\n", __FILE__, __LINE__, len_, (int)len_, \
                (const char *)(data)); \
            check_failures++; \
        } \
    } while (0)

#define CHECK_END() (check_failures ? EXIT_FAILURE : EXIT_SUCCESS)

#endif // CHECK_H
