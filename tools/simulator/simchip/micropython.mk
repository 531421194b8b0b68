# User C module `_sim`, of the unix port only: what the imitated chip needs of the PC.
SIMCHIP_DIR := $(USERMOD_DIR)

SRC_USERMOD_C += $(addprefix $(SIMCHIP_DIR)/, modsim.c modsim_nvs.c modsim_ram.c modsim_error.c)
SRC_USERMOD_LIB_C += $(addprefix $(SIMCHIP_DIR)/, board.c flash.c nvs.c nvs_mount.c nvs_page.c)
CFLAGS_USERMOD += -I$(SIMCHIP_DIR)
