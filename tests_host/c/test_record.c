// What is taken for the head of a TLS record: every first byte, every version, lengths around the limit.
#include "check.h"
#include "net/record.h"

static bool is_head(int type, int major, int minor, int length) {
    const uint8_t head[ATLINK_RECORD_HEAD] = {
        (uint8_t)type, (uint8_t)major, (uint8_t)minor, (uint8_t)(length >> 8), (uint8_t)length,
    };
    return atlink_is_record_head(head);
}

int main(void) {
    for (int byte = 0; byte < 256; byte++) {
        CHECK(is_head(byte, 3, 3, 100) == (byte == 20 || byte == 21 || byte == 22 || byte == 23));
        CHECK(is_head(22, byte, 3, 100) == (byte == 3));
        CHECK(is_head(22, 3, byte, 100)); // Mbed TLS says which of them it speaks
    }
    for (int length = 0; length < 65536; length++) {
        CHECK(is_head(23, 3, 3, length) == (length <= 18432));
    }
    CHECK(!atlink_is_record_head((const uint8_t *)"HTTP/"));
    CHECK(!atlink_is_record_head((const uint8_t *)"220 m"));
    return CHECK_END();
}
