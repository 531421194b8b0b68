"""The log on UART0: one line an event, milliseconds since start in front."""

import atcore

log = atcore.log  # (*words): a line on the log port; it never reaches the AT port (wire-format R9)
begin = atcore.begin_log  # count from now on; the module starts with it
