#!/usr/bin/env bash
# esp-idf-nvs-partition-gen 0.3.0: a string of 3,968 to 3,999 characters cannot be the first value of a namespace.
#
# Its own check allows 4,000 bytes with the closing zero, the most that ESP-IDF's NVS takes in one entry. Such a string
# needs 126 entries of 32 bytes, a whole page; one entry of the first page already names the namespace. A longer list of
# values would go on in the next page, and ESP-IDF's own nvs_set_str() does begin a new one. The generator raises
# PageFullError although the other pages are empty.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check esp-idf-nvs-partition-gen==0.3.0
generate() {
    printf 'key,type,encoding,value\nspace,namespace,,\nkey,data,string,%s\n' "$(printf '%*s' "$1" '' | tr ' ' x)" > in.csv
    venv/bin/python -m esp_idf_nvs_partition_gen generate in.csv out.bin 0x6000 > log 2>&1 \
        && echo "$1 characters: made" || echo "$1 characters: $(grep -o 'PageFullError\|exceeds max allowed length' log | head -1)"
}
seen=$(for size in 3967 3968 3999 4000; do generate "$size"; done)
echo "$seen"
diff <(echo "$seen") - <<'END'
3967 characters: made
3968 characters: PageFullError
3999 characters: PageFullError
4000 characters: exceeds max allowed length
END
