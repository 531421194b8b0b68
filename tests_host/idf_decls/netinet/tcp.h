// ESP-IDF v5.4: components/lwip/port/include/netinet/tcp.h
// Compared on 2026-11-21 with that header: it exists and leads to lwIP's own, by reading.
#ifndef DECL_NETINET_TCP_H
#define DECL_NETINET_TCP_H

#include "lwip/sockets.h"

#endif
