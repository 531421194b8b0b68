// ESP-IDF v5.4: components/lwip/port/include/netinet/in.h
// Compared on 2026-11-21 with that header: it exists and leads to lwIP's own, by reading.
// Sum of what follows when it was compared: 0ce60971eba7
#ifndef DECL_NETINET_IN_H
#define DECL_NETINET_IN_H

#include "lwip/sockets.h"

#endif
