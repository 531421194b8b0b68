# One target for each chore; `make help` lists them. Each sets up what it needs: pinned sources in build/deps,
# Python packages in build/venv, system packages through apt (as root or with sudo that does not ask).

.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
export FUZZ_SECONDS ?= 60
export SOAK_CYCLES ?= 100000
export AT_BOARD ?= $(if $(BOARD),$(BOARD),ESP32_S2_MINI_AT)
export BEFORE

PYTHON := build/venv/bin/python
FIRMWARE := python3 tools/build/firmware.py
SYSTEM := python3 tools/build/system.py
PORTS := python3 tools/build/ports.py
PACKAGES := @python3 tools/build/pyenv.py
QUIET := > /dev/null
# What the simulated module needs of the system; targets that need more name it all before they build.
SIMULATOR_NEEDS := venv gcc make
QUICK := $(addprefix firmware/test_,layers wire mqtt http dns websocket) \
	$(addprefix tools/test_,declarations words docs rooms sizes transcript term_meaning) c/test_atlink_core chip/test_partitions
# Which conversations make check has.
CONVERSATIONS := basic_
SOURCES := tools tests_host tests_device firmware board

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: simulator ## build what is missing, boot the module, talk to it (stdin: one AT command a line)
	@tools/terminal.py

sim: simulator ## boot the module on the pty build/ttyAT and stay; WEB=1: a page at 127.0.0.1:8266
	@tools/atsim $(if $(WEB),--web 127.0.0.1:8266)

test: ## all tests that need no hardware; ARGS= goes to pytest
	@$(SYSTEM) $(SIMULATOR_NEEDS) m32 mosquitto cmake valgrind socat mtools ip xtensa 'chromium?'
	@$(MAKE) simulator
	@$(FIRMWARE) --bits 32 $(QUIET)
	@$(FIRMWARE) --sanitize $(QUIET)
	$(PACKAGES) mfg test browser $(QUIET)
	@$(PYTHON) -m tools.build.suites -- $(ARGS)

check: ## a look in under two minutes: style, layers, unit tests, basic conversations
	@$(SYSTEM) $(SIMULATOR_NEEDS)
	@$(MAKE) simulator
	$(PACKAGES) mfg test lint $(QUIET)
	@build/venv/bin/ruff check $(SOURCES)
	@build/venv/bin/ruff format --check $(SOURCES) $(QUIET)
	@echo "[check] units, then basic conversations"
	@$(PYTHON) -m pytest -n 4 $(QUICK:%=tests_host/%.py)
	@$(PYTHON) -m pytest -n 4 tests_device/test_scenarios.py -k $(CONVERSATIONS)

bench: ## measure speed and memory; writes build/bench.json; BEFORE=, another checkout as the peer; KEYS=
	@$(SYSTEM) $(SIMULATOR_NEEDS) m32 valgrind socat mosquitto xtensa
	@$(MAKE) simulator
	@$(FIRMWARE) --bits 32 $(QUIET)
	$(PACKAGES) test $(QUIET)
	@echo "[bench] measuring"
	@$(PYTHON) -m tools.bench $(KEYS)

soak: ## SOAK_CYCLES (100000) links, a tenth as many MQTT sessions, 64 MiB each way: do the heaps stay as they are?
	@$(SYSTEM) $(SIMULATOR_NEEDS) m32 mosquitto
	@$(MAKE) simulator
	@$(FIRMWARE) --bits 32 $(QUIET)
	$(PACKAGES) test $(QUIET)
	@echo "[soak] $(SOAK_CYCLES) links on the 32-bit build"
	@$(PYTHON) -m tools.bench soak soak_mqtt soak_slow

fuzz: ## feed the sanitizer build with garbage for FUZZ_SECONDS (60); ARGS="--bits 32 --heap 40k", --slow, --help
	@$(SYSTEM) $(SIMULATOR_NEEDS) mosquitto $(if $(findstring 32,$(ARGS)),m32)
	@$(MAKE) simulator
	@$(FIRMWARE) --sanitize $(QUIET)
	$(PACKAGES) test $(QUIET)
	@echo "[fuzz] $(FUZZ_SECONDS) seconds"
	@$(PYTHON) -m tools.fuzz $(ARGS)

fuzzc: ## coverage-guided fuzzing (libFuzzer) of the C parts that read input and of TLS, for FUZZ_SECONDS (60); ARGS=--keep
	@$(SYSTEM) venv gcc clang
	$(PACKAGES) run mfg $(QUIET)
	@python3 tools/mfg/build.py $(QUIET)
	@$(PYTHON) -m tools.fuzz.core $(ARGS)

lint: ## style, types against the chip's MicroPython, layers, compiler warnings
	@$(SYSTEM) $(SIMULATOR_NEEDS) m32 xtensa
	$(PACKAGES) test lint stubs $(QUIET)
	@echo "[lint] C: -Wall -Wextra -Werror, 64 and 32 bit"
	@$(FIRMWARE) --bits 64 $(QUIET)
	@$(FIRMWARE) --bits 32 $(QUIET)
	@echo "[lint] ruff"
	@build/venv/bin/ruff check $(SOURCES)
	@build/venv/bin/ruff format --check $(SOURCES)
	@echo "[lint] pyright: firmware/ against the ESP32-S2 stubs"
	@build/venv/bin/pyright
	@echo "[lint] layers"
	@$(PYTHON) -m pytest tests_host/firmware/test_layers.py
	@echo "[lint] C for the chip: Xtensa and 32 bit, against the declarations in tests_host/chip/idf_decls"
	@python3 tools/build/chipcheck.py

