"""Contract of the imitated modules: a MicroPython program that test_sim_chip.py runs.

It uses nothing but what the ESP32 port and our C modules offer, so it can run on a board as well.
Prints "contract: ok" at the end; anything else is a traceback.
"""

import errno
import time

import atchip
import esp32
import machine

import atlink


def raises(kind, function, *args):
    try:
        function(*args)
    except kind as error:
        return error.args
    raise AssertionError("not raised", kind, function, args)


def fails_with(name, function, *args):
    args = raises(OSError, function, *args)
    assert args[1] == name, args
    return args[0]


def check_nvs():
    nvs = esp32.NVS("contract")
    fails_with("ESP_ERR_NVS_NOT_FOUND", nvs.get_i32, "absent")
    assert fails_with("ESP_ERR_NVS_NOT_FOUND", nvs.erase_key, "absent") == -0x1102
    for value in (0, 1, -1, 2147483647, -2147483648):
        nvs.set_i32("number", value)
        assert nvs.get_i32("number") == value
    nvs.set_blob("blob", b"some bytes")
    nvs.set_blob("text", "a str is taken as well")
    nvs.commit()
    buffer = bytearray(100)
    assert nvs.get_blob("blob", buffer) == 10 and buffer[:11] == b"some bytes\0"
    fails_with("ESP_ERR_NVS_INVALID_LENGTH", nvs.get_blob, "blob", bytearray(9))
    fails_with("ESP_ERR_NVS_NOT_FOUND", nvs.get_i32, "blob")
    fails_with("ESP_ERR_NVS_NOT_FOUND", nvs.get_blob, "number", buffer)
    fails_with("ESP_ERR_NVS_KEY_TOO_LONG", nvs.set_i32, "0123456789abcdef", 1)
    assert esp32.NVS("contract").get_i32("number") == -2147483648
    nvs.erase_key("number")
    fails_with("ESP_ERR_NVS_NOT_FOUND", nvs.get_i32, "number")


def check_nvs_of_any_partition():
    kinds = ((1, 255), (2, -128), (3, 65535), (4, -32768), (5, 4294967295), (6, -5))
    texts = ((7, b"text"), (8, b"\0blob\xff"))
    for kind, value in kinds + texts:
        atchip.nvs_set("mfg_nvs", "contract", "key" + str(kind), kind, value)
        assert atchip.nvs_get("mfg_nvs", "contract", "key" + str(kind)) == (kind, value)
    keys = atchip.nvs_keys("mfg_nvs", "contract", 0)
    assert sorted(keys) == [("key" + str(kind), kind) for kind in range(1, 9)], keys
    assert atchip.nvs_keys("mfg_nvs", "contract", 6) == keys[6:]
    assert atchip.nvs_keys("mfg_nvs", "contract", 8) == []
    assert "contract" in atchip.nvs_namespaces("mfg_nvs")
    assert "factory_param" in atchip.nvs_namespaces("mfg_nvs")
    assert atchip.nvs_get("mfg_nvs", "factory_param", "uart_port") == (2, 1)
    for kind, value in ((1, 256), (1, -1), (2, 128), (5, -1), (6, 1 << 31), (0, 1), (9, 1)):
        raises(ValueError, atchip.nvs_set, "mfg_nvs", "contract", "key", kind, value)
    raises(ValueError, atchip.nvs_set, "mfg_nvs", "contract", "key", 7, b"a\0b")
    fails_with(
        "ESP_ERR_NVS_VALUE_TOO_LONG", atchip.nvs_set, "mfg_nvs", "contract", "k", 7, "x" * 4000
    )
    atchip.nvs_erase("mfg_nvs", "contract", "key1")
    fails_with("ESP_ERR_NVS_NOT_FOUND", atchip.nvs_get, "mfg_nvs", "contract", "key1")
    atchip.nvs_close("mfg_nvs")
    assert atchip.nvs_get("mfg_nvs", "contract", "key2") == (2, -128)
    atchip.nvs_erase("mfg_nvs", "contract", None)
    assert atchip.nvs_keys("mfg_nvs", "contract", 0) == []
    assert "contract" not in atchip.nvs_namespaces("mfg_nvs")
    fails_with("ESP_ERR_NVS_NOT_FOUND", atchip.nvs_keys, "mfg_nvs", "nowhere", 0)
    fails_with("ESP_ERR_NVS_PART_NOT_FOUND", atchip.nvs_namespaces, "fat")


def check_partitions():
    find = esp32.Partition.find
    assert [part.info()[4] for part in find()] == ["ota_0", "ota_1"]
    assert len(find(esp32.Partition.TYPE_DATA)) == 6
    assert len(find(esp32.Partition.TYPE_DATA, subtype=2)) == 2
    assert find(0x40, label="at_customize")[0].info()[2:4] == (0x20000, 0x1000)
    assert find(1, label="nope") == []
    assert raises(OSError, esp32.Partition, "at_customize")[0] == 2
    assert esp32.Partition("fatfs").info() == (1, 0x81, 0x70000, 0x90000, "fatfs", False)
    assert esp32.Partition(esp32.Partition.RUNNING).info()[4] == "ota_0"
    assert esp32.Partition(esp32.Partition.BOOT).info()[4] == "ota_0"
    raises(ValueError, esp32.Partition, 7)
    following = esp32.Partition(esp32.Partition.RUNNING).get_next_update()
    assert following.info()[4] == "ota_1"
    fails_with("ESP_ERR_OTA_VALIDATE_FAILED", following.set_boot)
    fails_with("ESP_ERR_INVALID_ARG", esp32.Partition("fatfs").set_boot)
    esp32.Partition.mark_app_valid_cancel_rollback()


