// A well-formed command line: name, form and values, by the table of the declared commands that
// tools/build/commandtable.py writes. Whatever is malformed, out of range, or an address in another
// spelling than the usual one is not taken here: at/wire/grammar.py and at/wire/bind.py say what is
// wrong with it, in one place. What is taken here gets the values it would get there.
#ifndef ATLINK_CORE_LINE_H
#define ATLINK_CORE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { // indices of Command.handlers
    ATLINK_FORM_QUERY = 0, // AT+X?
    ATLINK_FORM_SET = 1, // AT+X=...
    ATLINK_FORM_RUN = 2, // AT+X
} atlink_form_t;

typedef enum {
    ATLINK_PARAM_INT, // low <= value <= high
    ATLINK_PARAM_WORD, // 0 <= value < 2^32
    ATLINK_PARAM_LINK, // as INT, but there only while AT+CIPMUX=1; else 0
    ATLINK_PARAM_PICK, // value 0..31: bit value of low
    ATLINK_PARAM_CHOICE, // in quotes and any case, one of `high` names from number `low` on
    ATLINK_PARAM_STR, // in quotes, low <= length <= high
    ATLINK_PARAM_IP, // in quotes, four numbers with dots
    ATLINK_PARAM_MAC, // in quotes, six pairs of hexadecimal digits with colons
    ATLINK_PARAM_OTHER, // for Python
} atlink_param_kind_t;

typedef enum {
    ATLINK_DEFAULT_NEEDED, // may not be left out
    ATLINK_DEFAULT_NONE, // left out it is None
    ATLINK_DEFAULT_NUMBER, // left out it is `value`, of a CHOICE the number of the name
    ATLINK_DEFAULT_HIGH, // left out it is `high`
} atlink_default_t;

typedef struct {
    uint8_t kind : 4; // atlink_param_kind_t
    uint8_t fallback : 4; // atlink_default_t
    uint8_t branch; // not 0: of the first value of a PICK or CHOICE, in `branches`
    int16_t value;
    int32_t low;
    int32_t high;
} atlink_param_t;

#define ATLINK_NO_PARAMS (0xff) // in `list`: the set form is Python's

typedef struct {
    uint16_t name; // where it begins in `names`; it ends where the next one begins
    uint8_t list; // of parameters, or ATLINK_NO_PARAMS
} atlink_command_t;

typedef struct {
    const char *names; // what follows AT, sorted by length, then by bytes
    const atlink_command_t *commands; // count + 1 of them: the last one ends the names
    const uint16_t *lists; // where each list begins in `members`, and the end of the last
    const uint8_t *members; // indices of params
    const atlink_param_t *params;
    const uint8_t *branches; // lists that follow a value, in place of what follows in its own list
    const char *const *choices;
    uint16_t count;
} atlink_commands_t;

typedef struct {
    const uint8_t *name;
    size_t name_len;
    const uint8_t *text; // SET: what follows the =
    size_t text_len;
    atlink_form_t form;
} atlink_line_t;

typedef enum {
    ATLINK_VALUE_NONE,
    ATLINK_VALUE_NUMBER,
    ATLINK_VALUE_WORD, // `number` is unsigned
    ATLINK_VALUE_TEXT, // bytes, which may have backslashes
    ATLINK_VALUE_NAME, // str, without them
} atlink_value_kind_t;

typedef struct {
    uint8_t kind; // atlink_value_kind_t
    uint8_t choice; // of a PICK or CHOICE: which one, counted from 0
    uint16_t len; // of the text without its backslashes
    uint16_t raw_len; // with them
    int32_t number;
    const uint8_t *raw;
} atlink_value_t;

// Split a line without CR LF. False: it does not begin with AT, or asks for AT+X=?.
bool atlink_line_split(const uint8_t *line, size_t n, atlink_line_t *out);

// The index of a command, -1 if the table has no such name.
int atlink_command_find(const atlink_commands_t *table, const uint8_t *name, size_t n);

// Whether a name that is not declared is just unknown: no other bytes than text has, no old ending
// (_CUR, _DEF) behind what may be the name of a command.
bool atlink_name_is_simple(const uint8_t *name, size_t n);

// Bind the text of a SET to the command's parameters; `mux` says whether links are numbered.
// Returns how many values there are, -1 if this is not for us. `values` has room for all.
int atlink_command_bind(const atlink_commands_t *table, int command, const uint8_t *text, size_t n,
    bool mux, atlink_value_t *values);

// Write a text value without its backslashes to out[len].
void atlink_value_text(const atlink_value_t *value, uint8_t *out);

#endif // ATLINK_CORE_LINE_H
