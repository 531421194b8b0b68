// Groups of datagrams in the network on the loopback interface (port_unix_route.c).

#include "route.h"
#include "route_table.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <unistd.h>

// A socket at home hears no group on Linux: another one, bound to the group's address on the
// loopback interface, takes its place behind the same descriptor.
static int join_group(int fd, const struct ip_mreq *request) {
    address_t own;
    socklen_t size = sizeof(own);
    int on = 1;
    int group = socket(AF_INET, SOCK_DGRAM, 0);
    if (group < 0 || getsockname(fd, &own.any, &size) != 0) {
        return -1;
    }
    struct in_addr home = { .s_addr = route_home() };
    struct ip_mreq there = { .imr_multiaddr = request->imr_multiaddr, .imr_interface = home };
    own.v4.sin_addr = request->imr_multiaddr;
    bool good = setsockopt(group, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0
        && bind(group, &own.any, sizeof(own.v4)) == 0
        && setsockopt(group, IPPROTO_IP, IP_ADD_MEMBERSHIP, &there, sizeof(there)) == 0
        && setsockopt(group, IPPROTO_IP, IP_MULTICAST_IF, &home, sizeof(home)) == 0
        && fcntl(group, F_SETFL, fcntl(fd, F_GETFL, 0)) == 0
        && dup2(group, fd) >= 0;
    close(group);
    return good ? 0 : -1;
}

int atlink_route_setsockopt(int fd, int level, int name, const void *value, socklen_t len) {
    if (route_home() != 0 && level == IPPROTO_IP && name == IP_ADD_MEMBERSHIP) {
        return join_group(fd, value);
    }
    return setsockopt(fd, level, name, value, len);
}
