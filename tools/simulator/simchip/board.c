// The ends of what the supervisor shares with the firmware process. See board.h.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <mbedtls/platform.h>
#include <mbedtls/platform_time.h>

#include "board.h"
#include "port.h"

static sim_board_t board;

void sim_board_exit(int status) {
    fflush(stdout);
    _exit(status);
}

static int env_number(const char *name) {
    const char *text = getenv(name);
    return text == NULL ? -1 : atoi(text);
}

// With SIM_SLOW the flash takes its time, and the longest silence of the loop is measured: what
// lies between two waits is the flash's time, and the thread's own times the slowness. That does
// not depend on what else this PC does.
static uint32_t slowness;
static uint64_t flash_us; // since the last wait
static uint64_t awake_us; // thread's time at the end of it

static void spend(uint32_t us) {
    flash_us += us;
    struct timespec left = {us / 1000000, us % 1000000 * 1000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

static uint64_t thread_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void note_silence(void) {
    uint64_t silence_us = (thread_us() - awake_us) * slowness + flash_us;
    if (silence_us > SIM_SILENCE_TOLD_US) {
        fprintf(stderr, "atsim: the loop stood still for %u ms, %u of them flash\n",
            (unsigned)(silence_us / 1000), (unsigned)(flash_us / 1000));
    }
    if (flash_us > board.file->silence_flash_us) {
        board.file->silence_flash_us = flash_us;
    }
    if (silence_us > board.file->silence_us) {
        board.file->silence_us = silence_us > UINT32_MAX ? UINT32_MAX : silence_us;
    }
}

// With SIM_WATCHED somebody looks at the heap (--web), also while nothing happens.
#define WATCH_US (250000)
static bool is_watched;
void (*sim_board_tell_heap)(sim_board_file_t *file);

static void tell_heap(void) {
    if (board.file->heap_asked && sim_board_tell_heap != NULL) {
        board.file->heap_asked = 0;
        sim_board_tell_heap(board.file);
    }
}

// The linker puts these around the port's own: see mpconfigvariant.mk.
uint32_t __real_atlink_port_block(uint32_t want, const atlink_watch_t *links, uint64_t until_us);
uint32_t __wrap_atlink_port_block(uint32_t want, const atlink_watch_t *links, uint64_t until_us);

uint32_t __wrap_atlink_port_block(uint32_t want, const atlink_watch_t *links, uint64_t until_us) {
    if (is_watched) {
        tell_heap();
        uint64_t soon = atlink_port_now_us() + WATCH_US;
        until_us = soon < until_us ? soon : until_us;
    }
    if (slowness == 0) {
        return __real_atlink_port_block(want, links, until_us);
    }
    if (awake_us != 0) { // the first wait ends the start
        note_silence();
    }
    uint32_t fired = __real_atlink_port_block(want, links, until_us);
    flash_us = 0;
    awake_us = thread_us();
    return fired;
}

static void power_cut(void) {
    _exit(SIM_EXIT_POWER_CUT);
}

static void *map_file(const char *variable, uint32_t *size) {
    const char *path = getenv(variable);
    struct stat st;
    void *mem = MAP_FAILED;
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0) {
        *size = st.st_size;
        mem = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (fd >= 0) {
        close(fd);
    }
    return mem == MAP_FAILED ? NULL : mem;
}

// Certificates are checked with the module's clock, not the PC's. A clock that was not set is in
// the year 2000 for Mbed TLS: the ESP32 port adds these seconds to the system's time.
#define SECONDS_1970_TO_2000 (946684800)
static mbedtls_time_t module_time(mbedtls_time_t *out) {
    mbedtls_time_t now = (mbedtls_time_t)(sim_board_clock_us() / 1000000);
    if (now < SECONDS_1970_TO_2000) {
        now += SECONDS_1970_TO_2000;
    }
    if (out != NULL) {
        *out = now;
    }
    return now;
}

sim_board_t *sim_board(void) {
    if (board.file != NULL) {
        return &board;
    }
    uint32_t size = 0;
    uint8_t *image = map_file("SIM_FLASH", &board.flash.size);
    sim_board_file_t *file = map_file("SIM_RTC", &size);
    if (image == NULL || file == NULL || size < sizeof(*file)) {
        return NULL;
    }
    board.flash.mem = image;
    board.flash.countdown = &file->countdown;
    board.flash.writes = &file->writes;
    board.flash.power_cut = power_cut;
    board.bus_fd = env_number("SIM_BUS_FD");
    board.event_fd = env_number("ATLINK_EVENT_FD");
    board.slot = env_number("SIM_SLOT");
    board.file = file;
    is_watched = env_number("SIM_WATCHED") > 0;
    if (env_number("SIM_SLOW") > 0) {
        slowness = env_number("SIM_SLOW");
        board.flash.spend = spend;
    }
    mbedtls_platform_set_time(module_time);
    return &board;
}

// The process must not outlive its supervisor, however that ends, even before Python runs.
__attribute__((constructor)) static void follow_supervisor(void) {
    if (getenv("SIM_BUS_FD") != NULL) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
}

static void send_packet(int fd, const char *text, size_t len) {
    ssize_t sent;
    do {
        sent = send(fd, text, len, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        sim_board_exit(SIM_EXIT_ORPHAN);
    }
}

static ssize_t receive_packet(int fd, char *buf, size_t room, int flags) {
    ssize_t got;
    do {
        got = recv(fd, buf, room, flags | MSG_TRUNC);
    } while (got < 0 && errno == EINTR);
    return got;
}

int sim_board_call(const char *text, size_t len, char *buf, size_t room) {
    send_packet(board.bus_fd, text, len);
    ssize_t got = receive_packet(board.bus_fd, buf, room, 0);
    if (got <= 0) {
        sim_board_exit(SIM_EXIT_ORPHAN);
    }
    return (size_t)got > room ? -1 : got;
}

void sim_board_report(const char *text, size_t len) {
    send_packet(board.event_fd, text, len);
}

int sim_board_event(char *buf, size_t room) {
    ssize_t got = receive_packet(board.event_fd, buf, room, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return 0;
    }
    if (got <= 0) {
        sim_board_exit(SIM_EXIT_ORPHAN);
    }
    // The supervisor keeps events shorter than any buffer here.
    return (size_t)got > room ? 0 : got;
}

static void bite(int signum) {
    (void)signum;
    _exit(SIM_EXIT_WATCHDOG);
}

void sim_board_watchdog(uint32_t timeout_ms) {
    struct itimerval timer = {
        .it_value = {timeout_ms / 1000, timeout_ms % 1000 * 1000},
    };
    signal(SIGALRM, bite);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static int64_t monotonic_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t sim_board_clock_us(void) {
    return monotonic_us() + board.file->clock_offset_us;
}

void sim_board_set_clock_us(int64_t us) {
    board.file->clock_offset_us = us - monotonic_us();
}
