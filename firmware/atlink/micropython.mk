# User C module `atlink` for the unix port. The network part adds its own sources in net/net.mk.
ATLINK_DIR := $(USERMOD_DIR)

SRC_USERMOD_C += $(addprefix $(ATLINK_DIR)/, modatanswer.c modatcore.c modatline.c modatlink.c modatloop.c)
SRC_USERMOD_LIB_C += $(addprefix $(ATLINK_DIR)/, \
	uart.c \
	wait.c \
	port_unix.c \
	port_unix_group.c \
	port_unix_route.c \
	port_unix_table.c \
	core/filter.c \
	core/framer.c \
	core/ipd.c \
	core/line.c \
	core/mqtt.c \
	core/ring.c \
	core/rx.c \
	core/settings.c \
	core/unescape.c \
	core/websocket.c \
	)
# build/generated: what tools/build makes of the declarations.
CFLAGS_USERMOD += -I$(ATLINK_DIR) -I$(ATLINK_DIR)/../../build/generated -DATLINK_ROUTE

-include $(ATLINK_DIR)/net/net.mk
