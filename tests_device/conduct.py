"""How accepted boundary values are run without harm: one table.

A command that is not listed is simply run. Rejected values are always sent: they do nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests_device import mqttcodes
from tools.catalogue.boundaries import Samples
from tools.catalogue.declarations import Command


@dataclass(frozen=True)
class Conduct:
    """What to mind when a command is accepted."""

    safe: str = ".*"  # only lines that match this expression whole are run
    refuses: str = "(?!)"  # lines that match may be answered 0x07: a rule the declaration has not
    payload: tuple[str, ...] = ()  # parameters whose sum is the number of bytes asked for by >
    restarts: bool = False  # the module restarts after OK
    simulated_only: bool = False  # would cut the line to a real module, or change it for good
    own_codes: bool = False  # refuses parameters with codes of its own, which transcripts check
    undo: tuple[str, ...] = ()  # lines that bring the module back to normal

    def allows(self, line: str) -> bool:
        """Tell whether an accepted line may be run."""
        return re.fullmatch(self.safe, line) is not None

    def may_refuse(self, line: str) -> bool:
        """Tell whether the command may still find a parameter of this line invalid."""
        return re.fullmatch(self.refuses, line) is not None


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
    # what fits depends on the partition
    "+SYSFLASH": Conduct(payload=("length",), simulated_only=True, refuses=".*"),
    "+FS": Conduct(payload=("length",), simulated_only=True),
    "+SYSMFG": Conduct(payload=("length",), simulated_only=True),
    "+SYSMSGFILTER": Conduct(undo=("AT+SYSMSGFILTER=0",)),
    "+SYSMSGFILTERCFG": Conduct(
        payload=("head_regexp_len", "tail_regexp_len"),
        undo=("AT+SYSMSGFILTERCFG=0",),
        refuses=r".*=[12],0,0(,.*)?",  # nothing to look for
    ),
    "+CIPDNS": Conduct(safe=r"AT\+CIPDNS=[^a]*", undo=("AT+CIPDNS=0",)),
    "+CIPSNTPCFG": Conduct(undo=("AT+CIPSNTPCFG=0,0",)),
    "+CIPV6": Conduct(undo=("AT+CIPV6=0",)),
    # pairs must fit their number: the transcripts do that
    "+MDNS": Conduct(safe=r"AT\+MDNS=(0|1(,[^,]*){3,5})", undo=("AT+MDNS=0",)),
    # no update server, so nothing happens
    "+CIUPDATE": Conduct(safe=r"AT\+CIUPDATE=[^a]*", simulated_only=True),
    "+WEBSERVER": Conduct(undo=("AT+WEBSERVER=0",)),
    "+CWINIT": Conduct(undo=("AT+CWINIT=1",)),
    "+CWMODE": Conduct(undo=("AT+CWMODE=0",)),
    "+CWRECONNCFG": Conduct(undo=("AT+CWRECONNCFG=0,0",)),
    "+CWJEAP": Conduct(own_codes=True),
    "+CWSTARTSMART": Conduct(undo=("AT+CWSTOPSMART",)),
    # starts without an address, so that no socket comes into being
    "+SOCKETAUTOTT": Conduct(undo=("AT+SOCKETAUTOTT=0",)),
    # the prompt comes without OK before it: the transcripts do that
    "+SSLCRET": Conduct(safe=r"AT\+SSLCRET=\w+(,0)?"),
    "+SOCKETSENDLINE": Conduct(refuses=r".*=\w+,(256|0x100),.*"),  # more than there is
    "+WDNS": Conduct(undo=("AT+CIPDNS=0",)),
    "+WPS": Conduct(undo=("AT+WPS=0",)),
    "+CWDHCP": Conduct(undo=("AT+CWDHCP=1,3",)),
    # a netmask must be one: the transcripts do that
    "+CIPSTA": Conduct(safe=r"AT\+CIPSTA=[^,]*(,[^,]*)?", undo=("AT+CWDHCP=1,3",)),
    "+CIPAP": Conduct(safe=r"AT\+CIPAP=[^,]*(,[^,]*)?", undo=("AT+CWDHCP=1,3",)),
    "+MQTTLONGCLIENTID": Conduct(payload=("length",)),
    "+MQTTLONGUSERNAME": Conduct(payload=("length",)),
    "+MQTTLONGPASSWORD": Conduct(payload=("length",)),
    # what is no URL or header is refused as well; no network, so nothing happens
    "+HTTPCLIENT": Conduct(refuses=".*"),
    "+HTTPGETSIZE": Conduct(refuses='.*"a*".*'),
    "+HTTPCGET": Conduct(refuses='.*"a*".*'),
    "+HTTPCPOST": Conduct(refuses=".*"),
    "+HTTPCPUT": Conduct(refuses=".*"),
    "+HTTPURLCFG": Conduct(payload=("url_length",), refuses=".*=[1-7]", undo=("AT+HTTPURLCFG=0",)),
    "+HTTPCHEAD": Conduct(payload=("req_header_len",), undo=("AT+HTTPCHEAD=0",)),
    # what is no URI is refused as well; no network, so nothing happens
    "+WSOPEN": Conduct(refuses='.*"a*".*'),
    "+WSHEAD": Conduct(payload=("req_header_len",), undo=("AT+WSHEAD=0",)),
    "+USEROTA": Conduct(payload=("url_len",)),
    "+USERRAM": Conduct(payload=("size",), undo=("AT+USERRAM=0",)),
    # waves on pins of which nobody knows what hangs there; half of the parameters is refused
    "+DRVPWMINIT": Conduct(
        safe=r"AT\+DRVPWMINIT=(0|[^,]*,.+)",
        refuses=".*",
        simulated_only=True,
        undo=("AT+DRVPWMINIT=0",),
    ),
    "+DRVI2CINIT": Conduct(
        safe=r"AT\+DRVI2CINIT=[^,]*(,.+,[^,]+,[^,]+)?",
        refuses=".*",
        simulated_only=True,
        undo=("AT+DRVI2CINIT=0", "AT+DRVI2CINIT=1"),
    ),
    # miso or cs may be the pin that another parameter names; 46 is an input
    "+DRVSPICONFGPIO": Conduct(refuses=".*", simulated_only=True),
    "+DRVSPIINIT": Conduct(safe=r"AT\+DRVSPIINIT=(0|[^,]*(,[^,]+){4,})"),
    "+DRVI2CWRBYTES": Conduct(refuses=r".*,1,(4294967295|0xffffffff)"),  # it has four bytes
    "+USERMCUSLEEP": Conduct(undo=("AT+USERMCUSLEEP=0",)),
    # wake mode 2 is for UART 1, a pin's level is 0 or 1
    "+USERWKMCUCFG": Conduct(
        undo=("AT+USERWKMCUCFG=0",), refuses=r".*=1,(2,(?!1,).*|1,\d+,(?![01],).*)"
    ),
    # as many suites as are told, and that there are
    "+CIPSSLCCIPHER": Conduct(safe=r"AT\+CIPSSLCCIPHER=\w+,0", undo=("AT+CIPSSLCCIPHER=5,0",)),
    "+CIPSSLCPSKHEX": Conduct(refuses=r'.*=\w+,"a".*'),  # half a byte
    "+CIPRECVMODE": Conduct(refuses=r".*=(0x)?5"),  # a mode, when it is the only parameter
    # the lines need a link ID
    "+CIPMUX": Conduct(undo=("AT+CIPMUX=1",)),
}


def conduct_of(command: Command) -> Conduct:
    """Return how a command is run; an alias is run as what it stands for."""
    return TABLE.get(command.name) or TABLE.get(command.alias_of or "") or Conduct()


# Commands that have a code of their own for each parameter: the rows of mqttcodes.expected().
CODES = mqttcodes.TABLE

# Values for parameters of which only few make sense: (command, parameter): as written.
SAMPLES: Samples = {
    ("+HTTPGETSIZE", "url"): '"http://a.test/"',
    ("+HTTPCGET", "url"): '"http://a.test/"',
    ("+HTTPCPOST", "url"): '"http://a.test/"',
    ("+HTTPCPUT", "url"): '"http://a.test/"',
    ("+WSOPEN", "uri"): '"ws://a.test/"',
    ("+SYSFLASH", "partition"): '"fatfs"',
    ("+CIPDNS", "dns_ip1"): '"9.9.9.9"',
    ("+CIPDNS", "dns_ip2"): '"1.1.1.1"',
    ("+CIPDNS", "dns_ip3"): '"2001:db8::1"',
    ("+WDNS", "dns_ip1"): '"9.9.9.9"',
    ("+CWSAP", "pwd"): '"1234567890"',
    ("+CWSTARTSMART", "type"): "4",
    ("+CIUPDATE", "version"): '"v1.2.0.0"',
    ("+CIUPDATE", "firmware_name"): '"ota"',
}
