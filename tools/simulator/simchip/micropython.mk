# User C module `_sim`, of the unix port only: what the imitated chip needs of the PC.
SIMCHIP_DIR := $(USERMOD_DIR)

SRC_USERMOD_C += $(addprefix $(SIMCHIP_DIR)/, modsim.c modsim_nvs.c modsim_ram.c modsim_error.c heapfault.c)
SRC_USERMOD_LIB_C += $(addprefix $(SIMCHIP_DIR)/, board.c flash.c nvs.c nvs_mount.c nvs_page.c)
# int64.h is the chip's own.
CFLAGS_USERMOD += -I$(SIMCHIP_DIR) -I$(SIMCHIP_DIR)/../../../firmware/atchip

# The imitated modules of the chip are in flash as the application is.
SRC_USERMOD_C += $(USER_C_MODULES)/objects/imitated_chip.c
CFLAGS_USERMOD += -DAT_ROM_IMAGE=at_rom_imitated_chip
