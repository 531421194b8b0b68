"""The errors of the simulator; each message tells its reader what to do."""


class SimulatorError(Exception):
    """The simulator cannot start or go on with what it was given."""


class WorldError(SimulatorError):
    """The world file is wrong; the message names file and key."""


class CommandError(Exception):
    """A control command is refused; its sender gets the message, the simulator goes on."""
