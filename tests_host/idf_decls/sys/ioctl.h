// ESP-IDF v5.4: components/newlib/platform_include/sys/ioctl.h
// Compared on 2026-11-21 with that header: prototypes, constants and fields, by a compiler that saw both.
#ifndef DECL_SYS_IOCTL_H
#define DECL_SYS_IOCTL_H

int ioctl(int fd, int request, ...);

#endif
