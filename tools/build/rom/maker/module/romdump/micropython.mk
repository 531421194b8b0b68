# User C module `romdump` of the program that imports the firmware on this PC.
ROMDUMP_DIR := $(USERMOD_DIR)

SRC_USERMOD_C += $(ROMDUMP_DIR)/modromdump.c
CFLAGS_USERMOD += -I$(AT_ROM_DIR)
