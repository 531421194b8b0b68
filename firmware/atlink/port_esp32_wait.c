// Where the main task sleeps on the chip: until the UART (port_esp32.c), the chip's events or a
// socket wakes it. No other task and no interrupt uses anything here but atlink_port_rouse() and
// atlink_port_wake(). Written against ESP-IDF v5.4.
#include <errno.h>
#include <stdbool.h>
#include <sys/select.h>
#include <unistd.h>

#include "esp_err.h"
#include "esp_timer.h"
#include "esp_vfs_eventfd.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "lwip/sockets.h"

#include "port.h"
#include "port_esp32.h"

#define TICK_US (1000000u / configTICK_RATE_HZ)
#define LINKS(mask) ((mask) >> ATLINK_LINK_FIRST)
#define POLL_US (20000u) // how often links are looked at while select() finds no memory

static TaskHandle_t main_task;
static uint32_t (*uart_events)(uint32_t want); // port_esp32.c's
static int wake_fd = -1; // an eventfd: a write ends select()
static volatile bool is_selecting; // the main task is about to sleep, or sleeps, in select()
static volatile bool chip_event; // atlink_port_wake() was called since the last look

uint64_t atlink_port_now_us(void) {
    return (uint64_t)esp_timer_get_time();
}

int atlink_port_wait_init(uint32_t (*uart_ready)(uint32_t want)) {
    uart_events = uart_ready;
    main_task = xTaskGetCurrentTaskHandle();
    if (wake_fd != -1) {
        return 0; // a soft reset of MicroPython
    }
    esp_vfs_eventfd_config_t config = ESP_VFS_EVENTD_CONFIG_DEFAULT();
    esp_err_t error = esp_vfs_eventfd_register(&config);
    if (error != ESP_OK && error != ESP_ERR_INVALID_STATE) { // the latter: registered already
        return error == ESP_ERR_NO_MEM ? ENOMEM : EIO;
    }
    wake_fd = eventfd(0, 0);
    return wake_fd == -1 ? errno : 0;
}

// What has happened was stored before this, and the main task looks at it after it said that it
// is about to select: so no wake-up is lost, and the eventfd is left alone while nobody selects.
void atlink_port_rouse(void) {
    if (main_task != NULL) {
        xTaskNotifyGive(main_task);
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (is_selecting) {
        uint64_t one = 1;
        write(wake_fd, &one, sizeof(one));
    }
}

void atlink_port_wake(void) {
    chip_event = true;
    atlink_port_rouse();
}

// What needs no waiting: bytes in the driver's ring, room on ours, an event of the chip.
static uint32_t look(uint32_t want) {
    uint32_t ready = uart_events(want);
    if ((want & ATLINK_EVENT) && chip_event) {
        chip_event = false; // before its cause is looked at, so that none is missed
        ready |= ATLINK_EVENT;
    }
    return ready;
}

typedef struct {
    fd_set read;
    fd_set write;
    int end; // one more than the greatest descriptor
} sets_t;

static void add(sets_t *sets, int fd, uint8_t events) {
    if (events & ATLINK_READ) {
        FD_SET(fd, &sets->read);
    }
    if (events & ATLINK_WRITE) {
        FD_SET(fd, &sets->write);
    }
    if (fd >= sets->end) {
        sets->end = fd + 1;
    }
}

static void collect(uint32_t want, const atlink_watch_t *watch, sets_t *sets) {
    FD_ZERO(&sets->read);
    FD_ZERO(&sets->write);
    sets->end = 0;
    for (uint32_t links = LINKS(want); links != 0; links &= links - 1) {
        int i = __builtin_ctz(links);
        add(sets, watch[i].fd, watch[i].events);
    }
}

static uint32_t ready_links(uint32_t want, const atlink_watch_t *watch, sets_t *sets) {
    uint32_t ready = 0;
    for (uint32_t links = LINKS(want); links != 0; links &= links - 1) {
        int i = __builtin_ctz(links);
        if (FD_ISSET(watch[i].fd, &sets->read) || FD_ISSET(watch[i].fd, &sets->write)) {
            ready |= ATLINK_LINK(i);
        }
    }
    return ready;
}

// A descriptor that select() refuses is not ours to judge: whoever reads it gets the error.
static uint32_t judge(int found, uint32_t want, const atlink_watch_t *watch, sets_t *sets) {
    return found > 0 ? ready_links(want, watch, sets)
           : found < 0 ? want & ~((1u << ATLINK_LINK_FIRST) - 1) : 0;
}

// lwIP's own select(), which with no time returns at once. ESP-IDF's needs memory and many locks,
// and without a socket it sleeps for a tick even then.
static uint32_t look_at_links(uint32_t want, const atlink_watch_t *watch) {
    sets_t sets;
    collect(want, watch, &sets);
    struct timeval now = {0, 0};
    return judge(lwip_select(sets.end, &sets.read, &sets.write, NULL, &now), want, watch, &sets);
}

static void sleep_until(uint64_t until_us);

// Sleep in ESP-IDF's select(), the only one that ends for sockets and for a wake-up. It needs
// memory: without (ENOMEM, or EINTR from its drivers), links are looked at now and then.
static uint32_t select_links(uint32_t want, const atlink_watch_t *watch, uint64_t until_us) {
    sets_t sets;
    collect(want, watch, &sets);
    add(&sets, wake_fd, ATLINK_READ);
    is_selecting = true;
    __atomic_thread_fence(__ATOMIC_SEQ_CST); // a second core would not see it before we look
    uint32_t ready = look(want);
    uint64_t now = atlink_port_now_us();
    uint64_t left = ready != 0 || until_us <= now ? 0 : until_us - now;
    struct timeval timeout = {.tv_sec = left / 1000000, .tv_usec = left % 1000000};
    bool forever = until_us == UINT64_MAX && ready == 0;
    int found = select(sets.end, &sets.read, &sets.write, NULL, forever ? NULL : &timeout);
    is_selecting = false;
    if (found < 0 && errno != EBADF) {
        uint64_t soon = now + POLL_US;
        if (ready == 0) {
            sleep_until(soon < until_us ? soon : until_us);
        }
        return ready | look_at_links(want, watch);
    }
    if (found > 0 && FD_ISSET(wake_fd, &sets.read)) {
        uint64_t count;
        read(wake_fd, &count, sizeof(count)); // an eventfd: all wake-ups at once
    }
    return ready | judge(found, want, watch, &sets);
}

// Sleep until somebody wakes the main task: ours, or MicroPython for what it has scheduled.
static void sleep_until(uint64_t until_us) {
    uint64_t now = atlink_port_now_us();
    TickType_t ticks = portMAX_DELAY;
    if (until_us != UINT64_MAX) {
        uint64_t left = until_us > now ? until_us - now : 0;
        uint64_t whole = (left + TICK_US - 1) / TICK_US; // a part of a tick is one: no busy loop
        ticks = whole < portMAX_DELAY ? (TickType_t)whole : portMAX_DELAY - 1;
    }
    ulTaskNotifyTake(pdTRUE, ticks);
}

uint32_t atlink_port_block(uint32_t want, const atlink_watch_t *watch, uint64_t until_us) {
    uint32_t ready = look(want);
    bool may_sleep = ready == 0 && until_us > atlink_port_now_us();
    if (LINKS(want) == 0) {
        if (may_sleep) {
            sleep_until(until_us);
        }
    } else if (may_sleep) {
        ready |= select_links(want, watch, until_us);
    } else {
        ready |= look_at_links(want, watch);
    }
    return ready | look(want);
}
