#!/usr/bin/env bash
# lwIP 2.1.3: after the end of a stream only the first recv() returns 0, the next one is an error.
#
# A peer that shuts down its sending side leaves a connection over which one may still send. Every recv() after the end
# returns 0 on Linux. With lwIP it does once; from then on it is ENOTCONN, although the connection stands and data still
# goes the other way. A reader that is called again after the end, by a buffer that wants to be filled for example, takes
# that for a broken connection.
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
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(45103) };
    peer.sin_addr.s_addr = inet_addr(ADDRESS);
    stack();
    char buffer[8];
    int listener = ON(socket)(AF_INET, SOCK_STREAM, 0), client = ON(socket)(AF_INET, SOCK_STREAM, 0);
    ON(bind)(listener, (struct sockaddr *)&peer, sizeof(peer));
    ON(listen)(listener, 1);
    ON(connect)(client, (struct sockaddr *)&peer, sizeof(peer));
    int server = ON(accept)(listener, NULL, NULL);
    ON(shutdown)(server, SHUT_WR);
    usleep(200000);
    for (int i = 1; i <= 2; i++) {
        int got = (int)ON(recv)(client, buffer, sizeof(buffer), 0);
        printf("recv %d: %d%s, ", i, got, got < 0 && errno == ENOTCONN ? " ENOTCONN" : "");
    }
    ON(send)(client, "data", 4, 0);
    usleep(200000);
    printf("the other way: %d bytes\n", (int)ON(recv)(server, buffer, sizeof(buffer), 0));
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
lwIP:  recv 1: 0, recv 2: -1 ENOTCONN, the other way: 4 bytes
Linux: recv 1: 0, recv 2: 0, the other way: 4 bytes
END
