// Well-formed command lines, by example: a table of eight commands.
#include "check.h"
#include "core/line.h"

static const atlink_param_t params[] = {
    {ATLINK_PARAM_LINK, ATLINK_DEFAULT_NEEDED, 0, 0, 0, 4},
    {ATLINK_PARAM_INT, ATLINK_DEFAULT_NEEDED, 0, 0, -5, 8192},
    {ATLINK_PARAM_STR, ATLINK_DEFAULT_NONE, 0, 0, 1, 8},
    {ATLINK_PARAM_PICK, ATLINK_DEFAULT_NUMBER, 0, 3, 1 << 1 | 1 << 3, 0},
    {ATLINK_PARAM_WORD, ATLINK_DEFAULT_NEEDED, 0, 0, 0, 0},
    {ATLINK_PARAM_INT, ATLINK_DEFAULT_HIGH, 0, 0, 0, 65535},
    {ATLINK_PARAM_CHOICE, ATLINK_DEFAULT_NUMBER, 1, 1, 1, 2}, // behind "TCP": list 4, "UDP": 5
    {ATLINK_PARAM_IP, ATLINK_DEFAULT_NEEDED, 0, 0, 0, 0},
    {ATLINK_PARAM_MAC, ATLINK_DEFAULT_NEEDED, 0, 0, 0, 0},
    {ATLINK_PARAM_PICK, ATLINK_DEFAULT_NEEDED, 3, 0, 1 << 0 | 1 << 5, 0}, // 0: list 0, 5: list 4
    {ATLINK_PARAM_OTHER, ATLINK_DEFAULT_NEEDED, 0, 0, 0, 0},
};
static const uint8_t members[] = {0, 1, 2, 3, 3, 4, 5, 7, 8, 0, 6, 9, 10};
static const uint16_t lists[] = {0, 0, 3, 5, 7, 8, 9, 11, 12, 13};
static const uint8_t branches[] = {0, 4, 5, 0, 4};
static const char *const choices[] = {"X", "TCP", "UDP"};
static const atlink_command_t rows[] = {
    {0, 0}, // AT, no parameters
    {0, 1}, // AT+A=link,int,str
    {2, 2}, // AT+B=pick,pick
    {4, 6}, // AT+C=link,"TCP",ip or "UDP",mac
    {6, 7}, // AT+D=0 or 5,ip
    {8, 8}, // AT+O
    {10, 3}, // AT+W=word,int
    {12, ATLINK_NO_PARAMS}, // AT+LONG
    {17, ATLINK_NO_PARAMS},
};
static const atlink_commands_t table = {
    "+A+B+C+D+O+W+LONG", rows, lists, members, params, branches, choices, 8,
};

static atlink_line_t line;
static atlink_value_t values[3];

static bool split(const char *text) {
    return atlink_line_split((const uint8_t *)text, strlen(text), &line);
}

static int find(const char *name) {
    return atlink_command_find(&table, (const uint8_t *)name, strlen(name));
}

static int bind(const char *name, const char *text, bool mux) {
    return atlink_command_bind(&table, find(name), (const uint8_t *)text, strlen(text), mux, values);
}

static void forms(void) {
    CHECK(split("AT") && line.form == ATLINK_FORM_RUN && line.name_len == 0);
    CHECK(split("ATE0") && line.form == ATLINK_FORM_RUN);
    CHECK_BYTES(line.name, line.name_len, "E0");
    CHECK(split("AT+A?") && line.form == ATLINK_FORM_QUERY);
    CHECK_BYTES(line.name, line.name_len, "+A");
    CHECK(split("AT?") && line.form == ATLINK_FORM_QUERY && line.name_len == 0);
    CHECK(split("AT+A=1=?") && line.form == ATLINK_FORM_SET);
    CHECK_BYTES(line.text, line.text_len, "1=?");
    CHECK(split("AT+A=") && line.form == ATLINK_FORM_SET && line.text_len == 0);
    CHECK(!split("AT+A=?"));
    CHECK(!split("at+A") && !split("A") && !split("") && !split(" AT"));
}

static void names(void) {
    CHECK(find("") == 0 && find("+A") == 1 && find("+B") == 2 && find("+LONG") == 7);
    CHECK(find("+X") == -1 && find("+") == -1 && find("+LON") == -1 && find("+LONGER") == -1);
}

static void numbers_and_links(void) {
    CHECK(bind("+A", "3,64", true) == 3);
    CHECK(values[0].number == 3 && values[1].number == 64 && values[2].kind == ATLINK_VALUE_NONE);
    CHECK(bind("+A", "64", false) == 3);
    CHECK(values[0].number == 0 && values[1].number == 64);
    CHECK(bind("+A", " 64 ,", false) == 3);
    CHECK(bind("+A", "0x40", false) == 3 && values[1].number == 64);
    CHECK(bind("+A", "-5", false) == 3 && values[1].number == -5);
    CHECK(bind("+A", "+5", false) == 3 && values[1].number == 5);
    static const char *const refused[] = {
        "", ",", "-6", "8193", "5,64", "64,,,", "\"64\"", "6 4", "0x", "-", "+-5", "64x", "0x1g",
        "00000000064", "0x100000064", "64,\"a\",1", "64,\"a\",,",
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); ++i) {
        CHECK(bind("+A", refused[i], false) == -1);
    }
    CHECK(bind("+A", "5,64", true) == -1);
}

