// esp-lwip 2.1.3-esp (f7922143): src/include/lwip/ip_addr.h
// esp-lwip 2.1.3-esp (f7922143): src/include/lwip/ip4_addr.h
// esp-lwip 2.1.3-esp (f7922143): src/include/lwip/ip6_addr.h
// Compared on 2026-11-30 with that header: all of it, by a compiler, ip_addr_isany by reading; IDF's own lwIP is a587d929.
// Sum of what follows when it was compared: 990c878e0882
#ifndef DECL_LWIP_IP_ADDR_H
#define DECL_LWIP_IP_ADDR_H

#include <stdint.h>

struct ip4_addr {
    uint32_t addr;
};
typedef struct ip4_addr ip4_addr_t;

struct ip6_addr {
    uint32_t addr[4];
};
typedef struct ip6_addr ip6_addr_t;

typedef struct ip_addr {
    union {
        ip6_addr_t ip6;
        ip4_addr_t ip4;
    } u_addr;
    uint8_t type;
} ip_addr_t;

int ipaddr_aton(const char *cp, ip_addr_t *addr);
int ip_addr_isany(const ip_addr_t *addr); // a macro there

#endif
