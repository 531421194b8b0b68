// Socket options of links: AT+CIPTCPOPT's, keep-alive, what servers and datagrams need.
//
// Owns the numbers of atnet.setopt() and getopt() and what they are called in the stacks. Linger
// and send time-out are kept in the link, because close() and send() must not wait in the stack.

#include <string.h>

#include "net.h"
#include "route.h"

#define LINGER_MAX_S (32767) // a 16-bit number in lwIP

// level 0: IPPROTO_IP or IPPROTO_IPV6, by the family of the link
typedef struct _option_t {
    uint8_t option;
    int level;
    int name;
    int name_v6;
} option_t;

static const option_t options[] = {
    { ATLINK_OPT_NODELAY, IPPROTO_TCP, TCP_NODELAY, TCP_NODELAY },
    { ATLINK_OPT_KEEPALIVE, SOL_SOCKET, SO_KEEPALIVE, SO_KEEPALIVE },
    { ATLINK_OPT_KEEP_IDLE, IPPROTO_TCP, TCP_KEEPIDLE, TCP_KEEPIDLE },
    { ATLINK_OPT_KEEP_INTERVAL, IPPROTO_TCP, TCP_KEEPINTVL, TCP_KEEPINTVL },
    { ATLINK_OPT_KEEP_COUNT, IPPROTO_TCP, TCP_KEEPCNT, TCP_KEEPCNT },
    { ATLINK_OPT_REUSE_ADDRESS, SOL_SOCKET, SO_REUSEADDR, SO_REUSEADDR },
    { ATLINK_OPT_BROADCAST, SOL_SOCKET, SO_BROADCAST, SO_BROADCAST },
    { ATLINK_OPT_V6ONLY, IPPROTO_IPV6, IPV6_V6ONLY, IPV6_V6ONLY },
    { ATLINK_OPT_HOPS, 0, IP_TTL, IPV6_UNICAST_HOPS },
    { ATLINK_OPT_MULTICAST_HOPS, 0, IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS },
    { ATLINK_OPT_MULTICAST_LOOP, 0, IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP },
};

static const option_t *find(int option) {
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); ++i) {
        if (options[i].option == option) {
            return &options[i];
        }
    }
    return NULL;
}

static int level_of(const atlink_link_t *link, const option_t *item) {
    if (item->level != 0) {
        return item->level;
    }
    return link->family == 6 ? IPPROTO_IPV6 : IPPROTO_IP;
}

static int set_linger(atlink_link_t *link, int32_t seconds) {
    link->linger_s = seconds < 0 ? -1 : seconds > LINGER_MAX_S ? LINGER_MAX_S : seconds;
    return net_set_linger(link->fd, (int)link->linger_s) == 0 ? 0
        : atlink_net_fail_errno(link, errno);
}

int atlink_net_setopt(atlink_link_t *link, int option, int32_t value) {
    if (option == ATLINK_OPT_LINGER && link->kind == ATLINK_NET_TCP) {
        return set_linger(link, value);
    }
    if (option == ATLINK_OPT_SEND_TIMEOUT) {
        link->send_timeout_ms = value < 0 ? 0 : (uint32_t)value;
        return 0;
    }
    const option_t *item = find(option);
    if (item == NULL) {
        return atlink_net_fail_errno(link, ENOPROTOOPT);
    }
    int number = (int)value;
    uint8_t small = (uint8_t)value; // lwIP takes the two IPv4 multicast options as one byte only
    bool byte = link->family == 4
        && (option == ATLINK_OPT_MULTICAST_HOPS || option == ATLINK_OPT_MULTICAST_LOOP);
    int result = setsockopt(link->fd, level_of(link, item),
        link->family == 6 ? item->name_v6 : item->name,
        byte ? (const void *)&small : (const void *)&number,
        byte ? sizeof(small) : sizeof(number));
    return result == 0 ? 0 : atlink_net_fail_errno(link, errno);
}

int atlink_net_getopt(atlink_link_t *link, int option, int32_t *value) {
    if (option == ATLINK_OPT_LINGER && link->kind == ATLINK_NET_TCP) {
        *value = link->linger_s;
        return 0;
    }
    if (option == ATLINK_OPT_SEND_TIMEOUT) {
        *value = (int32_t)link->send_timeout_ms;
        return 0;
    }
    const option_t *item = find(option);
    if (item == NULL) {
        return atlink_net_fail_errno(link, ENOPROTOOPT);
    }
    union {
        int number;
        uint8_t small;
    } got = { 0 };
    socklen_t size = sizeof(got);
    if (getsockopt(link->fd, level_of(link, item), link->family == 6 ? item->name_v6 : item->name,
        &got, &size) != 0) {
        return atlink_net_fail_errno(link, errno);
    }
    *value = size == sizeof(got.small) ? got.small : got.number;
    return 0;
}

static int group_v6(atlink_link_t *link, bool join, const atlink_addr_t *group) {
    struct ipv6_mreq request;
    memset(&request, 0, sizeof(request));
    request.ipv6mr_multiaddr = group->sa.v6.sin6_addr;
    request.ipv6mr_interface = group->sa.v6.sin6_scope_id;
    #ifdef IPV6_MULTICAST_IF
    int index = (int)group->sa.v6.sin6_scope_id;
    if (join && index != 0) {
        setsockopt(link->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof(index));
    }
    #endif
    return setsockopt(link->fd, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &request,
        sizeof(request));
}

static int group_v4(atlink_link_t *link, bool join, const atlink_addr_t *group,
    const atlink_addr_t *interface) {
    struct ip_mreq request;
    memset(&request, 0, sizeof(request));
    request.imr_multiaddr = group->sa.v4.sin_addr;
    request.imr_interface = interface->sa.v4.sin_addr;
    if (join && request.imr_interface.s_addr != 0) {
        setsockopt(link->fd, IPPROTO_IP, IP_MULTICAST_IF, &request.imr_interface,
            sizeof(request.imr_interface));
    }
    return atlink_route_setsockopt(link->fd, IPPROTO_IP,
        join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &request, sizeof(request));
}

// Join or leave a multicast group and, at joining, send through the same interface: IPv4 by the
// interface's own address, IPv6 by the zone of the group.
int atlink_net_group(atlink_link_t *link, bool join, const atlink_addr_t *group,
    const atlink_addr_t *interface) {
    int result = link->family == 6 ? group_v6(link, join, group)
        : group_v4(link, join, group, interface);
    return result == 0 ? 0 : atlink_net_fail_errno(link, errno);
}
