// MicroPython's own wake-ups end the sleep of wait() as well: what it schedules (a user's pin or
// timer), and Ctrl-C on the log port. It notifies the main task at most, which ends no select(). The
// linker puts these in the place of MicroPython's functions (micropython.cmake), whose callers
// are interrupts: machine_pin.c, machine_timer.c, uart.c of ports/esp32.
#include "esp_attr.h"

#include "port_esp32.h"

void __real_mp_hal_wake_main_task(void);
void __real_mp_hal_wake_main_task_from_isr(void);
void __real_mp_sched_keyboard_interrupt(void);
void __wrap_mp_hal_wake_main_task(void);
void __wrap_mp_hal_wake_main_task_from_isr(void);
void __wrap_mp_sched_keyboard_interrupt(void);

void __wrap_mp_hal_wake_main_task(void) {
    __real_mp_hal_wake_main_task();
    atlink_port_rouse();
}

void IRAM_ATTR __wrap_mp_hal_wake_main_task_from_isr(void) {
    __real_mp_hal_wake_main_task_from_isr();
    atlink_port_rouse_from_isr();
}

void IRAM_ATTR __wrap_mp_sched_keyboard_interrupt(void) {
    __real_mp_sched_keyboard_interrupt();
    atlink_port_rouse_from_isr();
}
