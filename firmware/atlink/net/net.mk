# The network part of the user module `atlink`, for the unix port; included by ../micropython.mk.
SRC_USERMOD_C += $(addprefix $(ATLINK_DIR)/net/, modatnet.c modatnet_flow.c modatnet_link.c \
	modatnet_proof.c modatnet_tls.c modatsend.c modatmqtt.c)
SRC_USERMOD_LIB_C += $(addprefix $(ATLINK_DIR)/net/, \
	addr.c \
	closing.c \
	datagram.c \
	downlink.c \
	error.c \
	link.c \
	option.c \
	service.c \
	socket.c \
	tls.c \
	tls_profile.c \
	tls_reason.c \
	uplink.c \
	)
