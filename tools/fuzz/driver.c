// Hands inputs to a program: libFuzzer's, or with -DREPLAY those of the files that are named.
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    fuzz_begin();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input_t in = {data, size};
    fuzz_one(&in);
    return 0;
}

#ifdef REPLAY
int main(int argc, char **argv) {
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        static uint8_t data[65536];
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
        size_t n = fread(data, 1, sizeof(data), file);
        fclose(file);
        uint8_t *own = malloc(n); // as long as it is: reading behind it is seen
        memcpy(own, data, n);
        fprintf(stderr, "%s\n", argv[i]);
        LLVMFuzzerTestOneInput(own, n);
        free(own);
    }
    return EXIT_SUCCESS;
}
#endif
