"""The firmware's start: build the application, run it; if that fails, start again."""

from at.services.guard import give_up

try:
    from at.app import App

    App().run()
except Exception as error:  # noqa: BLE001 - nobody is there to see it but the log
    give_up(error)
