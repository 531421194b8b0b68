// The AT port on the chip: ESP-IDF's UART driver, with sockets and events waited for in one
// select(). Two small tasks, neither of which touches MicroPython: one moves the transmit ring
// to the driver, so that a host that stops us (CTS) stops nobody else; one turns the driver's
// events into a wake-up. Written against ESP-IDF v5.4 (driver/uart.h, esp_vfs_eventfd.h).
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#include "driver/uart.h"
#include "esp_task.h"
#include "esp_timer.h"
#include "esp_vfs_eventfd.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "freertos/task.h"

#include "port.h"
#include "port_esp32.h"

#define RX_RING (2048) // as ESP-AT
#define EVENT_QUEUE (30)
#define FULL_THRESHOLD (100) // bytes in the FIFO of 128 that raise an interrupt
#define RX_TIMEOUT (10) // or a pause of so many symbols
#define RTS_THRESHOLD (122) // bytes in the FIFO at which RTS stops the host
#define TASK_STACK (2560)
#define TASK_PRIORITY (ESP_TASK_PRIO_MIN + 2) // above MicroPython's: short and mostly asleep
#define POWER_UP_BAUD (115200)

static uart_port_t uart;
static QueueHandle_t uart_events;
static TaskHandle_t sender;
static int wake_fd = -1; // an eventfd: a write ends select()
static atlink_pins_t pins;
static atlink_settings_t line;
static volatile bool chip_event; // atlink_port_wake() was called since the last look
static volatile uint32_t overruns; // FIFO or ring overflowed: bytes of the host were lost

// One producer (the main task) and one consumer (the sender): each writes its own end only.
static uint8_t ring[ATLINK_TX_SIZE];
static size_t ring_head; // next byte to put, counts on for ever
static size_t ring_tail; // next byte to send

static size_t ring_used(void) {
    return __atomic_load_n(&ring_head, __ATOMIC_ACQUIRE)
           - __atomic_load_n(&ring_tail, __ATOMIC_ACQUIRE);
}

static void wake(void) {
    uint64_t one = 1;
    write(wake_fd, &one, sizeof(one));
}

void atlink_port_wake(void) {
    chip_event = true;
    if (wake_fd != -1) {
        wake();
    }
}

uint32_t atlink_port_overruns(void) {
    return overruns;
}

// Without a transmit buffer of its own the driver takes bytes as the FIFO has room, and blocks
// this task alone while CTS holds us back.
static void send_task(void *unused) {
    (void)unused;
    for (;;) {
        size_t used = ring_used();
        if (used == 0) {
            ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
            continue;
        }
        size_t at = ring_tail % ATLINK_TX_SIZE;
        size_t n = used < ATLINK_TX_SIZE - at ? used : ATLINK_TX_SIZE - at;
        if (n > ATLINK_TX_SIZE / 4) {
            n = ATLINK_TX_SIZE / 4; // so that room is reported in good time
        }
        uart_write_bytes(uart, ring + at, n);
        __atomic_store_n(&ring_tail, ring_tail + n, __ATOMIC_RELEASE);
        wake();
    }
}

static void event_task(void *unused) {
    (void)unused;
    uart_event_t event;
    for (;;) {
        if (xQueueReceive(uart_events, &event, portMAX_DELAY) != pdTRUE) {
            continue;
        }
        if (event.type == UART_FIFO_OVF || event.type == UART_BUFFER_FULL) {
            overruns += 1;
        }
        wake();
    }
}

static int errno_of(esp_err_t error) {
    return error == ESP_OK ? 0 : error == ESP_ERR_INVALID_ARG ? EINVAL
           : error == ESP_ERR_NO_MEM ? ENOMEM : EIO;
}

static int start_tasks(void) {
    if (sender != NULL) {
        return 0;
    }
    esp_vfs_eventfd_config_t config = ESP_VFS_EVENTD_CONFIG_DEFAULT();
    esp_err_t error = esp_vfs_eventfd_register(&config);
    if (error != ESP_OK && error != ESP_ERR_INVALID_STATE) { // the latter: registered already
        return errno_of(error);
    }
    wake_fd = eventfd(0, 0);
    if (wake_fd == -1) {
        return errno;
    }
    if (xTaskCreate(send_task, "at_tx", TASK_STACK, NULL, TASK_PRIORITY, &sender) != pdPASS
        || xTaskCreate(event_task, "at_rx", TASK_STACK, NULL, TASK_PRIORITY, NULL) != pdPASS) {
        return ENOMEM;
    }
    return 0;
}

int atlink_port_open(int port, const atlink_pins_t *wired) {
    if (port < 0 || port >= UART_NUM_MAX || uart_is_driver_installed(port)) {
        return ENODEV;
    }
    uart = port;
    pins = *wired;
    esp_err_t error = uart_driver_install(uart, RX_RING, 0, EVENT_QUEUE, &uart_events, 0);
    if (error == ESP_OK) {
        error = uart_set_pin(uart, pins.tx, pins.rx,
            pins.rts == -1 ? UART_PIN_NO_CHANGE : pins.rts,
            pins.cts == -1 ? UART_PIN_NO_CHANGE : pins.cts);
    }
    if (error == ESP_OK) {
        error = uart_set_rx_full_threshold(uart, FULL_THRESHOLD);
    }
    if (error == ESP_OK) {
        error = uart_set_rx_timeout(uart, RX_TIMEOUT);
    }
    if (error != ESP_OK) {
        return errno_of(error);
    }
    atlink_settings_t start = {POWER_UP_BAUD, 8, 1, 0, 0};
    int failed = atlink_port_config(&start);
    return failed != 0 ? failed : start_tasks();
}

