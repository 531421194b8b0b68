"""What targets say where they cannot be: a reason to skip."""

# Nobody may make a network namespace here, or the program for it is not there.
REFUSED = ("lets nobody make network namespaces", "there is no program")

# Nobody but root may install what the target needs and `make test` does not.
NOT_INSTALLED = "(not root, "
