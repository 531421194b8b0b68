#!/usr/bin/env bash
# lwIP 2.1.3: neither FIONREAD nor MSG_TRUNC tells how long the next datagram is.
#
# A program that wants to read datagrams whole, and no larger buffer than it needs, asks ioctl(FIONREAD) or peeks with
# MSG_TRUNC. On Linux both answer with the length of the datagram that is next. lwIP adds up all that wait, so two small
# ones look like one; and it takes no notice of MSG_TRUNC, so the answer is the size of the caller's buffer.
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
#include <sys/ioctl.h>
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
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(45101) };
    peer.sin_addr.s_addr = inet_addr(ADDRESS);
    stack();
    char buffer[3];
    int waiting = -1;
    int reader = ON(socket)(AF_INET, SOCK_DGRAM, 0), writer = ON(socket)(AF_INET, SOCK_DGRAM, 0);
    ON(bind)(reader, (struct sockaddr *)&peer, sizeof(peer));
    ON(sendto)(writer, "0123456789", 10, 0, (struct sockaddr *)&peer, sizeof(peer));
    ON(sendto)(writer, "01234", 5, 0, (struct sockaddr *)&peer, sizeof(peer));
    usleep(200000);
    ON(ioctl)(reader, FIONREAD, &waiting);
    printf("datagrams of 10 and 5 bytes wait: FIONREAD %d, ", waiting);
    printf("MSG_PEEK | MSG_TRUNC with a buffer of 3: %d\n",
        (int)ON(recv)(reader, buffer, sizeof(buffer), MSG_PEEK | MSG_TRUNC));
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
lwIP:  datagrams of 10 and 5 bytes wait: FIONREAD 15, MSG_PEEK | MSG_TRUNC with a buffer of 3: 3
Linux: datagrams of 10 and 5 bytes wait: FIONREAD 10, MSG_PEEK | MSG_TRUNC with a buffer of 3: 10
END
