# User C module `atrom` for the chip, and the objects of the application, which `make firmware` writes (tools/build/rom).
add_library(usermod_atrom INTERFACE)

get_filename_component(AT_OBJECTS ${CMAKE_CURRENT_LIST_DIR}/../../build/usermods/objects ABSOLUTE)
target_sources(usermod_atrom INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}/modatrom.c
    ${AT_OBJECTS}/application.c
    ${AT_OBJECTS}/names.c
)
target_include_directories(usermod_atrom INTERFACE ${CMAKE_CURRENT_LIST_DIR})
target_link_options(usermod_atrom INTERFACE -Wl,--wrap=mp_init -Wl,--wrap=mp_find_frozen_module)
target_link_libraries(usermod INTERFACE usermod_atrom)

# What these two keep to themselves or would write into constants.
set_source_files_properties(${MICROPY_PY_DIR}/objtype.c PROPERTIES
    COMPILE_OPTIONS "-include;${CMAKE_CURRENT_LIST_DIR}/classes.h")
set_source_files_properties(${MICROPY_PY_DIR}/objmodule.c PROPERTIES
    COMPILE_OPTIONS "-include;${CMAKE_CURRENT_LIST_DIR}/modules.h")
