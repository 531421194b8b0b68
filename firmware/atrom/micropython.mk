# User C module `atrom` for the unix port, and the objects of the application (tools/build/rom).
ATROM_DIR := $(USERMOD_DIR)

SRC_USERMOD_C += $(ATROM_DIR)/modatrom.c $(addprefix $(USER_C_MODULES)/objects/, application.c names.c)
CFLAGS_USERMOD += -I$(ATROM_DIR)
LDFLAGS_USERMOD += -Wl,--wrap=mp_init -Wl,--wrap=mp_find_frozen_module

# What these two keep to themselves or would write into constants.
$(BUILD)/py/objtype.o: private CFLAGS += -include $(ATROM_DIR)/classes.h
$(BUILD)/py/objmodule.o: private CFLAGS += -include $(ATROM_DIR)/modules.h
