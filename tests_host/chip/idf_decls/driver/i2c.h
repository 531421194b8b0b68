// ESP-IDF v5.4: components/driver/i2c/include/driver/i2c.h
// ESP-IDF v5.4: components/hal/include/hal/i2c_types.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 82b85b08bc4b
#ifndef DECL_DRIVER_I2C_H
#define DECL_DRIVER_I2C_H

#include "esp_err.h"

typedef enum {
    I2C_NUM_0 = 0,
} i2c_port_t;

esp_err_t i2c_driver_delete(i2c_port_t i2c_num);

#endif
