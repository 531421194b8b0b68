"""Mount the module's file system before main.py runs; format it if it is blank or broken.

Takes the place of the ESP32 port's own start script, which stops for ever at a damaged first
block. A module in the field has nobody to ask, so it starts with an empty file system.
"""

import esp32
import vfs


def _mount():
    partition = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="vfs")[0]
    try:
        vfs.mount(vfs.VfsLfs2(partition), "/")
    except OSError as error:
        print("vfs: no file system (%s), making one" % error)
        vfs.VfsLfs2.mkfs(partition)
        vfs.mount(vfs.VfsLfs2(partition), "/")


try:
    _mount()
except (OSError, IndexError) as error:
    print("vfs: none, going on without:", error)
