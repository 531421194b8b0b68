"""The firmware's start: build the application, run it."""

from at.app import App

App().run()
