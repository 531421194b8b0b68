"""The log on UART0: one line an event, milliseconds since start in front."""

import atcore

log = atcore.log  # (*words): a line on the log port; it never reaches the AT port (docs/wire.md)
begin = atcore.begin_log  # count from now on; the module starts with it
