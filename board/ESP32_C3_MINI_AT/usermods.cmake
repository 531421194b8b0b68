# The C modules of the firmware: those of the other board.
include(${CMAKE_CURRENT_LIST_DIR}/../ESP32_S2_MINI_AT/usermods.cmake)
