// newlib 4.3.0: newlib/libc/include/regex.h
// Compared on 2026-11-29 with that header: what is used, by reading; like it, it brings no <sys/types.h>.
// Sum of what follows when it was compared: 695acc5bde5a
#ifndef DECL_REGEX_H
#define DECL_REGEX_H

#define REG_EXTENDED 0001
#define REG_ICASE 0002
#define REG_NEWLINE 0010
#define REG_STARTEND 00004
#define REG_ESPACE 12

typedef off_t regoff_t;

typedef struct {
    int re_magic;
    size_t re_nsub;
    const char *re_endp;
    struct re_guts *re_g;
} regex_t;

typedef struct {
    regoff_t rm_so;
    regoff_t rm_eo;
} regmatch_t;

int regcomp(regex_t *restrict preg, const char *restrict pattern, int cflags);
int regexec(const regex_t *restrict preg, const char *restrict str, size_t nmatch, regmatch_t
    pmatch[restrict], int eflags);
void regfree(regex_t *preg);

#endif
