// ESP-IDF v5.4: components/lwip/include/apps/dhcpserver/dhcpserver.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: ec166cf0fd8a
#ifndef DECL_DHCPSERVER_DHCPSERVER_H
#define DECL_DHCPSERVER_DHCPSERVER_H

#include <stdbool.h>

#include "lwip/ip_addr.h"

typedef struct {
    bool enable;
    ip4_addr_t start_ip;
    ip4_addr_t end_ip;
} dhcps_lease_t;

#endif
