"""Pins that the module drives keep their level while the chip sleeps by itself.

ESP-IDF cuts all others off in automatic light sleep (PM_SLP_DISABLE_GPIO). Those of the AT port
are exempt in C: tests_host/c/test_port_esp32.c.
"""

PWM = "AT+DRVPWMINIT=5000,13,14,16"


def awake(simulator):
    return simulator.act("status")["awake_pins"]


def test_what_wakes_the_host_does_not_float(simulate):
    simulator = simulate()
    with simulator.module() as module:
        module.echo_off()
        assert awake(simulator) == []
        module.ok("AT+USERWKMCUCFG=1,1,5,1,100,1")
        assert awake(simulator) == [5]
        module.ok("AT+RST")
        module.wait_ready()
        assert awake(simulator) == []


def test_what_a_driver_has_does_not_float(simulate):
    simulator = simulate()
    with simulator.module() as module:
        module.echo_off()
        module.ok(PWM)
        module.ok("AT+DRVI2CINIT=0,9,8,100000")
        module.ok("AT+DRVSPICONFGPIO=35,36,37,34")
        module.ok("AT+DRVSPIINIT=1000000,0,0,0,0")
        assert awake(simulator) == [8, 9, 14, 16, 34, 35, 36, 37]
        module.ok("AT+DRVPWMINIT=0")
        module.ok("AT+DRVI2CINIT=0")
        module.ok("AT+DRVSPIINIT=0")
        assert awake(simulator) == []
