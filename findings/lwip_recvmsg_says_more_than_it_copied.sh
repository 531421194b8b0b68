#!/usr/bin/env bash
# lwIP 2.1.3: recvmsg() of a datagram returns more bytes than it put into the buffer.
#
# recv() and recvfrom() return what was copied. recvmsg() returns the length of the whole datagram, with MSG_TRUNC in
# msg_flags, even if nobody passed MSG_TRUNC as a flag; elsewhere its result never exceeds the buffer. Who goes on with
# the returned number of bytes reads behind the end of the buffer.
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
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(45102) };
    peer.sin_addr.s_addr = inet_addr(ADDRESS);
    stack();
    char buffer[4] = "";
    struct iovec piece = { buffer, 3 };
    struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };
    int reader = ON(socket)(AF_INET, SOCK_DGRAM, 0), writer = ON(socket)(AF_INET, SOCK_DGRAM, 0);
    ON(bind)(reader, (struct sockaddr *)&peer, sizeof(peer));
    for (int i = 0; i < 2; i++) {
        ON(sendto)(writer, "0123456789", 10, 0, (struct sockaddr *)&peer, sizeof(peer));
    }
    usleep(200000);
    printf("10 bytes into 3: recv %d, ", (int)ON(recv)(reader, buffer, 3, 0));
    int got = (int)ON(recvmsg)(reader, &message, 0);
    printf("recvmsg %d, truncated %d\n", got, (message.msg_flags & MSG_TRUNC) != 0);
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
lwIP:  10 bytes into 3: recv 3, recvmsg 10, truncated 1
Linux: 10 bytes into 3: recv 3, recvmsg 3, truncated 1
END
