"""What the module can do, in our own words: no AT text here.

A flat folder whose prefixes are its rooms:

    wifi_       the radio: station and what it aims at, scans, softAP, addresses, SmartConfig and
                WPS, enterprise networks
    mqtt_       the MQTT client: way to the broker, session, requests, messages that arrive
    http_       the HTTP client: one exchange, header fields
    websocket_  the WebSocket client: one link, its stream of frames
    web_        the module's own web server: pages, visitors, joining a network; webserver, portal
    files_      files of the host: where they lie, FAT volumes; files
    update_     new firmware and certificates: where their bytes go; fetch, trust

Without one: links (links, link, link_table, loss, server, sending, passthrough, sockets, sslcret,
stream, tls, transfer), names and time (names, mdns, sntp, exchange, clock, ping), flash (flash,
mfg, userram, customize), the chip (chip, device, guard, power, pins, pwm, i2c, spi), and what
several rooms use (buffer, keeper).
"""
