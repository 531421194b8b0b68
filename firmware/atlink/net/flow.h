// Bytes between links and the AT port without Python: down from links, up to a link.
//
// service.c runs both from wait(); modatnet_flow.c lets Python steer. Buffers are static, but for
// large blocks and passthrough. What the host or the peer does not take stays where it is: in the socket, in the
// UART's ring.
#ifndef ATLINK_FLOW_H
#define ATLINK_FLOW_H

#include "core/framer.h"
#include "core/ipd.h"
#include "net.h"

#define ATLINK_PAYLOAD_MAX (8192) // of AT+CIPSEND and AT+CIPSENDEX; what passthrough keeps
#define ATLINK_UP_SIZE (4096) // blocks up to this size need no memory
#define ATLINK_LINK_UP (16) // stands for the upward flow among the links of wait()

// downlink.c
uint32_t atlink_down_gate(bool open, bool tells);
void atlink_down_set(atlink_link_t *link, int mode, int number, bool info, bool single);
int32_t atlink_down_count(atlink_link_t *link, uint32_t wanted);
bool atlink_down_now(atlink_link_t *link, uint32_t wanted);
void atlink_down_told(atlink_link_t *link, bool told);
bool atlink_down_needs_python(atlink_link_t *link);
bool atlink_down_admit(size_t size);
bool atlink_down_wants(const atlink_link_t *link);
typedef enum {
    DOWN_QUIET, // nothing to do
    DOWN_NO_ROOM, // the transmit ring has no room for the next piece
    DOWN_MORE, // enough for now
} atlink_down_state_t;
atlink_down_state_t atlink_down_run(bool held, size_t *room);

// uplink.c
typedef enum {
    UP_IDLE, // nothing goes on
    UP_RUNNING,
    UP_DONE, // the payload is complete (collect), is sent (send), or both (stream)
    UP_ENDED, // the host said `+++`
    UP_FAILED, // the link failed; what is unsent waits for another link or to be dropped
    UP_SILENT, // the host does not send the rest of what it announced
} atlink_up_state_t;

typedef struct _atlink_up_status_t {
    atlink_up_state_t state;
    uint32_t received; // bytes from the host, after unescaping
    uint32_t sent; // bytes that the link took
    uint32_t surplus; // bytes that came with the end of an escaped payload, behind it
} atlink_up_status_t;

bool atlink_up_collect(uint32_t count, bool escaped);
void atlink_up_send(int32_t handle, const atlink_addr_t *peer);
void atlink_up_stream(int32_t handle, size_t chunk, uint32_t interval_ms, uint32_t total,
    uint32_t report);
void atlink_up_peer(const atlink_addr_t *peer);
void atlink_up_interval(uint32_t interval_ms);
void atlink_up_attach(int32_t handle, bool drop);
void atlink_up_stop(void);
void atlink_up_status(atlink_up_status_t *status);
size_t atlink_up_payload(const uint8_t **payload);
atlink_link_t *atlink_up_blocked(void);
void atlink_up_unblock(void);
uint64_t atlink_up_run(uint64_t now_us);
bool atlink_up_has_news(void);

#endif
