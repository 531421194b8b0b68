// The chip's sleep (port_esp32_wait.c) on threads of this PC: a task notification is a counter
// with a condition, the eventfd and select() are the real ones. No wake-up may be lost.
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "esp_timer.h"
#include "esp_vfs_eventfd.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "port.h"
#include "port_esp32.h"

#define ROUNDS (20000)

// FreeRTOS, as far as it is used.

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t given = PTHREAD_COND_INITIALIZER;
static uint32_t notifications;

TaskHandle_t xTaskGetCurrentTaskHandle(void) {
    return (TaskHandle_t)&notifications;
}

BaseType_t xTaskNotifyGive(TaskHandle_t task) {
    (void)task;
    pthread_mutex_lock(&lock);
    notifications += 1;
    pthread_cond_signal(&given);
    pthread_mutex_unlock(&lock);
    return pdPASS;
}

uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t ticks) {
    (void)clear;
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    uint64_t ns = (uint64_t)end.tv_nsec + (uint64_t)ticks * (1000000000 / configTICK_RATE_HZ);
    end.tv_sec += ns / 1000000000;
    end.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&lock);
    while (notifications == 0 && ticks != 0
        && (ticks == portMAX_DELAY ? pthread_cond_wait(&given, &lock)
        : pthread_cond_timedwait(&given, &lock, &end)) == 0) {
    }
    uint32_t had = notifications;
    notifications = 0;
    pthread_mutex_unlock(&lock);
    return had;
}

esp_err_t esp_vfs_eventfd_register(const esp_vfs_eventfd_config_t *config) {
    (void)config;
    return ESP_OK;
}

int lwip_select(int n, fd_set *reading, fd_set *writing, fd_set *failing, struct timeval *time) {
    return select(n, reading, writing, failing, time);
}

// ESP-IDF's select() needs memory; the linker puts this in its place.

static volatile int select_fails; // with this errno
static volatile unsigned selects;

int __real_select(int n, fd_set *reading, fd_set *writing, fd_set *failing, struct timeval *time);
int __wrap_select(int n, fd_set *reading, fd_set *writing, fd_set *failing, struct timeval *time);
int __wrap_select(int n, fd_set *reading, fd_set *writing, fd_set *failing, struct timeval *time) {
    selects += 1;
    if (select_fails != 0 && time == NULL) { // lwIP's own, with no time, needs none
        errno = select_fails;
        return -1;
    }
    return __real_select(n, reading, writing, failing, time);
}

// MicroPython: what its own wake-ups do, and what the interrupt's way to the main task is.

void __real_mp_hal_wake_main_task(void) {
    xTaskNotifyGive(xTaskGetCurrentTaskHandle());
}

void __real_mp_hal_wake_main_task_from_isr(void) {
    xTaskNotifyGive(xTaskGetCurrentTaskHandle());
}

void __real_mp_sched_keyboard_interrupt(void) {
}

void atlink_port_rouse_from_isr(void) {
    atlink_port_rouse();
}

// The UART's half.

static volatile unsigned bytes; // that have come
static unsigned taken;

static uint32_t uart_ready(uint32_t want) {
    bool has_bytes = __atomic_load_n(&bytes, __ATOMIC_ACQUIRE) != taken;
    return has_bytes ? want & ATLINK_UART_RX : 0;
}

int64_t esp_timer_get_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// One byte at a time: the next one comes when the last was taken.
static void *uart_task(void *unused) {
    (void)unused;
    for (unsigned n = 1; n <= ROUNDS; n++) {
        while (__atomic_load_n(&taken, __ATOMIC_ACQUIRE) != n - 1) {
        }
        __atomic_store_n(&bytes, n, __ATOMIC_RELEASE);
        atlink_port_rouse();
    }
    return NULL;
}

// Take all bytes, sleeping for ever in between: a lost wake-up is a test that never ends.
static void take_all(uint32_t want, const atlink_watch_t *watch) {
    __atomic_store_n(&bytes, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&taken, 0, __ATOMIC_RELEASE);
    pthread_t task;
    pthread_create(&task, NULL, uart_task, NULL);
    while (taken < ROUNDS) {
        if (atlink_port_block(want, watch, UINT64_MAX) & ATLINK_UART_RX) {
            __atomic_store_n(&taken, bytes, __ATOMIC_RELEASE);
        }
    }
    pthread_join(task, NULL);
}

static void test_no_wake_up_is_lost(const atlink_watch_t *watch) {
    take_all(ATLINK_UART_RX, watch);
    take_all(ATLINK_UART_RX | ATLINK_LINK(0), watch);
}

static void test_an_event_is_told_once(const atlink_watch_t *watch) {
    atlink_port_wake();
    CHECK(atlink_port_block(ATLINK_UART_RX, watch, 0) == 0);
    CHECK(atlink_port_block(ATLINK_EVENT, watch, UINT64_MAX) == ATLINK_EVENT);
    CHECK(atlink_port_block(ATLINK_EVENT, watch, 0) == 0);
    atlink_port_wake();
    CHECK(atlink_port_block(ATLINK_EVENT | ATLINK_LINK(0), watch, UINT64_MAX) == ATLINK_EVENT);
}

