// MicroPython without threads, as on the other board.
#include "../ESP32_S2_MINI_AT/mpconfigat.h"