static void texts(void) {
    uint8_t out[8];
    CHECK(bind("+A", "1,\"name\"", false) == 3 && values[2].kind == ATLINK_VALUE_TEXT);
    CHECK_BYTES(values[2].raw, values[2].len, "name");
    CHECK(bind("+A", "1, \"a\\,b\\\\\\\"c\" ,", false) == 3 && values[2].len == 6);
    atlink_value_text(&values[2], out);
    CHECK_BYTES(out, values[2].len, "a,b\\\"c");
    static const char *const refused[] = {
        "1,name", "1,\"\"", "1,\"name", "1,\"name\\", "1,\"name\\\"", "1,\"a,b\"", "1,\"a\"b",
        "1,\"123456789\"", "1,\"a\",\"b\"",
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); ++i) {
        CHECK(bind("+A", refused[i], false) == -1);
    }
    CHECK(bind("+A", "1,\"12345678\"", false) == 3);
    CHECK(bind("+A", "1,\"\\1\\2\\3\\4\\5\\6\\7\\8\"", false) == 3 && values[2].len == 8);
}

static void picks(void) {
    CHECK(bind("+B", "1,3", false) == 2 && values[0].number == 1 && values[1].number == 3);
    CHECK(bind("+B", "", false) == 2 && values[0].number == 3 && values[1].number == 3);
    CHECK(bind("+B", ",1", false) == 2 && values[0].number == 3 && values[1].number == 1);
    CHECK(bind("+B", "2", false) == -1 && bind("+B", "-1", false) == -1);
    CHECK(bind("+B", "33", false) == -1 && bind("+B", "1,3,1", false) == -1);
    CHECK(bind("", "", false) == 0 && bind("", ",", false) == -1 && bind("", "1", false) == -1);
    CHECK(bind("+LONG", "1", false) == -1);
}

static void words(void) {
    CHECK(bind("+W", "4294967295", false) == 2 && values[0].kind == ATLINK_VALUE_WORD);
    CHECK((uint32_t)values[0].number == UINT32_MAX && values[1].number == 65535);
    CHECK(bind("+W", "0xFFFFFFFF,0", false) == 2 && values[1].number == 0);
    CHECK(bind("+W", "0", false) == 2 && values[0].number == 0);
    CHECK(bind("+W", "4294967296", false) == -1 && bind("+W", "-1", false) == -1);
    CHECK(bind("+W", "", false) == -1 && bind("+W", "1,65536", false) == -1);
}

static void choices_and_branches(void) {
    CHECK(bind("+C", "\"tCp\",\"10.0.0.255\"", false) == 3 && values[1].kind == ATLINK_VALUE_NAME);
    CHECK_BYTES(values[1].raw, values[1].len, "TCP");
    CHECK(values[2].kind == ATLINK_VALUE_NAME);
    CHECK_BYTES(values[2].raw, values[2].len, "10.0.0.255");
    CHECK(bind("+C", "4,\"UDP\",\"00:1a:2b:3c:4d:ef\"", true) == 3 && values[1].choice == 1);
    CHECK(bind("+C", ",\"00:1a:2b:3c:4d:ef\"", false) == 3 && values[1].choice == 1);
    static const char *const refused[] = {
        "\"TCP\"", "\"TC\",\"1.2.3.4\"", "\"TCPX\",\"1.2.3.4\"", "\"\",\"1.2.3.4\"", "TCP,\"1.2.3.4\"",
        "\"T\\CP\",\"1.2.3.4\"", "\"TCP\",\"1.2.3.4\",1", "\"TCP\",1.2.3.4", "\"TCP\",\"01.2.3.4\"",
        "\"TCP\",\"1.2.3.256\"", "\"TCP\",\"1.2.3\"", "\"TCP\",\"1.2.3.4.5\"", "\"TCP\",\"1.2.3.\"",
        "\"TCP\",\"1..2.3\"", "\"TCP\",\"1.2.3.4.\"", "\"TCP\",\"1.2.3.4 \"", "\"TCP\",\"\"",
        "\"TCP\",\"1.2.3.0004\"", "\"TCP\",\"1.2.3\\.4\"", "\"UDP\",\"00:1A:2b:3c:4d:ef\"",
        "\"UDP\",\"00:1a:2b:3c:4d:e\"", "\"UDP\",\"00-1a-2b-3c-4d-ef\"", "\"UDP\",\"00:1a:2b:3c:4d:eff\"",
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); ++i) {
        CHECK(bind("+C", refused[i], false) == -1);
    }
    CHECK(bind("+D", "0", false) == 1 && values[0].choice == 0);
    CHECK(bind("+D", "0,", false) == 1 && bind("+D", "0,1", false) == -1);
    CHECK(bind("+D", "5,\"0.0.0.0\"", false) == 2 && values[0].number == 5 && values[0].choice == 1);
    CHECK(bind("+D", "5", false) == -1 && bind("+D", "1", false) == -1 && bind("+D", "", false) == -1);
    CHECK(bind("+O", "1", false) == -1 && bind("+O", "", false) == -1);
}

static bool is_simple(const char *name) {
    return atlink_name_is_simple((const uint8_t *)name, strlen(name));
}

static void unknown_names(void) {
    CHECK(is_simple("") && is_simple("+A") && is_simple("~ !") && is_simple("CUR"));
    CHECK(!is_simple("+A\x1f") && !is_simple("\x7f") && !is_simple("+\xc3\xa4"));
    CHECK(!is_simple("+A_CUR") && !is_simple("_DEF") && is_simple("+A_CURE") && is_simple("_CU"));
}

int main(void) {
    forms();
    unknown_names();
    names();
    numbers_and_links();
    texts();
    picks();
    words();
    choices_and_branches();
    return CHECK_END();
}