docs: ## write docs/commands.md from the declarations, the accounts of docs/memory.md and docs/porting.md
	@$(SYSTEM) venv
	@python3 tools/mfg/build.py $(QUIET)
	$(PACKAGES) run $(QUIET)
	@$(PYTHON) -m tools.catalogue.gendocs
	@$(PYTHON) -m tools.image.memory
	@$(PYTHON) -m tools.image.slot

mfg: ## build/mfg_nvs.bin: factory parameters and test certificates
	@python3 tools/mfg/build.py

conformance: ## the conversations over a serial port: PORT=, SSID=, PASSWORD=; HOST_IP=, BAUD=, REFERENCE=1
	@$(PORTS) conformance "$(PORT)" $(QUIET)
	@$(SYSTEM) venv mosquitto
	$(PACKAGES) mfg test $(QUIET)
	@$(PYTHON) tools/mfg/build.py $(QUIET)
	@$(PYTHON) -m tools.conformance "$$($(PORTS) --quiet conformance "$(PORT)")" $(if $(SSID),--ssid "$(SSID)") \
		--password "$(PASSWORD)" $(if $(HOST_IP),--host-ip "$(HOST_IP)") \
		$(if $(HOST_IP6),--host-ip6 "$(HOST_IP6)") $(if $(HOST_NAME),--host-name "$(HOST_NAME)") \
		$(if $(BAUD),--baud "$(BAUD)") $(if $(REFERENCE),--reference) \
		$(if $(OVERWRITE),--overwrite) -- $(CONFORMANCE)

rehearsal: ## the same with a simulated module in a network of its own, at 115200 baud, in any order; ARGS=
	@$(SYSTEM) $(SIMULATOR_NEEDS) m32 mosquitto ip
	@$(MAKE) simulator
	@$(FIRMWARE) --bits 32 $(QUIET)
	$(PACKAGES) mfg test $(QUIET)
	@$(PYTHON) -m tools.conformance.rehearsal $(ARGS)

firmware: ## the chip's image: needs IDF_PATH, or DOCKER=1; BOARD=ESP32_C3_MINI_AT, VARIANT=PSRAM
	$(PACKAGES) mfg flash $(QUIET)
	@$(PYTHON) -m tools.image.build $(if $(VARIANT),--variant $(VARIANT)) $(if $(DOCKER),--docker)

flash: ## write the image to the module: PORT=, the serial port of UART0; VARIANT=, BAUD=, MFG=1
	@$(PORTS) flash "$(PORT)" $(if $(VARIANT),--variant $(VARIANT)) $(QUIET)
	$(PACKAGES) flash $(QUIET)
	@$(PYTHON) -m tools.image.flash "$$($(PORTS) --quiet flash "$(PORT)" $(if $(VARIANT),--variant $(VARIANT)))" $(if $(BAUD),--baud $(BAUD)) $(if $(VARIANT),--variant $(VARIANT)) \
		$(if $(MFG),--mfg)

emulate: ## run the ESP32-C3's image in esp-emu: BOARD=ESP32_C3_MINI_AT; UART1=HOST:PORT, SSID=, ARGS=
	$(PACKAGES) flash $(QUIET)
	@$(PYTHON) -m tools.image.emulate $(if $(UART1),--uart1 "$(UART1)") $(if $(SSID),--ssid "$(SSID)") \
		$(if $(ARGS),--more="$(ARGS)")

release: ## pack the image for people: build/release/*.zip; BOARD=, VARIANT=
	$(PACKAGES) flash $(QUIET)
	@$(PYTHON) -m tools.image.release $(if $(VARIANT),--variant $(VARIANT))

monitor: ## show the module's log (UART0): PORT=; BAUD=
	@$(PORTS) monitor "$(PORT)" $(QUIET)
	$(PACKAGES) run $(QUIET)
	@$(PYTHON) -m tools.image.monitor "$$($(PORTS) --quiet monitor "$(PORT)")" $(if $(BAUD),--baud $(BAUD))

clean: ## remove build/
	rm -rf build

# What a simulated module needs before it can boot.
simulator:
	@$(SYSTEM) $(SIMULATOR_NEEDS)
	@$(FIRMWARE) $(QUIET)
	@python3 tools/mfg/build.py $(QUIET)
	$(PACKAGES) run $(QUIET)

# One flavour alone: 64, 32, 64-asan, 32-asan.
build/sim/%/micropython: always
	$(FIRMWARE) --bits $(firstword $(subst -, ,$*)) $(if $(findstring asan,$*),--sanitize)

.DEFAULT:
	@echo "error: there is no target '$@'; make help lists those there are" >&2; exit 2

.PHONY: check help run sim test bench soak fuzz fuzzc lint docs mfg conformance firmware flash emulate release monitor clean simulator always