def check_blocks():
    part = esp32.Partition("fatfs")
    buffer = bytearray(16)
    assert part.ioctl(4, 0) == 0x90 and part.ioctl(5, 0) == 4096 and part.ioctl(1, 0) == 0
    assert part.ioctl(6, 3) == 0
    part.readblocks(3, buffer)
    assert buffer == b"\xff" * 16
    part.writeblocks(3, b"\xf0" * 8, 4)  # with an offset: no erasing, bits are only cleared
    part.writeblocks(3, b"\x3c" * 4, 8)
    part.readblocks(3, buffer, 0)
    assert buffer == b"\xff" * 4 + b"\xf0" * 4 + b"\x30" * 4 + b"\xff" * 4, buffer
    part.writeblocks(3, b"\x0f" * 4096)  # without: erased first
    part.readblocks(3, buffer, 4080)
    assert buffer == b"\x0f" * 16
    fails_with("ESP_ERR_INVALID_SIZE", part.readblocks, 0x8F, bytearray(4097))
    fails_with("ESP_ERR_INVALID_ARG", part.readblocks, 0x91, buffer)
    small = esp32.Partition.find(1, label="fatfs", block_size=512)[0]
    assert small.ioctl(5, 0) == 512 and small.ioctl(6, 0) == -22
    small.writeblocks(3 * 8 + 1, b"\xaa" * 512)
    part.readblocks(3, buffer, 504)
    assert buffer == b"\x0f" * 8 + b"\xaa" * 8
    part.readblocks(3, buffer, 1016)
    assert buffer == b"\xaa" * 8 + b"\x0f" * 8
    part.ioctl(6, 3)


def check_pins():
    pin = machine.Pin(4, machine.Pin.OUT, value=1)
    assert pin.value() == 1
    pin.off()
    assert pin() == 0
    pin.toggle()
    assert machine.Pin(4).value() == 1
    assert machine.Pin(5, machine.Pin.IN, machine.Pin.PULL_UP).value() in (0, 1)
    for wrong in (-1, 22, 25, 27, 32, 47, "A0", None):
        raises(ValueError, machine.Pin, wrong)
    raises(ValueError, machine.Pin, 46, machine.Pin.OUT)
    raises(ValueError, machine.ADC, 21)
    adc = machine.ADC(machine.Pin(1))
    raises(ValueError, adc.atten, 4)
    adc.atten(machine.ADC.ATTN_11DB)
    assert 0 <= adc.read() <= 8191 and adc.read_u16() >> 3 == adc.read()


def check_pwm():
    atchip.pwm_stop()
    fails_with("ESP_ERR_INVALID_STATE", atchip.pwm_duty, 0, 1)
    fails_with("ESP_FAIL", atchip.pwm_start, 5000, 14, (14,))
    fails_with("ESP_ERR_INVALID_ARG", atchip.pwm_start, 5000, 15, (14,))
    atchip.pwm_start(4882, 14, (14, 16))
    fails_with("ESP_ERR_INVALID_STATE", atchip.pwm_start, 4882, 14, (18,))
    assert atchip.pwm_duty(0) == 0 and atchip.pwm_duty(1, 5) == 5 and atchip.pwm_duty(1) == 5
    assert atchip.pwm_duty(0, 16384) == 16384
    atchip.pwm_fade(0, 16000, 1023, 1)
    fails_with("ESP_ERR_INVALID_ARG", atchip.pwm_fade, 0, 16385, 1, 1)
    fails_with("ESP_ERR_INVALID_ARG", atchip.pwm_fade, 0, 0, 1024, 1)
    fails_with("ESP_ERR_INVALID_ARG", atchip.pwm_duty, 2)
    atchip.pwm_stop()


def check_i2c():
    raises(ValueError, machine.I2C, 2)
    for bus in (
        machine.I2C(0, scl=machine.Pin(9), sda=machine.Pin(8), freq=100000, timeout=1000000),
        machine.SoftI2C(scl=machine.Pin(9), sda=machine.Pin(8), freq=1000),
    ):
        assert bus.writeto(0x34, b"\x27") == 1
        data = bytearray(2)
        bus.readfrom_into(0x34, data)
        assert data == b"\x12\x34"
        assert bus.writevto(0x7A, (b"\xff", b"\x27")) == 2
        bus.readfrom_mem_into(0x7A, 0xFF, memoryview(data)[:1])
        assert data == b"\x56\x34"
        assert raises(OSError, bus.readfrom_into, 0x35, data)[0] == errno.ENODEV
        code = raises(OSError, bus.readfrom_mem_into, 0x7A, 0xFE, data)[0]
        assert code == errno.ENODEV if isinstance(bus, machine.I2C) else errno.EIO
    machine.I2C(1, scl=9, sda=8, freq=1000)
    raises(OSError, machine.I2C(1, scl=9, sda=8, freq=1000).writeto, 0x34, b"")
    atchip.i2c_stop(0)
    atchip.i2c_stop(0)
    assert machine.Pin(9, machine.Pin.OPEN_DRAIN, value=1).value() == 1
    machine.Pin(9, machine.Pin.IN, None)