static const uart_parity_t parities[] = {UART_PARITY_DISABLE, UART_PARITY_ODD, UART_PARITY_EVEN};

// Bits, stop and flow control have the same codes in AT and in the driver, but for the base.
int atlink_port_config(const atlink_settings_t *settings) {
    if (!atlink_pins_allow(&pins, settings->flow)) {
        return EINVAL;
    }
    uart_config_t config = {
        .baud_rate = settings->baud,
        .data_bits = (uart_word_length_t)(UART_DATA_5_BITS + settings->bits - 5),
        .parity = parities[settings->parity],
        .stop_bits = (uart_stop_bits_t)settings->stop,
        .flow_ctrl = (uart_hw_flowcontrol_t)settings->flow,
        .rx_flow_ctrl_thresh = RTS_THRESHOLD,
        .source_clk = UART_SCLK_DEFAULT,
    };
    esp_err_t error = uart_param_config(uart, &config);
    if (error == ESP_OK) {
        line = *settings;
    }
    return errno_of(error);
}

void atlink_port_settings(atlink_settings_t *settings) {
    *settings = line;
    uart_get_baudrate(uart, &settings->baud);
}

size_t atlink_port_read(uint8_t *buf, size_t n) {
    size_t waiting = 0;
    uart_get_buffered_data_len(uart, &waiting);
    if (waiting < n) {
        n = waiting;
    }
    int got = n == 0 ? 0 : uart_read_bytes(uart, buf, n, 0);
    return got > 0 ? (size_t)got : 0;
}

void atlink_port_push(void) {
    if (sender != NULL && ring_used() > 0) {
        xTaskNotifyGive(sender);
    }
}

size_t atlink_port_room(void) {
    return ATLINK_TX_SIZE - ring_used();
}

size_t atlink_port_space(uint8_t **space) {
    size_t at = ring_head % ATLINK_TX_SIZE;
    size_t room = atlink_port_room();
    *space = ring + at;
    return room < ATLINK_TX_SIZE - at ? room : ATLINK_TX_SIZE - at;
}

void atlink_port_filled(size_t n) {
    __atomic_store_n(&ring_head, ring_head + n, __ATOMIC_RELEASE);
    if (ring_used() >= ATLINK_TX_SIZE / 2) {
        atlink_port_push();
    }
}

size_t atlink_port_write(const uint8_t *buf, size_t n) {
    size_t done = 0;
    while (done < n) {
        uint8_t *space;
        size_t part = atlink_port_space(&space);
        if (part == 0) {
            atlink_port_push();
            break;
        }
        if (part > n - done) {
            part = n - done;
        }
        memcpy(space, buf + done, part);
        atlink_port_filled(part);
        done += part;
    }
    return done;
}

size_t atlink_port_pending(void) {
    size_t used = ring_used();
    // The driver has its mutex while it still feeds the FIFO: not done either.
    return used > 0 ? used : uart_wait_tx_done(uart, 0) != ESP_OK;
}

uint64_t atlink_port_now_us(void) {
    return (uint64_t)esp_timer_get_time();
}

// What needs no waiting: bytes in the driver's ring, room on ours, an event of the chip.
static uint32_t look(uint32_t want) {
    uint32_t ready = 0;
    size_t waiting = 0;
    if ((want & ATLINK_UART_RX) && uart_get_buffered_data_len(uart, &waiting) == ESP_OK
        && waiting > 0) {
        ready |= ATLINK_UART_RX;
    }
    if ((want & ATLINK_UART_TX) && atlink_port_room() >= ATLINK_TX_SIZE / 2) {
        ready |= ATLINK_UART_TX;
    }
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
    add(sets, wake_fd, ATLINK_READ);
    for (uint32_t links = want >> ATLINK_LINK_FIRST; links != 0; links &= links - 1) {
        int i = __builtin_ctz(links);
        add(sets, watch[i].fd, watch[i].events);
    }
}

uint32_t atlink_port_block(uint32_t want, const atlink_watch_t *watch, uint64_t until_us) {
    sets_t sets;
    collect(want, watch, &sets);
    uint32_t ready = look(want);
    uint64_t now = atlink_port_now_us();
    uint64_t left = ready != 0 || until_us <= now ? 0 : until_us - now;
    struct timeval timeout = {.tv_sec = left / 1000000, .tv_usec = left % 1000000};
    bool forever = until_us == UINT64_MAX && ready == 0;
    int found = select(sets.end, &sets.read, &sets.write, NULL, forever ? NULL : &timeout);
    if (found <= 0) {
        return ready | look(want);
    }
    if (FD_ISSET(wake_fd, &sets.read)) {
        uint64_t count;
        read(wake_fd, &count, sizeof(count)); // an eventfd: all wake-ups at once
    }
    for (uint32_t links = want >> ATLINK_LINK_FIRST; links != 0; links &= links - 1) {
        int i = __builtin_ctz(links);
        if (FD_ISSET(watch[i].fd, &sets.read) || FD_ISSET(watch[i].fd, &sets.write)) {
            ready |= ATLINK_LINK(i);
        }
    }
    return ready | look(want);
}
