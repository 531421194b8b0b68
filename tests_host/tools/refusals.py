"""What a rehearsal says where it cannot be: a reason to skip."""

# Nobody may make a network namespace here, or the program for it is not there.
REFUSED = ("lets nobody make network namespaces", "there is no program")
