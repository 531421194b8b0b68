// ESP-IDF v5.4: components/lwip/port/include/arpa/inet.h
// Compared on 2026-11-21 with that header: it exists and leads to lwIP's own, by reading.
// Sum of what follows when it was compared: 88a33239466f
#ifndef DECL_ARPA_INET_H
#define DECL_ARPA_INET_H

#include "lwip/sockets.h"

#endif
