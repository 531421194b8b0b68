// ESP-IDF v5.4: components/lwip/port/include/netinet/tcp.h
// Compared on 2026-11-21 with that header: it exists and leads to lwIP's own, by reading.
// Sum of what follows when it was compared: 6ae61e57ee44
#ifndef DECL_NETINET_TCP_H
#define DECL_NETINET_TCP_H

#include "lwip/sockets.h"

#endif
