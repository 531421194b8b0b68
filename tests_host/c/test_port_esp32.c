// port_esp32.c over a UART driver that only takes notes: what happens to the pins, and when memory
// is short.
#include <errno.h>
#include <stdbool.h>

#include "check.h"
#include "driver/gpio.h"
#include "driver/uart.h"
#include "esp_log.h"
#include "freertos/task.h"
#include "port.h"
#include "port_esp32.h"

static const atlink_pins_t pins = {17, 21, 20, 19};
static bool installed;
static int wired; // calls of uart_set_pin()
static int emptied; // of uart_param_config()
static int baud;
static int flow = -1;
static bool exempt[GPIO_NUM_MAX]; // from the sleep switch
static int tasks;
static int failing_task = -1; // the number of the xTaskCreate() that finds no memory
static int sent_to_receiver;
static int dummy;

esp_err_t uart_driver_install(uart_port_t port, int rx, int tx, int size, QueueHandle_t *queue,
    int flags) {
    (void)port, (void)rx, (void)tx, (void)size, (void)flags;
    installed = true;
    *queue = (QueueHandle_t)&dummy;
    return ESP_OK;
}

esp_err_t uart_driver_delete(uart_port_t port) {
    (void)port;
    installed = false;
    return ESP_OK;
}

bool uart_is_driver_installed(uart_port_t port) {
    (void)port;
    return installed;
}

esp_err_t uart_param_config(uart_port_t port, const uart_config_t *config) {
    (void)port;
    emptied += 1;
    baud = config->baud_rate;
    return ESP_OK;
}

// As ESP-IDF's: TX and RX are exempt from the sleep switch, RTS and CTS are not.
esp_err_t uart_set_pin(uart_port_t port, int tx, int rx, int rts, int cts) {
    (void)port, (void)rts, (void)cts;
    if (tx == 46) {
        return ESP_FAIL; // an input only
    }
    wired += 1;
    exempt[tx] = exempt[rx] = true;
    return ESP_OK;
}

esp_err_t gpio_sleep_sel_dis(gpio_num_t pin) {
    exempt[pin] = true;
    return ESP_OK;
}

esp_err_t uart_set_baudrate(uart_port_t port, uint32_t rate) {
    (void)port;
    baud = rate;
    return ESP_OK;
}

esp_err_t uart_get_baudrate(uart_port_t port, uint32_t *rate) {
    (void)port;
    *rate = baud;
    return ESP_OK;
}

esp_err_t uart_set_word_length(uart_port_t port, uart_word_length_t bits) {
    (void)port, (void)bits;
    return ESP_OK;
}

esp_err_t uart_set_stop_bits(uart_port_t port, uart_stop_bits_t bits) {
    (void)port, (void)bits;
    return ESP_OK;
}

esp_err_t uart_set_parity(uart_port_t port, uart_parity_t parity) {
    (void)port, (void)parity;
    return ESP_OK;
}

esp_err_t uart_set_hw_flow_ctrl(uart_port_t port, uart_hw_flowcontrol_t control, uint8_t limit) {
    (void)port, (void)limit;
    flow = control;
    return ESP_OK;
}

esp_err_t uart_set_rx_full_threshold(uart_port_t port, int threshold) {
    (void)port, (void)threshold;
    return ESP_OK;
}

esp_err_t uart_set_rx_timeout(uart_port_t port, const uint8_t symbols) {
    (void)port, (void)symbols;
    return ESP_OK;
}

esp_err_t uart_get_buffered_data_len(uart_port_t port, size_t *size) {
    (void)port;
    *size = 0;
    return ESP_OK;
}

esp_err_t uart_wait_tx_done(uart_port_t port, TickType_t ticks) {
    (void)port, (void)ticks;
    return ESP_OK;
}

int uart_read_bytes(uart_port_t port, void *buf, uint32_t size, TickType_t ticks) {
    (void)port, (void)buf, (void)size, (void)ticks;
    return 0;
}

int uart_write_bytes(uart_port_t port, const void *buf, size_t size) {
    (void)port, (void)buf;
    return size;
}

