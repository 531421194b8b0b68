# The C modules of the firmware, as one file for MicroPython's USER_C_MODULES.
get_filename_component(AT_FIRMWARE ${CMAKE_CURRENT_LIST_DIR}/../../firmware ABSOLUTE)
include(${AT_FIRMWARE}/atlink/micropython.cmake)
include(${AT_FIRMWARE}/atchip/micropython.cmake)
include(${AT_FIRMWARE}/atrom/micropython.cmake)

# MicroPython hands the modules to its component and, by CMake's rules, to the executable as well, which compiles
# them without ESP-IDF's options. The linker takes the executable's copy: give it the options that count.
target_compile_options(usermod INTERFACE -Os -ffunction-sections -fdata-sections)

# board.c answers how far Python's heap may grow, and keeps TCP connections while there is no address.
target_link_options(usermod INTERFACE -Wl,--wrap=gc_get_max_new_split -Wl,--wrap=tcp_netif_ip_addr_changed)
