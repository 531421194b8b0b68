// Well-formed command lines. See line.h for what it leaves to others.
#include <string.h>

#include "core/line.h"

#define DIGITS_MAX (10) // of a number; more, and zeros in front, are Python's

bool atlink_line_split(const uint8_t *line, size_t n, atlink_line_t *out) {
    if (n < 2 || line[0] != 'A' || line[1] != 'T') {
        return false;
    }
    const uint8_t *end = line + n;
    const uint8_t *equals = memchr(line + 2, '=', n - 2);
    out->name = line + 2;
    out->name_len = n - 2;
    out->text = end;
    out->text_len = 0;
    out->form = ATLINK_FORM_RUN;
    if (equals != NULL) {
        out->form = ATLINK_FORM_SET;
        out->name_len = (size_t)(equals - out->name);
        out->text = equals + 1;
        out->text_len = (size_t)(end - out->text);
        return out->text_len != 1 || *out->text != '?';
    }
    if (n > 2 && end[-1] == '?') {
        out->form = ATLINK_FORM_QUERY;
        --out->name_len;
    }
    return true;
}

static int compare(const atlink_commands_t *table, int i, const uint8_t *name, size_t n) {
    size_t begin = table->commands[i].name;
    size_t len = table->commands[i + 1].name - begin;
    return len != n ? (len < n ? -1 : 1) : memcmp(table->names + begin, name, n);
}

int atlink_command_find(const atlink_commands_t *table, const uint8_t *name, size_t n) {
    int low = 0;
    int high = table->count;
    while (low < high) {
        int middle = (low + high) / 2;
        int order = compare(table, middle, name, n);
        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return -1;
}

bool atlink_name_is_simple(const uint8_t *name, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        if (name[i] < ' ' || name[i] > '~') {
            return false;
        }
    }
    return n < 4 || (memcmp(name + n - 4, "_CUR", 4) != 0 && memcmp(name + n - 4, "_DEF", 4) != 0);
}

// One token of the text after the =.
typedef struct {
    const uint8_t *text; // of a string: behind its quote
    size_t raw_len;
    size_t len; // without backslashes
    bool quoted;
} token_t;

static const uint8_t *skip_spaces(const uint8_t *p, const uint8_t *end) {
    while (p < end && *p == ' ') {
        ++p;
    }
    return p;
}

// Read the string whose text begins at p; returns what follows its closing quote and spaces, NULL
// if it is malformed.
static const uint8_t *read_string(const uint8_t *p, const uint8_t *end, token_t *token) {
    token->text = p;
    token->len = 0;
    token->quoted = true;
    while (p < end && *p != '"') {
        if (*p == ',' || (*p == '\\' && ++p == end)) {
            return NULL;
        }
        ++token->len;
        ++p;
    }
    if (p == end) {
        return NULL;
    }
    token->raw_len = (size_t)(p - token->text);
    p = skip_spaces(p + 1, end);
    return p == end || *p == ',' ? p : NULL;
}

static bool is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// Read one token; returns the comma or end behind it, NULL if it is malformed.
static const uint8_t *read_token(const uint8_t *p, const uint8_t *end, token_t *token) {
    p = skip_spaces(p, end);
    if (p < end && *p == '"') {
        return read_string(p + 1, end, token);
    }
    token->quoted = false;
    while (p < end && is_space(*p)) {
        ++p;
    }
    token->text = p;
    while (p < end && *p != ',') {
        ++p;
    }
    const uint8_t *last = p;
    while (last > token->text && is_space(last[-1])) {
        --last;
    }
    token->len = token->raw_len = (size_t)(last - token->text);
    return p;
}

static bool read_digits(const uint8_t *p, size_t n, unsigned base, int64_t *out) {
    if (n == 0 || n > DIGITS_MAX) {
        return false;
    }
    int64_t value = 0;
    for (; n > 0; --n, ++p) {
        unsigned digit = *p - (unsigned)'0';
        if (digit > 9) {
            digit = (*p | 0x20u) - 'a' + 10;
            if (base != 16 || digit < 10 || digit > 15) {
                return false;
            }
        }
        value = value * base + digit;
    }
    *out = value;
    return true;
}

static bool read_number(const token_t *token, int64_t *out) {
    const uint8_t *p = token->text;
    size_t n = token->len;
    bool negative = n > 0 && *p == '-';
    if (n > 0 && (*p == '-' || *p == '+')) {
        ++p;
        --n;
    }
    bool hex = n > 1 && p[0] == '0' && (p[1] | 0x20) == 'x';
    if (!read_digits(hex ? p + 2 : p, hex ? n - 2 : n, hex ? 16 : 10, out)) {
        return false;
    }
    *out = negative ? -*out : *out;
    return true;
}

static bool convert(const atlink_param_t *param, const token_t *token, atlink_value_t *value) {
    if (param->kind == ATLINK_PARAM_STR) {
        value->kind = ATLINK_VALUE_TEXT;
        value->raw = token->text;
        value->raw_len = (uint16_t)token->raw_len;
        value->len = (uint16_t)token->len;
        return token->quoted && (int32_t)token->len >= param->low
               && (int32_t)token->len <= param->high;
    }
    int64_t number;
    if (token->quoted || !read_number(token, &number)) {
        return false;
    }
    value->kind = ATLINK_VALUE_NUMBER;
    value->number = (int32_t)number;
    if (param->kind == ATLINK_PARAM_PICK) {
        return number >= 0 && number < 32 && ((uint32_t)param->low >> number & 1);
    }
    return number >= param->low && number <= param->high;
}

static bool leave_out(const atlink_param_t *param, atlink_value_t *value) {
    value->kind = param->fallback == ATLINK_DEFAULT_NUMBER ? ATLINK_VALUE_NUMBER
        : ATLINK_VALUE_NONE;
    value->number = param->value;
    return param->fallback != ATLINK_DEFAULT_NEEDED;
}

int atlink_command_bind(const atlink_commands_t *table, int command, const uint8_t *text, size_t n,
    bool mux, atlink_value_t *values) {
    uint8_t list = table->commands[command].list;
    if (list == ATLINK_NO_PARAMS) {
        return -1;
    }
    const uint8_t *p = text;
    const uint8_t *end = text + n;
    bool more = n > 0;
    int count = 0;
    for (unsigned i = table->lists[list]; i < table->lists[list + 1]; ++i, ++count) {
        const atlink_param_t *param = &table->params[table->members[i]];
        token_t token = {.len = 0};
        if (param->kind == ATLINK_PARAM_LINK && !mux) {
            values[count] = (atlink_value_t) {.kind = ATLINK_VALUE_NUMBER};
            continue;
        }
        if (more) {
            p = read_token(p, end, &token);
            if (p == NULL) {
                return -1;
            }
            more = p < end;
            p += more;
        }
        bool present = token.quoted || token.len > 0;
        if (!(present ? convert(param, &token, &values[count]) : leave_out(param, &values[count]))) {
            return -1;
        }
    }
    return !more || (p == end && count > 0) ? count : -1; // one comma at the end adds nothing
}

void atlink_value_text(const atlink_value_t *value, uint8_t *out) {
    if (value->len == value->raw_len) {
        memcpy(out, value->raw, value->len);
        return;
    }
    const uint8_t *p = value->raw;
    for (size_t i = 0; i < value->len; ++i) {
        p += *p == '\\';
        out[i] = *p++;
    }
}
