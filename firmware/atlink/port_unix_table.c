// The table of routes on the loopback interface. See route_table.h.
#include "route_table.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define ROUTES (32)

static route_t routes[ROUTES];
static int route_count;
static struct in_addr home; // 0.0.0.0: nothing is routed
static bool is_loaded;

// Read "host:port" up to `end`; the host may be an IPv6 address and, if `any` is given, "*".
static bool parse_end(char *text, address_t *addr, bool *any) {
    char *colon = strrchr(text, ':');
    if (colon == NULL) {
        return false;
    }
    *colon = '\0';
    uint16_t port = htons((uint16_t)atoi(colon + 1));
    if (any != NULL && strcmp(text, "*") == 0) {
        *any = true;
        addr->v4.sin_family = AF_INET;
        addr->v4.sin_port = port;
        return true;
    }
    if (inet_pton(AF_INET, text, &addr->v4.sin_addr) == 1) {
        addr->v4.sin_family = AF_INET;
        addr->v4.sin_port = port;
        return true;
    }
    addr->v6.sin6_family = AF_INET6;
    addr->v6.sin6_port = port;
    return inet_pton(AF_INET6, text, &addr->v6.sin6_addr) == 1;
}

static void parse_word(char *word) {
    char *equals = strchr(word, '=');
    if (equals == NULL) {
        return;
    }
    *equals = '\0';
    if (strcmp(word, "home") == 0) {
        inet_pton(AF_INET, equals + 1, &home);
        return;
    }
    route_t route = { .type = strncmp(word, "udp/", 4) == 0 ? SOCK_DGRAM : SOCK_STREAM };
    if (route_count < ROUTES && parse_end(word + 4, &route.from, &route.everywhere)
        && parse_end(equals + 1, &route.to, NULL)) {
        routes[route_count++] = route;
    }
}

static void load(void) {
    is_loaded = true;
    const char *text = getenv("ATLINK_ROUTES");
    char *copy = text != NULL ? strdup(text) : NULL;
    if (copy == NULL) {
        return;
    }
    char *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        parse_word(word);
    }
    free(copy);
}

in_addr_t route_home(void) {
    if (!is_loaded) {
        load();
    }
    return home.s_addr;
}

const route_t *route_find(int type, const address_t *to) {
    for (int i = 0; i < route_count; ++i) {
        const route_t *route = &routes[i];
        if (route->type == type && port_of(&route->from) == port_of(to)
            && to->any.sa_family == route->to.any.sa_family
            && (route->everywhere || same_host(&route->from, to))) {
            return route;
        }
    }
    return NULL;
}
