# User C module `atlink` for the chip. The network part adds its own sources in net/net.cmake.
add_library(usermod_atlink INTERFACE)

target_sources(usermod_atlink INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}/modatanswer.c
    ${CMAKE_CURRENT_LIST_DIR}/modatcore.c
    ${CMAKE_CURRENT_LIST_DIR}/modatline.c
    ${CMAKE_CURRENT_LIST_DIR}/modatlink.c
    ${CMAKE_CURRENT_LIST_DIR}/modatloop.c
    ${CMAKE_CURRENT_LIST_DIR}/uart.c
    ${CMAKE_CURRENT_LIST_DIR}/wait.c
    ${CMAKE_CURRENT_LIST_DIR}/core/filter.c
    ${CMAKE_CURRENT_LIST_DIR}/core/framer.c
    ${CMAKE_CURRENT_LIST_DIR}/core/ipd.c
    ${CMAKE_CURRENT_LIST_DIR}/core/line.c
    ${CMAKE_CURRENT_LIST_DIR}/core/mqtt.c
    ${CMAKE_CURRENT_LIST_DIR}/core/ring.c
    ${CMAKE_CURRENT_LIST_DIR}/core/rx.c
    ${CMAKE_CURRENT_LIST_DIR}/core/settings.c
    ${CMAKE_CURRENT_LIST_DIR}/core/unescape.c
    ${CMAKE_CURRENT_LIST_DIR}/core/websocket.c
)

# The UART of the board: the IDF driver where there is an IDF, a descriptor elsewhere.
if(DEFINED IDF_TARGET)
    target_sources(usermod_atlink INTERFACE
        ${CMAKE_CURRENT_LIST_DIR}/port_esp32.c
        ${CMAKE_CURRENT_LIST_DIR}/port_esp32_wait.c
        ${CMAKE_CURRENT_LIST_DIR}/port_esp32_wake.c
    )
    foreach(name mp_hal_wake_main_task mp_hal_wake_main_task_from_isr mp_sched_keyboard_interrupt)
        target_link_options(usermod INTERFACE -Wl,--wrap=${name})
    endforeach()
else()
    target_sources(usermod_atlink INTERFACE ${CMAKE_CURRENT_LIST_DIR}/port_unix.c)
endif()

# build/generated: what tools/build makes of the declarations.
target_include_directories(usermod_atlink INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}
    ${CMAKE_CURRENT_LIST_DIR}/../../build/generated
)
include(${CMAKE_CURRENT_LIST_DIR}/net/net.cmake OPTIONAL)
target_link_libraries(usermod INTERFACE usermod_atlink)
