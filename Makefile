# One target for each chore; `make help` lists them. Each sets up what it needs: pinned sources in build/deps,
# Python packages in build/venv, system packages through apt (as root or with sudo that does not ask).

.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
export FUZZ_SECONDS ?= 60
export SOAK_CYCLES ?= 100000
export BEFORE

PYTHON := build/venv/bin/python
FIRMWARE := python3 tools/build/firmware.py
SYSTEM := python3 tools/build/system.py
PACKAGES := @python3 tools/build/pyenv.py
QUIET := > /dev/null
# Tests wait more than they compute, so four at a time suit two cores.
PYTEST := build/venv/bin/python -m pytest -n 4 --dist worksteal
SOURCES := tools tests_host tests_device firmware board

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: simulator ## build what is missing, boot the module, talk to it (stdin: one AT command a line)
	@$(PYTHON) tools/console.py

sim: simulator ## boot the module on the pty build/ttyAT and stay; options: tools/atsim --help
	@tools/atsim

test: simulator ## all tests that need no hardware
	@$(FIRMWARE) --bits 32 $(QUIET)
	@$(FIRMWARE) --sanitize $(QUIET)
	$(PACKAGES) mfg test browser $(QUIET)
	@$(SYSTEM) mosquitto cmake 'chromium?'
	@echo "[test] on this PC: tools, C core with sanitizers, protocol"
	@$(PYTEST) tests_host
	@echo "[test] conversations with the simulated module, 64 bit"
	@$(PYTEST) tests_device --bits 64
	@echo "[test] conversations with the simulated module, 32 bit and the chip's heap"
	@$(PYTEST) tests_device --bits 32

bench: simulator ## measure speed and memory; writes build/bench.json; BEFORE=, another checkout as the peer; KEYS=
	@$(SYSTEM) m32 valgrind socat mosquitto xtensa
	@$(FIRMWARE) --bits 32 $(QUIET)
	$(PACKAGES) test $(QUIET)
	@echo "[bench] measuring"
	@$(PYTHON) -m tools.bench $(KEYS)

soak: simulator ## SOAK_CYCLES (100000) links opened, used and closed: do the heaps stay as they are?
	@$(SYSTEM) m32 $(QUIET)
	@$(FIRMWARE) --bits 32 $(QUIET)
	$(PACKAGES) test $(QUIET)
	@echo "[soak] $(SOAK_CYCLES) links on the 32-bit build"
	@$(PYTHON) -m tools.bench soak

fuzz: simulator ## feed the sanitizer build with garbage for FUZZ_SECONDS (60)
	@$(FIRMWARE) --sanitize $(QUIET)
	$(PACKAGES) test $(QUIET)
	@$(SYSTEM) mosquitto
	@echo "[fuzz] $(FUZZ_SECONDS) seconds"
	@$(PYTHON) -m tools.fuzz

lint: ## style, types against the chip's MicroPython, layers, compiler warnings
	$(PACKAGES) test lint stubs $(QUIET)
	@echo "[lint] ruff"
	@build/venv/bin/ruff check $(SOURCES)
	@build/venv/bin/ruff format --check $(SOURCES)
	@echo "[lint] pyright: firmware/ against the ESP32-S2 stubs"
	@build/venv/bin/pyright
	@echo "[lint] layers"
	@$(PYTHON) -m pytest tests_host/test_layers.py
	@echo "[lint] C: -Wall -Wextra -Werror, 64 and 32 bit"
	@$(FIRMWARE) --bits 64 $(QUIET)
	@$(FIRMWARE) --bits 32 $(QUIET)
	@echo "[lint] C for the chip: Xtensa and 32 bit, against the declarations in tests_host/idf_decls"
	@python3 tools/build/chipcheck.py

docs: ## write docs/commands.md from the declarations
	$(PACKAGES) run $(QUIET)
	@$(PYTHON) -m tools.gendocs

mfg: ## build/mfg_nvs.bin: factory parameters and test certificates
	@python3 tools/mfg/build.py

conformance: ## the conversations over a serial port: PORT=, SSID=, PASSWORD=; HOST_IP=, BAUD=, REFERENCE=1
	@test -n "$(PORT)" || { echo "error: make conformance needs PORT=, a serial port or pyserial URL" >&2; exit 1; }
	$(PACKAGES) mfg test $(QUIET)
	@$(SYSTEM) mosquitto
	@$(PYTHON) tools/mfg/build.py $(QUIET)
	@$(PYTHON) -m tools.conformance "$(PORT)" $(if $(SSID),--ssid "$(SSID)") \
		$(if $(PASSWORD),--password "$(PASSWORD)") $(if $(HOST_IP),--host-ip "$(HOST_IP)") \
		$(if $(BAUD),--baud "$(BAUD)") $(if $(REFERENCE),--reference) \
		$(if $(OVERWRITE),--overwrite) -- $(CONFORMANCE)

firmware: ## the ESP32-S2 image: needs IDF_PATH, or DOCKER=1; VARIANT=PSRAM
	$(PACKAGES) mfg flash $(QUIET)
	@$(PYTHON) -m tools.image.build $(if $(VARIANT),--variant $(VARIANT)) $(if $(DOCKER),--docker)

flash: ## write the image to the module: PORT=, the serial port of UART0; VARIANT=, BAUD=, MFG=1
	@test -n "$(PORT)" || { echo "error: make flash needs PORT=, the module's serial port (UART0)" >&2; exit 1; }
	$(PACKAGES) flash $(QUIET)
	@$(PYTHON) -m tools.image.flash "$(PORT)" $(if $(BAUD),--baud $(BAUD)) $(if $(VARIANT),--variant $(VARIANT)) \
		$(if $(MFG),--mfg)

release: ## pack the image for people: build/release/*.zip; VARIANT=
	$(PACKAGES) flash $(QUIET)
	@$(PYTHON) -m tools.image.release $(if $(VARIANT),--variant $(VARIANT))

monitor: ## show the module's log (UART0): PORT=; BAUD=
	@test -n "$(PORT)" || { echo "error: make monitor needs PORT=, the serial port of UART0" >&2; exit 1; }
	$(PACKAGES) run $(QUIET)
	@$(PYTHON) -m tools.image.monitor "$(PORT)" $(if $(BAUD),--baud $(BAUD))

clean: ## remove build/
	rm -rf build

# What a simulated module needs before it can boot.
simulator:
	@$(FIRMWARE) $(QUIET)
	@python3 tools/mfg/build.py $(QUIET)
	$(PACKAGES) run $(QUIET)

# One flavour alone: 64, 32, 64-asan, 32-asan.
build/sim/%/micropython: always
	$(FIRMWARE) --bits $(firstword $(subst -, ,$*)) $(if $(findstring asan,$*),--sanitize)

.PHONY: help run sim test bench soak fuzz lint docs mfg conformance firmware flash release monitor clean simulator always