def check_spi():
    atchip.spi_stop()
    fails_with("ESP_ERR_INVALID_STATE", atchip.spi_transfer, 0, 0, 0, 0, None, None, False)
    atchip.spi_start(1000000, 0, 0, True, 35, 37, 36, 34)
    fails_with("ESP_ERR_INVALID_STATE", atchip.spi_start, 1000, 0, 0, True, 35, 37, 36, 34)
    data = bytearray(2)
    atchip.spi_transfer(0x9F, 8, 0, 0, None, data, True)
    assert data == b"\xef\x40"
    atchip.spi_transfer(0, 0, 0, 0, None, memoryview(data)[1:], False)
    assert data == b"\xef\x14"
    fails_with("ESP_ERR_INVALID_ARG", atchip.spi_transfer, 0, 17, 0, 0, None, None, False)
    fails_with("ESP_ERR_INVALID_ARG", atchip.spi_transfer, 0, 0, 0, 33, None, None, False)
    atchip.spi_transfer(0, 0, 0x9F, 8, None, data, False)
    assert data == b"\xef\x40"
    atchip.spi_transfer(0, 4, 0x9, 4, b"\xff", None, True)
    atchip.spi_transfer(0, 0, 0, 0, None, data, False)
    assert data == b"\xff\xff"
    atchip.spi_stop()
    atchip.spi_stop()


def check_machine():
    assert machine.reset_cause() == machine.PWRON_RESET and atchip.reset_reason() == 1
    assert len(machine.unique_id()) == 6
    raises(ValueError, machine.freq, 100)
    machine.freq(80000000)
    assert machine.freq() == 80000000
    machine.mem32[0x3F400000] = 0x12345678
    assert machine.mem32[0x3F400000] == 0x12345678
    raises(ValueError, lambda: machine.mem32[0x3F400001])
    raises(ValueError, machine.mem32.__setitem__, 0x3F400002, 1)
    rtc = machine.RTC()
    rtc.datetime((2026, 11, 21, 5, 13, 14, 15, 0))
    assert rtc.datetime()[:7] == (2026, 11, 21, 5, 13, 14, 15)
    assert atchip.clock() == 1795266855
    atchip.clock_set(4102444800)  # beyond 31 bits
    assert 0 <= atchip.clock() - 4102444800 < 10
    rtc.memory(b"kept")
    assert rtc.memory() == b"kept"
    raises(ValueError, rtc.memory, bytes(2049))
    raises(ValueError, machine.WDT, 1)
    raises(ValueError, machine.WDT, 0, 0)


def check_memory():
    free, lowest = atchip.heap()
    assert 0 < lowest <= free
    largest = atchip.ram_largest()
    block = atchip.ram_alloc(10000)
    assert len(block) == 10000 and bytes(block[:3]) == b"\0\0\0"
    block[9999] = 7
    assert block[9999] == 7
    assert atchip.ram_largest() <= largest - 10000
    atchip.ram_free(block)
    assert len(block) == 0 and atchip.ram_largest() == largest
    assert fails_with("ESP_ERR_NO_MEM", atchip.ram_alloc, largest + 1) == 12
    ((total, free, piece, lowest),) = esp32.idf_heap_info(esp32.HEAP_DATA)
    assert total >= free >= piece and free >= lowest


def check_power():
    assert len(atchip.versions()) == 4 and all(atchip.versions())
    atchip.wake_gpio(4, 1)
    fails_with("ESP_ERR_INVALID_ARG", atchip.wake_gpio, 24, 1)
    atchip.power_save(2, 3)
    raises(ValueError, atchip.power_save, 4, 3)
    fails_with("ESP_ERR_WIFI_NOT_STARTED", atchip.tx_power)
    raises(ValueError, atchip.deep_sleep, -1)


def check_events():
    assert atchip.event() is None
    print("contract: events please")
    seen = []
    while len(seen) < 300:
        assert atlink.wait(20000, atlink.EVENT) & atlink.EVENT
        event = atchip.event()
        if event:
            seen.append(event)
    assert seen == [("gpio", 7, n & 1) for n in range(300)], seen
    assert machine.Pin(7, machine.Pin.IN).value() == 1


uart = atlink.UART(1, 17, 21, 20, 19)
uart.write(b"\r\nready\r\n")
uart.flush(1000)
check_nvs()
check_nvs_of_any_partition()
check_partitions()
check_blocks()
check_pins()
check_pwm()
check_i2c()
check_spi()
check_machine()
check_memory()
check_power()
check_events()
print("contract: ok")
while True:
    time.sleep(1)