static void test_a_link_ends_the_sleep(const atlink_watch_t *watch, int other_end) {
    CHECK(write(other_end, "x", 1) == 1);
    CHECK(atlink_port_block(ATLINK_LINK(0), watch, UINT64_MAX) == ATLINK_LINK(0));
    CHECK(atlink_port_block(ATLINK_LINK(0), watch, 0) == ATLINK_LINK(0));
    atlink_port_wake();
    uint32_t both = ATLINK_EVENT | ATLINK_LINK(0);
    CHECK(atlink_port_block(both, watch, UINT64_MAX) == both);
    char byte;
    CHECK(read(watch[0].fd, &byte, 1) == 1);
    CHECK(atlink_port_block(ATLINK_LINK(0), watch, 0) == 0);
}

static void test_time_ends_the_sleep(const atlink_watch_t *watch) {
    for (int i = 0; i < 2; i++) {
        uint32_t want = i == 0 ? ATLINK_UART_RX : ATLINK_UART_RX | ATLINK_LINK(0);
        uint64_t until = atlink_port_now_us() + 2500;
        while (atlink_port_now_us() < until) {
            CHECK(atlink_port_block(want, watch, until) == 0);
        }
    }
}

static void test_a_bad_descriptor_is_reported(void) {
    const atlink_watch_t closed = {.fd = 60, .events = ATLINK_READ};
    CHECK(atlink_port_block(ATLINK_LINK(0), &closed, UINT64_MAX) == ATLINK_LINK(0));
    CHECK(atlink_port_block(ATLINK_LINK(0), &closed, 0) == ATLINK_LINK(0));
}

// Short memory is no news of a link, and no busy loop.
static void test_links_are_looked_at_without_memory(const atlink_watch_t *watch, int other_end) {
    const int reasons[] = {ENOMEM, EINTR};
    for (int i = 0; i < 2; i++) {
        select_fails = reasons[i];
        ulTaskNotifyTake(pdTRUE, 0); // of earlier wake-ups
        unsigned before = selects;
        uint64_t from = atlink_port_now_us();
        for (int round = 0; round < 3; round++) {
            CHECK(atlink_port_block(ATLINK_LINK(0), watch, UINT64_MAX) == 0);
        }
        CHECK(atlink_port_now_us() - from >= 3 * 20000);
        CHECK(selects - before == 6);
        CHECK(write(other_end, "x", 1) == 1);
        CHECK(atlink_port_block(ATLINK_LINK(0), watch, UINT64_MAX) == ATLINK_LINK(0));
        char byte;
        CHECK(read(watch->fd, &byte, 1) == 1);
        atlink_port_wake();
        uint32_t want = ATLINK_EVENT | ATLINK_LINK(0);
        CHECK(atlink_port_block(want, watch, UINT64_MAX) == ATLINK_EVENT);
    }
    select_fails = 0;
}

void __wrap_mp_hal_wake_main_task(void);
void __wrap_mp_hal_wake_main_task_from_isr(void);
void __wrap_mp_sched_keyboard_interrupt(void);
static void (*const micropython_wakes[])(void) = {
    __wrap_mp_hal_wake_main_task,
    __wrap_mp_hal_wake_main_task_from_isr,
    __wrap_mp_sched_keyboard_interrupt,
};

static void *wake_soon(void *which) {
    usleep(20000); // the main task sleeps by then
    micropython_wakes[(uintptr_t)which]();
    return NULL;
}

// Without a limit: a wake-up that does not end the sleep is a test that never ends.
static void test_micropythons_own_wake_ups_end_the_sleep(const atlink_watch_t *watch) {
    for (uintptr_t which = 0; which < 3; which++) {
        for (int with_links = 0; with_links < 2; with_links++) {
            ulTaskNotifyTake(pdTRUE, 0);
            pthread_t task;
            pthread_create(&task, NULL, wake_soon, (void *)which);
            uint32_t want = with_links ? ATLINK_UART_RX | ATLINK_LINK(0) : ATLINK_UART_RX;
            CHECK(atlink_port_block(want, watch, UINT64_MAX) == 0);
            pthread_join(task, NULL);
        }
    }
}

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    const atlink_watch_t watch = {.fd = ends[0], .events = ATLINK_READ};
    atlink_port_rouse(); // before there is anybody to rouse
    CHECK(atlink_port_wait_init(uart_ready) == 0);
    CHECK(atlink_port_wait_init(uart_ready) == 0);
    test_an_event_is_told_once(&watch);
    test_a_link_ends_the_sleep(&watch, ends[1]);
    test_time_ends_the_sleep(&watch);
    test_a_bad_descriptor_is_reported();
    test_links_are_looked_at_without_memory(&watch, ends[1]);
    test_micropythons_own_wake_ups_end_the_sleep(&watch);
    test_no_wake_up_is_lost(&watch);
    return CHECK_END();
}
