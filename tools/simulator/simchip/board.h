// What the supervisor shares with the firmware process: flash image, board file, bus.
// Opened from the environment (SIM_FLASH, SIM_RTC, SIM_BUS_FD, ATLINK_EVENT_FD, SIM_SLOT; SIM_SLOW,
// the number of times that the chip's processor is slower than this one, 0 to measure nothing;
// SIM_WATCHED, 1 if somebody looks at the heap).

#ifndef SIM_BOARD_H
#define SIM_BOARD_H

#include <stddef.h>

#include "flash.h"

// Exit statuses the supervisor understands; any other is a crash.
#define SIM_EXIT_RESET (64)
#define SIM_EXIT_SLEEP (65)
#define SIM_EXIT_POWER_CUT (66)
#define SIM_EXIT_WATCHDOG (67)
// The supervisor itself is gone.
#define SIM_EXIT_ORPHAN (70)

// With SIM_SLOW the log tells of silences of the loop that are longer.
#define SIM_SILENCE_TOLD_US (100000)

#define SIM_GPIOS (64)
#define SIM_RTC_MEMORY (2048)
#define SIM_FAULT_AT (3072) // offset of `fault` in the file
#define SIM_FAULT_ALWAYS (0xffffffff)

// A call of the chip that is to fail: the next one of that name after `skip` of them.
// "atchip.*" stands for all names that begin so, "*" for all. Allocations are those of heapfault.c.
typedef struct _sim_fault_t {
    char call[48];
    int32_t code; // esp_err_t, or what modsim.h has for other exceptions
    uint32_t skip;
    uint32_t times; // 0: none; SIM_FAULT_ALWAYS
    uint32_t hits; // how often it was raised
    char hit[48]; // the call that failed last
    uint32_t blocks; // of malloc() and its like that the process holds
} sim_fault_t;

// Layout of the file SIM_RTC, little-endian. tools/simulator/boardfile.py has the same.
typedef struct _sim_board_file_t {
    volatile uint32_t countdown; // see sim_flash_t
    volatile uint32_t writes;
    uint32_t reset_reason; // esp_reset_reason_t
    uint32_t sleep_ms; // 0xffffffff: no timer
    int64_t clock_offset_us; // wall clock less monotonic clock
    volatile uint8_t gpio_in[SIM_GPIOS];
    uint8_t mac[8];
    volatile uint32_t own_ip[2]; // of station and softAP, network order, 0: none
    volatile uint8_t air_away; // see atlink_route_world_t
    uint8_t spare[3];
    uint16_t rtc_len;
    uint8_t rtc[SIM_RTC_MEMORY];
    volatile uint32_t silence_us; // longest time without a turn of the loop, if it is measured
    volatile uint32_t silence_flash_us; // most that flash had of one
    volatile uint32_t heap_asked; // somebody wants to know what follows
    volatile uint32_t heap_size; // Python's, bytes
    volatile uint32_t heap_used;
    volatile uint32_t system_free; // of the system's heap
    _Alignas(1024) sim_fault_t fault; // at SIM_FAULT_AT
} sim_board_file_t;

_Static_assert(offsetof(sim_board_file_t, fault) == SIM_FAULT_AT, "as boardfile.py has it");

typedef struct _sim_board_t {
    sim_flash_t flash;
    sim_board_file_t *file;
    int bus_fd;
    int event_fd;
    int slot;
} sim_board_t;

// The board, opened on first use. NULL if this process was not started by the simulator.
sim_board_t *sim_board(void);

// What tells how much memory is used, into heap_size and what follows it; called between turns of
// the loop when it was asked for.
extern void (*sim_board_tell_heap)(sim_board_file_t *file);

// Leave the process at once, as a chip leaves its program.
__attribute__((noreturn)) void sim_board_exit(int status);

// One request to the supervisor and its answer. Returns the length of the answer in buf, or -1 if
// it does not fit. A supervisor that is gone ends the process.
int sim_board_call(const char *text, size_t len, char *buf, size_t room);

// Tell the supervisor something that needs no answer.
void sim_board_report(const char *text, size_t len);

// The next event, if there is one: its length in buf, 0 if none.
int sim_board_event(char *buf, size_t room);

// Start or feed the watchdog; the process ends when it is not fed for that long.
void sim_board_watchdog(uint32_t timeout_ms);

// Microseconds of wall clock since 1970.
int64_t sim_board_clock_us(void);
void sim_board_set_clock_us(int64_t us);

#endif
