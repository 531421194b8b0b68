// A face on stdin and stdout over core/line.c with the table of the real commands: one line of the
// host in hexadecimal and the value of AT+CIPMUX a line. The reply is "-" if C leaves it to Python;
// else the form, the name and the values: N, I and a number, T (bytes) or S (str) and a text, which
// like the name is in hexadecimal ("." for an empty one).
#include <inttypes.h>

#include "check.h"
#include "commandtable.h"

static void put(const uint8_t *data, size_t n) {
    printf(n == 0 ? " ." : " ");
    for (size_t i = 0; i < n; i++) {
        printf("%02x", data[i]);
    }
}

static bool run(const uint8_t *data, size_t n, bool mux) {
    atlink_line_t line;
    atlink_value_t values[ATLINK_VALUES_MAX];
    if (!atlink_line_split(data, n, &line)) {
        return false;
    }
    int command = atlink_command_find(&command_table, line.name, line.name_len);
    int count = 0;
    if (command >= 0 && line.form == ATLINK_FORM_SET) {
        count = atlink_command_bind(&command_table, command, line.text, line.text_len, mux, values);
    }
    if (command < 0 || count < 0) {
        return false;
    }
    printf("%d", line.form);
    put(line.name, line.name_len);
    for (int i = 0; i < count; i++) {
        if (values[i].kind == ATLINK_VALUE_TEXT) {
            uint8_t text[256];
            atlink_value_text(&values[i], text);
            printf(" T");
            put(text, values[i].len);
        } else if (values[i].kind == ATLINK_VALUE_NAME) {
            printf(" S");
            put(values[i].raw, values[i].len);
        } else if (values[i].kind == ATLINK_VALUE_NUMBER) {
            printf(" I %" PRId32, values[i].number);
        } else if (values[i].kind == ATLINK_VALUE_WORD) {
            printf(" I %" PRIu32, (uint32_t)values[i].number);
        } else {
            printf(" N -");
        }
    }
    return true;
}

int main(void) {
    static char text[1024];
    int mux;
    while (scanf("%1023s %d", text, &mux) == 2) {
        size_t n = strcmp(text, ".") == 0 ? 0 : strlen(text) / 2;
        uint8_t *data = malloc(n + 1); // exact, so that a sanitizer sees one byte too many
        for (size_t i = 0; i < n; i++) {
            unsigned byte;
            sscanf(text + 2 * i, "%2x", &byte);
            data[i] = (uint8_t)byte;
        }
        data = realloc(data, n > 0 ? n : 1);
        if (!run(data, n, mux)) {
            printf("-");
        }
        printf("\n");
        fflush(stdout);
        free(data);
    }
    return CHECK_END();
}
