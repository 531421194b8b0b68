// I2C and SPI: what `machine` has not. The SPI master here is SPI2 with one device.
#include "driver/i2c.h"
#include "driver/spi_master.h"

#include "atchip.h"

#define TRANSFER_MAX (4092) // bytes of one DMA descriptor
#define COMMAND_MAX (16) // bits that the registers hold; the driver does not check
#define ADDRESS_MAX (32)

static spi_device_handle_t device; // NULL before spi_start()
static bool is_held; // the bus, between the calls of one transfer

// machine.I2C uses the older driver; both cannot be in one image.
static mp_obj_t i2c_stop(mp_obj_t port) {
    i2c_driver_delete((i2c_port_t)mp_obj_get_int(port));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_i2c_stop_obj, i2c_stop);

static esp_err_t initialize(bool has_dma, const mp_obj_t *pins) {
    spi_bus_config_t bus = {
        .mosi_io_num = mp_obj_get_int(pins[0]),
        .miso_io_num = mp_obj_get_int(pins[1]),
        .sclk_io_num = mp_obj_get_int(pins[2]),
        .quadwp_io_num = -1,
        .quadhd_io_num = -1,
        .data4_io_num = -1,
        .data5_io_num = -1,
        .data6_io_num = -1,
        .data7_io_num = -1,
        .max_transfer_sz = TRANSFER_MAX,
    };
    return spi_bus_initialize(SPI2_HOST, &bus, has_dma ? SPI_DMA_CH_AUTO : SPI_DMA_DISABLED);
}

// spi_start(frequency, mode, lsb, has_dma, mosi, miso, sclk, cs)
static mp_obj_t spi_start(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    mp_int_t lsb = mp_obj_get_int(args[2]);
    spi_device_interface_config_t config = {
        .mode = mp_obj_get_int(args[1]),
        .clock_speed_hz = mp_obj_get_int(args[0]),
        .spics_io_num = mp_obj_get_int(args[7]),
        .flags = SPI_DEVICE_HALFDUPLEX | (lsb & 1 ? SPI_DEVICE_TXBIT_LSBFIRST : 0)
            | (lsb & 2 ? SPI_DEVICE_RXBIT_LSBFIRST : 0),
        .queue_size = 1,
    };
    check_esp_err(initialize(mp_obj_is_true(args[3]), args + 4));
    esp_err_t error = spi_bus_add_device(SPI2_HOST, &config, &device);
    if (error != ESP_OK) {
        device = NULL;
        spi_bus_free(SPI2_HOST);
    }
    check_esp_err(error);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_spi_start_obj, 8, 8, spi_start);

static mp_buffer_info_t buffer_of(mp_obj_t data, unsigned access) {
    mp_buffer_info_t info = {.buf = NULL, .len = 0};
    if (data != mp_const_none) {
        mp_get_buffer_raise(data, &info, access);
    }
    return info;
}

static void let_go(void) {
    if (is_held) {
        spi_device_release_bus(device);
        is_held = false;
    }
}

// A device that stays selected is the only one on the bus until let_go().
static esp_err_t transmit(spi_transaction_t *transaction, bool has_more) {
    esp_err_t error = ESP_OK;
    if (has_more) {
        transaction->flags |= SPI_TRANS_CS_KEEP_ACTIVE;
        if (!is_held) {
            error = spi_device_acquire_bus(device, portMAX_DELAY);
            is_held = error == ESP_OK;
        }
    }
    if (error == ESP_OK) {
        error = spi_device_transmit(device, transaction);
    }
    if (!has_more || error != ESP_OK) {
        let_go();
    }
    return error;
}

// spi_transfer(command, command_bits, address, address_bits, write, read, has_more)
static mp_obj_t spi_transfer(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    if (device == NULL) {
        check_esp_err(ESP_ERR_INVALID_STATE);
    }
    mp_int_t command_bits = mp_obj_get_int(args[1]);
    mp_int_t address_bits = mp_obj_get_int(args[3]);
    if (command_bits < 0 || command_bits > COMMAND_MAX || address_bits < 0
        || address_bits > ADDRESS_MAX) {
        check_esp_err(ESP_ERR_INVALID_ARG);
    }
    mp_buffer_info_t out = buffer_of(args[4], MP_BUFFER_READ);
    mp_buffer_info_t in = buffer_of(args[5], MP_BUFFER_WRITE);
    spi_transaction_ext_t transaction = {
        .base = {
            .flags = SPI_TRANS_VARIABLE_CMD | SPI_TRANS_VARIABLE_ADDR,
            .cmd = mp_obj_get_int(args[0]),
            .addr = atchip_int64(args[2]),
            .length = out.len * 8,
            .rxlength = in.len * 8,
            .tx_buffer = out.len > 0 ? out.buf : NULL,
            .rx_buffer = in.len > 0 ? in.buf : NULL,
        },
        .command_bits = command_bits,
        .address_bits = address_bits,
    };
    bool has_more = mp_obj_is_true(args[6]);
    MP_THREAD_GIL_EXIT();
    esp_err_t error = transmit(&transaction.base, has_more);
    MP_THREAD_GIL_ENTER();
    check_esp_err(error);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_spi_transfer_obj, 7, 7, spi_transfer);

static mp_obj_t spi_stop(void) {
    if (device != NULL) {
        let_go();
        check_esp_err(spi_bus_remove_device(device));
        device = NULL;
        check_esp_err(spi_bus_free(SPI2_HOST));
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_spi_stop_obj, spi_stop);
