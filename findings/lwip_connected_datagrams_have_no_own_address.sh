#!/usr/bin/env bash
# lwIP 2.1.3: getsockname() of a connected UDP socket says 0.0.0.0.
#
# connect() of a datagram socket and getsockname() are how portable programs learn which of their addresses leads to a
# peer, without a packet. lwIP finds the way anew with each datagram: after connect(), and after sending as well, the own
# port is there and the address is not. A TCP socket has both.
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
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(45106) };
    peer.sin_addr.s_addr = inet_addr(ADDRESS);
    stack();
    int listener = ON(socket)(AF_INET, SOCK_STREAM, 0);
    ON(bind)(listener, (struct sockaddr *)&peer, sizeof(peer));
    ON(listen)(listener, 1);
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in own = { 0 };
        socklen_t size = sizeof(own);
        int sock = ON(socket)(AF_INET, i ? SOCK_DGRAM : SOCK_STREAM, 0);
        ON(connect)(sock, (struct sockaddr *)&peer, sizeof(peer));
        ON(send)(sock, "x", 1, 0);
        ON(getsockname)(sock, (struct sockaddr *)&own, &size);
        printf("%s own port: %s, own address: %s%s", i ? "UDP" : "TCP", own.sin_port ? "yes" : "no",
            own.sin_addr.s_addr == peer.sin_addr.s_addr ? "yes" : inet_ntoa(own.sin_addr), i ? "\n" : "; ");
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
lwIP:  TCP own port: yes, own address: yes; UDP own port: yes, own address: 0.0.0.0
Linux: TCP own port: yes, own address: yes; UDP own port: yes, own address: yes
END
