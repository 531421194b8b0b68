// The AT port on the chip: ESP-IDF's UART driver. Two small tasks, neither of which touches
// MicroPython: one moves the transmit ring to the driver, so that a host that stops us (CTS) stops
// nobody else; one turns the driver's events into a wake-up. How the main task sleeps until then
// is in port_esp32_wait.c. Written against ESP-IDF v5.4.
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "driver/gpio.h"
#include "driver/uart.h"
#include "esp_attr.h"
#include "esp_log.h"
#include "esp_task.h"
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
#define TASK_STACK (1024) // less than half of it is used: neither task logs
#define TASK_PRIORITY (ESP_TASK_PRIO_MIN + 2) // above MicroPython's: short and mostly asleep
#define POWER_UP_BAUD (115200)

static const atlink_settings_t power_up = {POWER_UP_BAUD, 8, 1, 0, 0};
static uart_port_t uart;
static QueueHandle_t uart_events;
static TaskHandle_t sender;
static TaskHandle_t receiver;
static bool has_driver; // which a soft reset of MicroPython leaves as it is, as it does the tasks
static bool has_line; // on `pins`
static atlink_pins_t pins;
static atlink_settings_t line;
static volatile uint32_t overruns; // FIFO or ring overflowed: bytes of the host were lost
static volatile uint32_t garbled; // parity or frame errors, breaks

// The main task writes, the sender reads.
static uint8_t ring[ATLINK_TX_SIZE];
atlink_ring_t atlink_port_tx = {ring, sizeof(ring), 0, 0};

static size_t ring_used(void) {
    return atlink_ring_used(&atlink_port_tx);
}

uint32_t atlink_port_overruns(void) {
    return overruns;
}

// Without a transmit buffer of its own the driver takes bytes as the FIFO has room, and blocks
// this task alone while CTS holds us back.
static void send_task(void *unused) {
    (void)unused;
    for (;;) {
        atlink_span_t spans[2];
        if (atlink_ring_peek(&atlink_port_tx, spans) == 0) {
            ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
            continue;
        }
        size_t n = spans[0].size;
        if (n > ATLINK_TX_SIZE / 4) {
            n = ATLINK_TX_SIZE / 4; // so that room is reported in good time
        }
        uart_write_bytes(uart, spans[0].data, n);
        atlink_ring_take(&atlink_port_tx, n);
        atlink_port_rouse();
    }
}

// What the driver has done itself by then: on overflow it has emptied the FIFO, and a ring that
// is full stops its interrupts until bytes are read, so that RTS stops the host.
static void note(uart_event_type_t type) {
    switch (type) {
        case UART_FIFO_OVF:
            overruns += 1;
            break;
        case UART_FRAME_ERR:
        case UART_PARITY_ERR:
        case UART_BREAK: // a break is read as a zero byte, which no command has
            garbled += 1;
            break;
        default:
            break;
    }
}

// Log what was counted, by the main task, which has the stack for it: each time it has doubled, so
// that a line that is wrong all the time does not fill the log.
static void tell(uint32_t count, uint32_t *next, const char *what) {
    if (count >= *next) {
        ESP_LOGE("uart", "%u times: %s", (unsigned)count, what);
        *next = 2 * count;
    }
}

static void tell_all(void) {
    static uint32_t next_overrun = 1;
    static uint32_t next_garbled = 1;
    tell(overruns, &next_overrun, "bytes of the host were lost, it sends faster than it is read");
    tell(garbled, &next_garbled, "the line is broken, or rate or format are not the host's");
}

static void event_task(void *unused) {
    (void)unused;
    uart_event_t event;
    for (;;) {
        if (xQueueReceive(uart_events, &event, portMAX_DELAY) == pdTRUE) {
            note(event.type);
            atlink_port_rouse();
        }
    }
}

static int errno_of(esp_err_t error) {
    return error == ESP_OK ? 0 : error == ESP_ERR_INVALID_ARG ? EINVAL
           : error == ESP_ERR_NO_MEM ? ENOMEM : EIO;
}

// Woken by an interrupt that has something for MicroPython: the receiver passes it on, since no
// interrupt may end select().
void IRAM_ATTR atlink_port_rouse_from_isr(void) {
    BaseType_t must_yield = pdFALSE;
    uart_event_t nothing = {.type = UART_EVENT_MAX};
    if (receiver != NULL) { // a full queue wakes the receiver as well
        xQueueSendFromISR(uart_events, &nothing, &must_yield);
    }
    if (must_yield == pdTRUE) {
        portYIELD_FROM_ISR();
    }
}

static bool start_task(TaskFunction_t code, const char *name, TaskHandle_t *task) {
    if (*task == NULL && xTaskCreate(code, name, TASK_STACK, NULL, TASK_PRIORITY, task) != pdPASS) {
        *task = NULL;
    }
    return *task != NULL;
}

// Those that there are not yet: the next open goes on where one failed.
static int start_tasks(void) {
    return start_task(send_task, "at_tx", &sender) && start_task(event_task, "at_rx", &receiver)
           ? 0 : ENOMEM;
}

// With PM_SLP_DISABLE_GPIO automatic light sleep lets go of pins. uart_set_pin() exempts TX and RX:
// a floating RTS tells the host to send, a floating CTS tells us.
static void keep_awake(int pin) {
    if (pin != -1) {
        gpio_sleep_sel_dis((gpio_num_t)pin);
    }
}

