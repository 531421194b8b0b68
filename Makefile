# One target for each chore; `make help` lists them.
.DEFAULT_GOAL := help

build/sim/%/micropython: FORCE
	python3 tools/build/firmware.py --bits $(firstword $(subst -, ,$*)) $(if $(findstring asan,$*),--sanitize)

FORCE:
.PHONY: FORCE
