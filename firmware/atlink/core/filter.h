// Message filter (AT+SYSMSGFILTERCFG): POSIX basic regular expressions that cut bytes out of
// messages. Owns the table of filters; when filtering is on, and what a message is, are the
// caller's. Memory is taken by regcomp() and regexec() alone.
#ifndef ATLINK_CORE_FILTER_H
#define ATLINK_CORE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Longest expression, and the number of filters.
#define ATLINK_FILTER_TEXT_MAX (64)
#define ATLINK_FILTER_MAX (16)

// How an expression is read, a sum: by the rules of extended ones, without regard to case, with ^ and
// $ at the lines within a message.
#define ATLINK_FILTER_EXTENDED (1)
#define ATLINK_FILTER_ICASE (2)
#define ATLINK_FILTER_LINES (4)

// One expression: 0 to 64 bytes, none of them NUL. No bytes: not checked.
typedef struct {
    const uint8_t *text;
    size_t len;
    uint8_t flags;
} atlink_regex_t;

// A part of a message; empty if from == to.
typedef struct {
    size_t from;
    size_t to;
} atlink_cut_t;

// Add a filter behind the others. Returns 0, EINVAL (malformed, too long, both empty) or ENOMEM.
int atlink_filter_add(atlink_regex_t head, atlink_regex_t tail);

// Delete the first filter with these expressions; false if there is none.
bool atlink_filter_delete(atlink_regex_t head, atlink_regex_t tail);

void atlink_filter_clear(void);
size_t atlink_filter_count(void);
void atlink_filter_get(size_t index, atlink_regex_t *head, atlink_regex_t *tail);

// Find what the first matching filter takes out of a message: up to two parts, in order, not
// overlapping. Returns false if there is nothing to take out.
bool atlink_filter_match(const uint8_t *message, size_t len, atlink_cut_t cut[2]);

#endif // ATLINK_CORE_FILTER_H
