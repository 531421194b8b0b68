// ESP-IDF v5.4: components/lwip/include/apps/dhcpserver/dhcpserver.h
// Compared on 2026-11-21 with that header: prototypes, constants and fields, by a compiler that saw both.
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