// The line as it is at power-up. The only time that uart_param_config() is called: it empties the
// FIFOs, and bytes that the host has sent already would be lost.
static esp_err_t start_line(void) {
    uart_config_t config = {
        .baud_rate = POWER_UP_BAUD,
        .data_bits = UART_DATA_8_BITS,
        .parity = UART_PARITY_DISABLE,
        .stop_bits = UART_STOP_BITS_1,
        .flow_ctrl = UART_HW_FLOWCTRL_DISABLE,
        .rx_flow_ctrl_thresh = RTS_THRESHOLD,
        .source_clk = UART_SCLK_DEFAULT,
    };
    esp_err_t error = uart_param_config(uart, &config);
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
    keep_awake(pins.rts);
    keep_awake(pins.cts);
    line = power_up;
    has_line = error == ESP_OK;
    return error;
}

// The line as it is at power-up, on these pins. Pins that are connected already stay so: to connect
// them again makes the host see what was not sent.
static esp_err_t set_line(const atlink_pins_t *wired) {
    bool is_wired = has_line && wired->tx == pins.tx && wired->rx == pins.rx
        && wired->cts == pins.cts && wired->rts == pins.rts;
    pins = *wired;
    if (is_wired) {
        return atlink_port_config(&power_up) == 0 ? ESP_OK : ESP_FAIL;
    }
    esp_err_t error = start_line();
    if (error != ESP_OK && sender == NULL) {
        uart_driver_delete(uart); // so that other pins can be tried
        has_driver = false;
    }
    return error;
}

// Bytes in the driver's ring, room on ours.
static uint32_t uart_ready(uint32_t want) {
    size_t waiting = 0;
    uint32_t ready = 0;
    if ((want & ATLINK_UART_RX) && uart_get_buffered_data_len(uart, &waiting) == ESP_OK
        && waiting > 0) {
        ready |= ATLINK_UART_RX;
    }
    if ((want & ATLINK_UART_TX) && atlink_port_room() >= ATLINK_TX_SIZE / 2) {
        ready |= ATLINK_UART_TX;
    }
    return ready;
}

int atlink_port_open(int port, const atlink_pins_t *wired) {
    bool is_ours = has_driver && port == (int)uart;
    if (!is_ours && (port < 0 || port >= UART_NUM_MAX || uart_is_driver_installed(port))) {
        return ENODEV;
    }
    uart = port;
    int failed = atlink_port_wait_init(uart_ready);
    if (failed != 0) {
        return failed;
    }
    esp_err_t error = is_ours ? ESP_OK
        : uart_driver_install(uart, RX_RING, 0, EVENT_QUEUE, &uart_events, 0);
    has_driver = error == ESP_OK;
    if (error == ESP_OK) {
        error = set_line(wired);
    }
    return error == ESP_OK ? start_tasks() : errno_of(error);
}

// Deep sleep waits in ROM code until the FIFO is empty (ESP-IDF, sleep_modes.c): for ever, if the
// host holds us back. What the FIFO has leaves now, whether the host takes it or not.
void atlink_port_let_go(void) {
    if (has_driver) {
        uart_set_hw_flow_ctrl(uart, UART_HW_FLOWCTRL_DISABLE, RTS_THRESHOLD);
    }
}

static const uart_parity_t parities[] = {UART_PARITY_DISABLE, UART_PARITY_ODD, UART_PARITY_EVEN};

// Bits, stop and flow control have the same codes in AT and in the driver, but for the base. Only
// the rate can be refused, so it comes first.
int atlink_port_config(const atlink_settings_t *settings) {
    if (!atlink_pins_allow(&pins, settings->flow)) {
        return EINVAL;
    }
    if (uart_set_baudrate(uart, settings->baud) != ESP_OK) {
        return EINVAL;
    }
    uart_set_word_length(uart, (uart_word_length_t)(UART_DATA_5_BITS + settings->bits - 5));
    uart_set_parity(uart, parities[settings->parity]);
    uart_set_stop_bits(uart, (uart_stop_bits_t)settings->stop);
    uart_set_hw_flow_ctrl(uart, (uart_hw_flowcontrol_t)settings->flow, RTS_THRESHOLD);
    line = *settings;
    return 0;
}

void atlink_port_settings(atlink_settings_t *settings) {
    *settings = line;
    uart_get_baudrate(uart, &settings->baud);
}

size_t atlink_port_read(uint8_t *buf, size_t n) {
    tell_all();
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

void atlink_port_filled(size_t n) {
    atlink_ring_fill(&atlink_port_tx, n);
    if (ring_used() >= ATLINK_TX_SIZE / 2) {
        atlink_port_push();
    }
}

size_t atlink_port_room(void) {
    return atlink_ring_room(&atlink_port_tx);
}

size_t atlink_port_write(const uint8_t *buf, size_t n) {
    size_t room = atlink_port_room();
    size_t done = n < room ? n : room;
    atlink_ring_put(&atlink_port_tx, 0, buf, done);
    atlink_port_filled(done);
    if (done < n) {
        atlink_port_push();
    }
    return done;
}

size_t atlink_port_pending(void) {
    size_t used = ring_used();
    // The driver has its mutex while it still feeds the FIFO: not done either.
    return used > 0 ? used : uart_wait_tx_done(uart, 0) != ESP_OK;
}

void *atlink_port_alloc(size_t size) {
    return malloc(size);
}

void atlink_port_free(void *memory) {
    free(memory);
}