BaseType_t xTaskCreate(TaskFunction_t code, const char *const name, const uint32_t stack,
    void *const argument, UBaseType_t priority, TaskHandle_t *const created) {
    (void)code, (void)name, (void)stack, (void)argument, (void)priority;
    tasks += 1;
    if (tasks == failing_task) {
        return -1; // errCOULD_NOT_ALLOCATE_REQUIRED_MEMORY; the handle is not touched
    }
    *created = (TaskHandle_t)&dummy;
    return pdPASS;
}

BaseType_t xTaskNotifyGive(TaskHandle_t task) {
    (void)task;
    return pdPASS;
}

uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t ticks) {
    (void)clear, (void)ticks;
    return 0;
}

BaseType_t xQueueReceive(QueueHandle_t queue, void *const item, TickType_t ticks) {
    (void)queue, (void)item, (void)ticks;
    return pdFALSE;
}

BaseType_t xQueueSendFromISR(QueueHandle_t queue, const void *const item, BaseType_t *const woken) {
    (void)queue, (void)item;
    sent_to_receiver += 1;
    *woken = pdTRUE;
    return pdPASS;
}

void portYIELD_FROM_ISR(void) {
}

void esp_log_write(esp_log_level_t level, const char *tag, const char *format, ...) {
    (void)level, (void)tag, (void)format;
}

int atlink_port_wait_init(uint32_t (*uart_ready)(uint32_t want)) {
    (void)uart_ready;
    return 0;
}

void atlink_port_rouse(void) {
}

static void test_pins_that_do_not_fit_can_be_tried_again(void) {
    const atlink_pins_t bad = {46, 21, 20, 19};
    CHECK(atlink_port_open(1, &bad) == EIO);
    CHECK(!installed);
}

// The second task fails: an open that says so, and another one that makes what is missing.
static void test_a_task_without_memory_is_made_at_the_next_open(void) {
    failing_task = 2;
    atlink_port_rouse_from_isr(); // nobody is there yet
    CHECK(atlink_port_open(1, &pins) == ENOMEM);
    CHECK(tasks == 2 && installed);
    failing_task = tasks + 1;
    CHECK(atlink_port_open(1, &pins) == ENOMEM); // not a success without a receiver
    failing_task = -1;
    CHECK(atlink_port_open(1, &pins) == 0);
    CHECK(tasks == 4);
    CHECK(sent_to_receiver == 0);
    atlink_port_rouse_from_isr();
    CHECK(sent_to_receiver == 1);
}

static void test_every_pin_is_exempt_from_the_sleep_switch(void) {
    CHECK(exempt[17] && exempt[21] && exempt[20] && exempt[19]);
}

// A soft reset of MicroPython: the settings are those of power-up, the pins are left alone.
static void test_a_soft_reset_does_not_touch_the_pins(void) {
    CHECK(atlink_port_config(&(atlink_settings_t) {921600, 8, 1, 0, 3}) == 0);
    int wired_before = wired, emptied_before = emptied;
    CHECK(atlink_port_open(1, &pins) == 0);
    CHECK(wired == wired_before && emptied == emptied_before);
    CHECK(baud == 115200 && flow == UART_HW_FLOWCTRL_DISABLE);
    const atlink_pins_t others = {17, 21, -1, -1};
    CHECK(atlink_port_open(1, &others) == 0);
    CHECK(wired == wired_before + 1);
    CHECK(tasks == 4);
    CHECK(atlink_port_open(1, &pins) == 0);
    CHECK(wired == wired_before + 2);
}

static void test_deep_sleep_does_not_wait_for_the_host(void) {
    CHECK(atlink_port_config(&(atlink_settings_t) {115200, 8, 1, 0, 3}) == 0);
    CHECK(flow == UART_HW_FLOWCTRL_CTS_RTS);
    atlink_port_let_go();
    CHECK(flow == UART_HW_FLOWCTRL_DISABLE);
}

int main(void) {
    atlink_port_let_go(); // before there is a port
    CHECK(flow == -1);
    test_pins_that_do_not_fit_can_be_tried_again();
    test_a_task_without_memory_is_made_at_the_next_open();
    test_every_pin_is_exempt_from_the_sleep_switch();
    test_a_soft_reset_does_not_touch_the_pins();
    test_deep_sleep_does_not_wait_for_the_host();
    return CHECK_END();
}
