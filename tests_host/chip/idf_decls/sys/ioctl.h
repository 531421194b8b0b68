// ESP-IDF v5.4: components/newlib/platform_include/sys/ioctl.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 94475f9176ae
#ifndef DECL_SYS_IOCTL_H
#define DECL_SYS_IOCTL_H

int ioctl(int fd, int request, ...);

#endif
