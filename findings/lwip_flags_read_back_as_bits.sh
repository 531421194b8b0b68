#!/usr/bin/env bash
# lwIP 2.1.3: getsockopt() of a flag that is on returns the stack's own bit, 4, 8 or 32, and not 1.
#
# SO_REUSEADDR, SO_KEEPALIVE and SO_BROADCAST that were set to 1 read back as the bit in which lwIP keeps them;
# TCP_NODELAY, a flag as well, reads back as 1. A test for "== 1", or a comparison with what was set, fails.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
for package in liblwip-dev liblwip0; do
    apt-get download -qq "$package=2.1.3+dfsg1-2" 2> apt.log || { cat apt.log; exit 1; }
    dpkg -x "$package"_*.deb lwip
done
library=$(dirname lwip/usr/lib/*/liblwip.so)
cat > try.c <<'END'
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef LWIP // one interface with an address, to which the stack talks as to itself
#include <lwip/netif.h>
#include <lwip/sockets.h>
#include <lwip/tcpip.h>
#define ON(call) lwip_##call
#define ADDRESS "10.0.0.1"

static err_t nowhere(struct netif *interface, struct pbuf *packet, const ip4_addr_t *to) {
    return ERR_OK;
}

static err_t prepare(struct netif *interface) {
    interface->mtu = 1500;
    interface->output = nowhere;
    return ERR_OK;
}

static void start(void *done) {
    static struct netif interface;
    ip4_addr_t own = { inet_addr(ADDRESS) }, mask = { htonl(0xff000000) }, gateway = { 0 };
    netif_add(&interface, &own, &mask, &gateway, NULL, prepare, tcpip_input);
    netif_set_default(&interface);
    netif_set_up(&interface);
    netif_set_link_up(&interface);
    *(volatile int *)done = 1;
}

static void stack(void) {
    volatile int done = 0;
    tcpip_init(start, (void *)&done);
    while (!done) {
        usleep(1000);
    }
}
#else
#define ON(call) call
#define ADDRESS "127.0.0.1"

static void stack(void) {
}
#endif

int main(void) {
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(45104) };
    peer.sin_addr.s_addr = inet_addr(ADDRESS);
    stack();
    struct { const char *name; int type, level, option; } flags[] = {
        { "SO_REUSEADDR", SOCK_STREAM, SOL_SOCKET, SO_REUSEADDR },
        { "SO_KEEPALIVE", SOCK_STREAM, SOL_SOCKET, SO_KEEPALIVE },
        { "SO_BROADCAST", SOCK_DGRAM, SOL_SOCKET, SO_BROADCAST },
        { "TCP_NODELAY", SOCK_STREAM, IPPROTO_TCP, TCP_NODELAY },
    };
    (void)peer;
    for (int i = 0; i < 4; i++) {
        int sock = ON(socket)(AF_INET, flags[i].type, 0), value = 1;
        socklen_t size = sizeof(value);
        ON(setsockopt)(sock, flags[i].level, flags[i].option, &value, size);
        value = -1;
        ON(getsockopt)(sock, flags[i].level, flags[i].option, &value, &size);
        printf("%s %d%s", flags[i].name, value, i < 3 ? ", " : "\n");
    }
    return 0;
}
END
gcc -w -DLWIP -Ilwip/usr/include -Ilwip/usr/include/lwip try.c -L"$library" -llwip -pthread -o with_lwip
gcc -w try.c -o with_linux
seen=$(
    LD_LIBRARY_PATH=$library ./with_lwip | sed 's/^/lwIP:  /'
    ./with_linux | sed 's/^/Linux: /'
)
echo "$seen"
diff <(echo "$seen") - <<'END'
lwIP:  SO_REUSEADDR 4, SO_KEEPALIVE 8, SO_BROADCAST 32, TCP_NODELAY 1
Linux: SO_REUSEADDR 1, SO_KEEPALIVE 1, SO_BROADCAST 1, TCP_NODELAY 1
END
