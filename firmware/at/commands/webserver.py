"""The web server for provisioning and updates (manual sections 3.9.2 and 4.5)."""

from at.command import EVENTS, command

EVENTS.update({"web_news": "+WEBSERVERRSP:%d", "web_failed": "+CWJAP:%d"})

WEBSERVER = command(
    "+WEBSERVER",
    "Web server for provisioning and updates",
    (
        # 0 stop; 1 start
        (
            "by",
            "enable",
            (
                (0, ()),
                (
                    1,
                    (
                        ("int", "server_port", 1, 65535),  # to listen on
                        ("int", "connection_timeout", 21, 60),  # seconds
                    ),
                ),
            ),
        ),
    ),
    words={
        "news": (
            "1 credentials received; 2 the page has seen the success; "
            "3 an upload begins; 4 it has succeeded; 5 it has failed"
        )
    },
)


@WEBSERVER.set
async def webserver_set(at, enable, port=0, limit_s=0):
    """`+WEBSERVERRSP:<news>` tells what visitors do. See docs/web-server.md.

    Before a module goes back to the network it was in, because the join failed, it says why as
    AT+CWJAP does: `+CWJAP:1` to 4.

    connection_timeout: seconds for a join, and for each step of a connection. A server that runs
    on the same port takes a new one; on another port it has to be stopped first.
    """
    if enable:
        at.webserver.start(port, limit_s)
    else:
        await at.webserver.stop()


WEBPASSWORD = command(
    "+WEBPASSWORD",
    "A password for the page of AT+WEBSERVER; empty: that of the factory, or none",
    (("str", "password", 0, 63),),
    stores="web_password",
    since="ours",
    words={"has_password": "0 everybody may; 1 a password is asked for"},
)


@WEBPASSWORD.query
def webpassword_query(at):
    """`+WEBPASSWORD:<has_password>`; the password itself is kept nowhere."""
    at.reply(int(at.trust.has_password()))


@WEBPASSWORD.set
def webpassword_set(at, password):
    """Kept in flash as a salted hash. Any name goes with it (HTTP Basic); see docs/security.md."""
    at.trust.set_password(password)
