#!/usr/bin/env bash
# littlefs 2.11 (the C in littlefs-python 0.19.0; 2.8 in MicroPython 1.25 too): after a read that the block device
# refused, a file that is there is said not to be.
#
# The refusal is reported, as LFS_ERR_IO. But littlefs notes what its read cache holds before it reads, and does not
# take the note back: the next question that falls into the same bytes is answered from a cache that was never filled.
# Here that is the revision of the newer half of a folder. It does not fit what is read behind it, so the older half is
# taken, in which the file is not yet, and the answer is LFS_ERR_NOENT. The third question is answered as it should be.
# A program that tries again after an error, or makes the file that is not there, goes by the wrong one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: littlefs-python==0.19.0
tar xzf littlefs_python-0.19.0.tar.gz
source=littlefs_python-0.19.0/littlefs
cat > try.c <<'END'
#include <stdio.h>
#include <string.h>
#include "lfs.h"

#define BLOCK (4096)
#define BLOCKS (16)

static unsigned char flash[BLOCK * BLOCKS];
static int reads_until_refusal = -1; // -1: none is refused

static int flash_read(const struct lfs_config *c, lfs_block_t block, lfs_off_t off, void *to,
    lfs_size_t size) {
    if (reads_until_refusal >= 0 && reads_until_refusal-- == 0) {
        return LFS_ERR_IO;
    }
    memcpy(to, flash + block * c->block_size + off, size);
    return 0;
}

static int flash_prog(const struct lfs_config *c, lfs_block_t block, lfs_off_t off,
    const void *from, lfs_size_t size) {
    memcpy(flash + block * c->block_size + off, from, size);
    return 0;
}

static int flash_erase(const struct lfs_config *c, lfs_block_t block) {
    memset(flash + block * c->block_size, 0xff, c->block_size);
    return 0;
}

static int flash_sync(const struct lfs_config *c) {
    (void)c;
    return 0;
}

static const struct lfs_config config = {
    .read = flash_read, .prog = flash_prog, .erase = flash_erase, .sync = flash_sync,
    .read_size = 32, .prog_size = 32, .block_size = BLOCK, .block_count = BLOCKS,
    .block_cycles = 100, .cache_size = 128, .lookahead_size = 32,
};

static const char *ask(lfs_t *fs) {
    struct lfs_info info;
    int result = lfs_stat(fs, "d", &info);
    return result == 0 ? "it is there" : result == LFS_ERR_NOENT ? "no such file" : "error of the device";
}

int main(void) {
    lfs_t fs;
    lfs_file_t file;
    lfs_format(&fs, &config);
    lfs_mount(&fs, &config);
    for (int n = 0; n < 8; n++) {
        char name[] = {(char)('a' + n), 0};
        lfs_file_open(&fs, &file, name, LFS_O_CREAT | LFS_O_WRONLY);
        lfs_file_write(&fs, &file, "content", 7);
        lfs_file_close(&fs, &file);
    }
    lfs_unmount(&fs);
    lfs_mount(&fs, &config);
    printf("file d: %s\n", ask(&fs));
    lfs_unmount(&fs);
    lfs_mount(&fs, &config);
    reads_until_refusal = 1;
    printf("its second read is refused: %s\n", ask(&fs));
    printf("asked again, nothing is refused: %s\n", ask(&fs));
    printf("and again: %s\n", ask(&fs));
    return 0;
}
END
gcc -O1 -DLFS_NO_DEBUG -DLFS_NO_WARN -DLFS_NO_ERROR -I "$source" try.c "$source/lfs.c" "$source/lfs_util.c" -o try
seen=$(grep -m1 -o 'LFS_VERSION 0x.*' "$source/lfs.h"; ./try)
echo "$seen"
diff <(echo "$seen") - <<'SEEN'
LFS_VERSION 0x0002000b
file d: it is there
its second read is refused: error of the device
asked again, nothing is refused: no such file
and again: it is there
SEEN
