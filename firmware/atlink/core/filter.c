// Message filter: the table of filters and what they match. See filter.h.
#include <sys/types.h> // first: newlib's <regex.h> does not bring its own types

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/filter.h"

typedef struct {
    regex_t compiled; // valid if len > 0
    uint8_t text[ATLINK_FILTER_TEXT_MAX];
    uint8_t len;
    uint8_t flags;
} expression_t;

typedef struct {
    expression_t head;
    expression_t tail;
} filter_t;

static filter_t *filters[ATLINK_FILTER_MAX]; // the first `count` of them; few products use any
static size_t count;

// Copy a bracket expression as it is (a backslash is literal in it); returns its length, at
// least 1, so that an unclosed one is left to regcomp() to refuse.
static size_t bracket_length(const uint8_t *text, size_t len) {
    size_t i = 1;
    if (i < len && text[i] == '^') {
        i++;
    }
    if (i < len && text[i] == ']') {
        i++;
    }
    for (; i < len && text[i] != ']'; i++) {
        // [:class:], [.symbol.] and [=equivalence=] may hold a `]`.
        if (text[i] == '[' && i + 1 < len && strchr(":.=", text[i + 1]) != NULL) {
            uint8_t kind = text[i + 1];
            for (i += 2; i + 1 < len && !(text[i] == kind && text[i + 1] == ']'); i++) {
            }
            i++;
        }
    }
    return i < len ? i + 1 : len;
}

// Write the expression as a C string that every library reads alike: a backslash before a byte
// that POSIX gives no meaning to is dropped. glibc would take \+ \? \| \w and others of a BRE as
// operators, the chip's library takes them as plain characters.
static void normalise(const uint8_t *text, size_t len, bool extended, char *out) {
    const char *meant = extended ? "(){}.[]*^$\\+?|" : "(){}.[]*^$\\123456789";
    for (size_t i = 0; i < len;) {
        size_t n = 1;
        if (text[i] == '[') {
            n = bracket_length(text + i, len - i);
        } else if (text[i] == '\\' && i + 1 < len) {
            if (strchr(meant, text[i + 1]) != NULL) {
                n = 2;
            } else {
                i++;
            }
        }
        memcpy(out, text + i, n);
        out += n;
        i += n;
    }
    *out = '\0';
}

static int compile(expression_t *expression, atlink_regex_t source) {
    expression->len = 0;
    expression->flags = source.flags;
    if (source.len == 0) {
        return 0;
    }
    if (source.len > ATLINK_FILTER_TEXT_MAX || memchr(source.text, '\0', source.len) != NULL) {
        return EINVAL;
    }
    char pattern[ATLINK_FILTER_TEXT_MAX + 1];
    normalise(source.text, source.len, (source.flags & ATLINK_FILTER_EXTENDED) != 0, pattern);
    int flags = (source.flags & ATLINK_FILTER_EXTENDED ? REG_EXTENDED : 0)
        | (source.flags & ATLINK_FILTER_ICASE ? REG_ICASE : 0)
        | (source.flags & ATLINK_FILTER_LINES ? REG_NEWLINE : 0);
    int error = regcomp(&expression->compiled, pattern, flags);
    if (error != 0) {
        return error == REG_ESPACE ? ENOMEM : EINVAL;
    }
    memcpy(expression->text, source.text, source.len);
    expression->len = source.len;
    return 0;
}

static void release(expression_t *expression) {
    if (expression->len > 0) {
        regfree(&expression->compiled);
        expression->len = 0;
    }
}

static void drop(filter_t *filter) {
    release(&filter->head);
    release(&filter->tail);
    free(filter);
}

static bool is_source(const expression_t *expression, atlink_regex_t source) {
    return expression->len == source.len && expression->flags == source.flags
           && (source.len == 0 || memcmp(expression->text, source.text, source.len) == 0);
}

int atlink_filter_add(atlink_regex_t head, atlink_regex_t tail) {
    if (head.len == 0 && tail.len == 0) {
        return EINVAL;
    }
    if (count == ATLINK_FILTER_MAX) {
        return ENOMEM;
    }
    filter_t *filter = calloc(1, sizeof(*filter));
    if (filter == NULL) {
        return ENOMEM;
    }
    int error = compile(&filter->head, head);
    if (error == 0) {
        error = compile(&filter->tail, tail);
    }
    if (error != 0) {
        drop(filter);
        return error;
    }
    filters[count++] = filter;
    return 0;
}

bool atlink_filter_delete(atlink_regex_t head, atlink_regex_t tail) {
    for (size_t i = 0; i < count; i++) {
        filter_t *filter = filters[i];
        if (is_source(&filter->head, head) && is_source(&filter->tail, tail)) {
            drop(filter);
            count--;
            memmove(filters + i, filters + i + 1, (count - i) * sizeof(*filters));
            return true;
        }
    }
    return false;
}

void atlink_filter_clear(void) {
    while (count > 0) {
        drop(filters[--count]);
    }
}

size_t atlink_filter_count(void) {
    return count;
}

void atlink_filter_get(size_t index, atlink_regex_t *head, atlink_regex_t *tail) {
    const filter_t *filter = filters[index];
    *head = (atlink_regex_t) {filter->head.text, filter->head.len, filter->head.flags};
    *tail = (atlink_regex_t) {filter->tail.text, filter->tail.len, filter->tail.flags};
}

// Where an expression matches first; an absent one matches nothing anywhere. The message may
// hold NUL bytes, hence REG_STARTEND.
static bool find(const expression_t *expression, const uint8_t *message, size_t len,
    atlink_cut_t *cut) {
    *cut = (atlink_cut_t) {0, 0};
    if (expression->len == 0) {
        return true;
    }
    regmatch_t match = {.rm_so = 0, .rm_eo = len};
    if (regexec(&expression->compiled, (const char *)message, 1, &match, REG_STARTEND) != 0) {
        return false;
    }
    *cut = (atlink_cut_t) {match.rm_so, match.rm_eo};
    return true;
}

// Order two parts and give what they share to the first only.
static void untangle(atlink_cut_t cut[2]) {
    if (cut[1].from < cut[0].from) {
        atlink_cut_t first = cut[1];
        cut[1] = cut[0];
        cut[0] = first;
    }
    if (cut[1].from < cut[0].to) {
        cut[1].from = cut[0].to;
    }
    if (cut[1].to < cut[1].from) {
        cut[1].to = cut[1].from;
    }
}

bool atlink_filter_match(const uint8_t *message, size_t len, atlink_cut_t cut[2]) {
    for (size_t i = 0; i < count; i++) {
        if (find(&filters[i]->head, message, len, &cut[0])
            && find(&filters[i]->tail, message, len, &cut[1])) {
            untangle(cut);
            return cut[0].from < cut[0].to || cut[1].from < cut[1].to;
        }
    }
    return false;
}
