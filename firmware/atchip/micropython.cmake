# User C module `atchip` for the chip: ESP-IDF's calls that MicroPython's own modules do not offer.
add_library(usermod_atchip INTERFACE)

foreach(name modatchip buses chip dhcp eap events neighbours netif news nvs power provision pwm ram scan softap values wifi)
    target_sources(usermod_atchip INTERFACE ${CMAKE_CURRENT_LIST_DIR}/${name}.c)
endforeach()

# ../atlink: port_esp32.h, to wake the main task.
target_include_directories(usermod_atchip INTERFACE ${CMAKE_CURRENT_LIST_DIR} ${CMAKE_CURRENT_LIST_DIR}/../atlink)

# MicroPython's main component does not require wpa_supplicant (WPS, EAP). It is in the link all the same:
# only its headers have to be found.
if(NOT CMAKE_BUILD_EARLY_EXPANSION)
    idf_component_get_property(wpa_supplicant_dir wpa_supplicant COMPONENT_DIR)
    target_include_directories(usermod_atchip INTERFACE ${wpa_supplicant_dir}/esp_supplicant/include)
endif()

target_link_libraries(usermod INTERFACE usermod_atchip)
