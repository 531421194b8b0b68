# The network part of the user module `atlink`, for the chip; included by ../micropython.cmake.
foreach(name modatnet modatnet_flow modatnet_link modatnet_proof modatnet_tls modatsend modatmqtt addr closing
        datagram downlink error link option service socket tls tls_profile tls_reason uplink)
    target_sources(usermod_atlink INTERFACE ${CMAKE_CURRENT_LIST_DIR}/${name}.c)
endforeach()
