"""How accepted boundary values are run without harm: one table.

A command that is not listed is simply run. Rejected values are always sent: they do nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.boundaries import Samples


@dataclass(frozen=True)
class Conduct:
    """What to mind when a command is accepted."""

    safe: str = ".*"  # only lines that match this expression whole are run
    payload: tuple[str, ...] = ()  # parameters whose sum is the number of bytes asked for by >
    restarts: bool = False  # the module restarts after OK
    simulated_only: bool = False  # would cut the line to a real module, or change it for good
    undo: tuple[str, ...] = ()  # lines that bring the module back to normal

    def allows(self, line: str) -> bool:
        """Tell whether an accepted line may be run."""
        return re.fullmatch(self.safe, line) is not None


TABLE: dict[str, Conduct] = {
    # the longest sleep is 24 days
    "+GSLP": Conduct(safe=r"AT\+GSLP=0", restarts=True),
    # the host would have to follow every rate and frame
    "+UART": Conduct(simulated_only=True),
    "+UART_CUR": Conduct(simulated_only=True),
    "+UART_DEF": Conduct(simulated_only=True),
    # would leave the module in passthrough after the next start
    "+SAVETRANSLINK": Conduct(undo=("AT+SAVETRANSLINK=0",)),
    # any address of the chip
    "+SYSREG": Conduct(simulated_only=True),
    "+SLEEP": Conduct(undo=("AT+SLEEP=0",)),
    "+SYSFLASH": Conduct(payload=("length",), simulated_only=True),
    "+SYSMFG": Conduct(payload=("length",)),
    "+SYSMSGFILTER": Conduct(undo=("AT+SYSMSGFILTER=0",)),
    "+SYSMSGFILTERCFG": Conduct(
        payload=("head_regexp_len", "tail_regexp_len"), undo=("AT+SYSMSGFILTERCFG=0",)
    ),
    "+USERRAM": Conduct(payload=("size",), undo=("AT+USERRAM=0",)),
    "+USERMCUSLEEP": Conduct(undo=("AT+USERMCUSLEEP=0",)),
    "+USERWKMCUCFG": Conduct(undo=("AT+USERWKMCUCFG=0",)),
}

# Values for parameters of which only few make sense: (command, parameter): as written.
SAMPLES: Samples = {}
