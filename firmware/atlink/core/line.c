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

static bool set_text(atlink_value_t *value, int kind, const uint8_t *text, size_t raw_len, size_t len) {
    value->kind = (uint8_t)kind;
    value->raw = text;
    value->raw_len = (uint16_t)raw_len;
    value->len = (uint16_t)len;
    return true;
}

static bool set_number(const atlink_param_t *param, atlink_value_t *value, int64_t number) {
    value->kind = param->kind == ATLINK_PARAM_WORD ? ATLINK_VALUE_WORD : ATLINK_VALUE_NUMBER;
    value->number = (int32_t)number;
    if (param->kind == ATLINK_PARAM_WORD) {
        return number >= 0 && number <= UINT32_MAX;
    }
    if (param->kind == ATLINK_PARAM_PICK) {
        uint32_t bits = (uint32_t)param->low;
        if (number < 0 || number > 31 || !(bits >> number & 1)) {
            return false;
        }
        value->choice = (uint8_t)__builtin_popcount(bits & ((1u << number) - 1));
        return true;
    }
    return number >= param->low && number <= param->high;
}

static bool set_choice(const char *const *choices, unsigned choice, atlink_value_t *value) {
    const char *name = choices[choice];
    value->choice = (uint8_t)choice;
    return set_text(value, ATLINK_VALUE_NAME, (const uint8_t *)name, strlen(name), strlen(name));
}

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool find_choice(const char *const *choices, int32_t count, const token_t *token,
    atlink_value_t *value) {
    for (int32_t i = 0; i < count; ++i) {
        const char *name = choices[i];
        size_t n = 0;
        while (n < token->len && name[n] != '\0' && lower((uint8_t)name[n]) == lower(token->text[n])) {
            ++n;
        }
        if (n == token->len && name[n] == '\0') {
            return set_choice(choices, (unsigned)i, value);
        }
    }
    return false;
}

// Four numbers up to 255 with dots between, without zeros in front.
static bool is_ip(const uint8_t *p, size_t n) {
    const uint8_t *end = p + n;
    for (int dots = 0; p < end; ++dots, ++p) {
        const uint8_t *first = p;
        unsigned number = 0;
        while (p < end && *p >= '0' && *p <= '9' && p - first < 3) {
            number = number * 10 + *p++ - '0';
        }
        if (p == first || number > 255 || (*first == '0' && p - first > 1)) {
            return false;
        }
        if (p == end || *p != '.') {
            return p == end && dots == 3;
        }
    }
    return false;
}

// Six pairs of hexadecimal digits with colons between, in lower case.
static bool is_mac(const uint8_t *p, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        bool is_digit = (p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f');
        if (i % 3 == 2 ? p[i] != ':' : !is_digit) {
            return false;
        }
    }
    return n == 17;
}

static bool convert(const atlink_commands_t *table, const atlink_param_t *param, const token_t *token,
    atlink_value_t *value) {
    const uint8_t *text = token->text;
    size_t n = token->len;
    int64_t number;
    switch (param->kind) {
        case ATLINK_PARAM_STR:
            return token->quoted && (int32_t)n >= param->low && (int32_t)n <= param->high
                   && set_text(value, ATLINK_VALUE_TEXT, text, token->raw_len, n);
        case ATLINK_PARAM_CHOICE:
            return token->quoted && n == token->raw_len
                   && find_choice(table->choices + param->low, param->high, token, value);
        case ATLINK_PARAM_IP:
        case ATLINK_PARAM_MAC:
            return token->quoted && (param->kind == ATLINK_PARAM_IP ? is_ip : is_mac)(text, n)
                   && set_text(value, ATLINK_VALUE_NAME, text, n, n);
        case ATLINK_PARAM_OTHER:
            return false;
        default:
            return !token->quoted && read_number(token, &number) && set_number(param, value, number);
    }
}

static bool leave_out(const atlink_commands_t *table, const atlink_param_t *param,
    atlink_value_t *value) {
    value->kind = ATLINK_VALUE_NONE;
    switch (param->fallback) {
        case ATLINK_DEFAULT_NEEDED:
            return false;
        case ATLINK_DEFAULT_NONE:
            return true;
        case ATLINK_DEFAULT_HIGH:
            return set_number(param, value, param->high);
        default:
            return param->kind == ATLINK_PARAM_CHOICE
                ? set_choice(table->choices + param->low, (unsigned)param->value, value)
                : set_number(param, value, param->value);
    }
}

int atlink_command_bind(const atlink_commands_t *table, int command, const uint8_t *text, size_t n,
    bool mux, atlink_value_t *values) {
    unsigned list = table->commands[command].list;
    if (list == ATLINK_NO_PARAMS) {
        return -1;
    }
    const uint8_t *p = text;
    const uint8_t *end = text + n;
    bool more = n > 0;
    int count = 0;
    for (unsigned i = table->lists[list]; i < table->lists[list + 1]; ++count) {
        const atlink_param_t *param = &table->params[table->members[i++]];
        atlink_value_t *value = &values[count];
        token_t token = {.len = 0};
        if (param->kind == ATLINK_PARAM_LINK && !mux) {
            *value = (atlink_value_t) {.kind = ATLINK_VALUE_NUMBER};
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
        if (!(present ? convert(table, param, &token, value) : leave_out(table, param, value))) {
            return -1;
        }
        if (param->branch != 0) {
            list = table->branches[param->branch + value->choice];
            i = table->lists[list];
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
