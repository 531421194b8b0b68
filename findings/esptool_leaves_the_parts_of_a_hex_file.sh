#!/usr/bin/env bash
# esptool 5.6.0: writing an Intel HEX file leaves a copy of its parts among the temporary files, each time.
#
# A HEX file is taken apart into one binary file for each run of addresses, as soon as the arguments are read. The files are
# made so that nothing removes them, and nothing does, so each call leaves what the image holds once more, although here it
# could not even open the port. A .bin file is read where it is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check esptool==5.6.0
mkdir left
printf 'one' > one.bin
printf 'other' > other.bin
esptool() { TMPDIR=$folder/left venv/bin/esptool --chip esp32s2 "$@" > said.txt 2>&1; }
left() { find left -type f -printf '%s bytes\n' | sort | paste -sd,; }
esptool merge-bin --format hex -o both.hex 0x1000 one.bin 0x8000 other.bin
seen=$(
    esptool --port /dev/no-such-port write-flash 0x1000 one.bin 0x8000 other.bin || true
    echo "after writing two .bin files to a port that is not there: $(left)"
    esptool --port /dev/no-such-port write-flash 0 both.hex || true
    echo "after the same as one HEX file: $(left)"
    esptool --port /dev/no-such-port write-flash 0 both.hex || true
    echo "after that again: $(left)"
)
echo "$seen"
diff <(echo "$seen") - <<'SEEN'
after writing two .bin files to a port that is not there: 
after the same as one HEX file: 3 bytes,5 bytes
after that again: 3 bytes,3 bytes,5 bytes,5 bytes
SEEN
