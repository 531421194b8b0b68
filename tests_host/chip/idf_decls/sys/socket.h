// ESP-IDF v5.4: components/lwip/port/esp32xx/include/sys/socket.h
// Compared on 2026-11-21 with that header: it exists and leads to lwIP's own, by reading.
// Sum of what follows when it was compared: cc69096f2a51
#ifndef DECL_SYS_SOCKET_H
#define DECL_SYS_SOCKET_H

#include "lwip/sockets.h"

#endif
