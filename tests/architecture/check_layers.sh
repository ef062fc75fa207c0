#!/usr/bin/env bash
# check_layers.sh TREE: does the code in TREE keep to the table of rooms in TREE/docs/architecture.md?
# Reads #include and USES lines as text; it compiles nothing and does not follow macros.
#
# Prints one line per breach, "file:line: what is wrong", and ends with 1 if there was any, with 2 if it cannot check.
set -euo pipefail
export LC_ALL=C
tree="${1:?usage: check_layers.sh TREE}"
cd "$tree" 2>/dev/null || { echo "$tree: no such folder" >&2; exit 2; }
table=docs/architecture.md
[[ -f "$table" ]] || { echo "$table: not found in $tree" >&2; exit 2; }

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
trap 'echo "check_layers.sh:$LINENO: the check itself failed" >&2; exit 2' ERR

# The table, as lines "line room named|allowed room...": named ones stand in the row, allowed ones are "and below" too.
awk -F'|' '
    function trim(text) { gsub(/^[ \t]+|[ \t]+$/, "", text); return text }
    /^\| room \| does \| may use \|/ { in_table = 1; next }
    in_table && !/^\|/ { in_table = 0 }
    !in_table || /^\|[-: |]+$/ { next }
    {
        room = trim($2); uses = trim($4); below = sub(/ and below$/, "", uses)
        print FNR, room, "named", room
        count = split(uses, names, /[ ]*,[ ]*/)
        for (i = 1; i <= count; ++i) if (names[i] != "nothing") print FNR, room, "named", names[i]
        if (below) for (i = 1; i <= rows; ++i) print FNR, room, "allowed", order[i]
        order[++rows] = room
    }' "$table" >"$work/table"
[[ -s "$work/table" ]] || { echo "$table: no table with the head '| room | does | may use |'" >&2; exit 2; }

{
    # The table itself: a row may only name rows further up, so that it can hold no circle.
    awk -v file="$table" '
        !($2 in seen) { seen[$2] = 1 }
        !($4 in seen) { printf "%s:%d: row %s names %s, which is no row above it\n", file, $1, $2, $4 }' "$work/table"

    for folder in lib/*/; do
        room="$(basename "$folder")"
        grep -q " $room named $room\$" "$work/table" || echo "$table:1: there is a folder lib/$room but no row $room"
    done
    awk '$2 == $4 { print $1, $2 }' "$work/table" | while read -r line room; do
        [[ "$room" == cli || "$room" == workers || -d "lib/$room" ]] || echo "$table:$line: there is a row $room but no folder lib/$room"
    done

    # USES names what the row names, and nothing that the row does not allow.
    for cmake in lib/*/CMakeLists.txt; do
        [[ -f "$cmake" ]] || continue
        awk -v file="$cmake" -v room="$(basename "$(dirname "$cmake")")" '
            FNR == NR { if ($2 == room && $4 != room) { if ($3 == "named") named[$4] = 1; allowed[$4] = 1 }; next }
            { sub(/#.*/, "") }
            /slicepool_room\(/ { inside = 1; at = FNR }
            inside {
                text = $0; gsub(/[()]/, " ", text); count = split(text, words, /[ \t]+/)
                for (i = 1; i <= count; ++i) {
                    if (words[i] ~ /^[A-Z]+$/) { in_uses = words[i] == "USES"; if (in_uses) at = FNR; continue }
                    if (!in_uses || words[i] == "") continue
                    used[words[i]] = 1
                    if (!(words[i] in allowed)) printf "%s:%d: USES %s, which the row of %s does not allow\n", file, FNR, words[i], room
                }
                if (/\)/) inside = 0
            }
            END { for (name in named) if (!(name in used)) printf "%s:%d: USES lacks %s, which the row of %s names\n", file, at, name, room }
        ' "$work/table" "$cmake"
    done

    # Every #include. A room's own file in quotes may be given without its folder.
    folders=()
    for folder in include lib cli workers; do if [[ -d "$folder" ]]; then folders+=("$folder"); fi; done
    find "${folders[@]}" -type f \( -name '*.hpp' -o -name '*.cpp' -o -name '*.h' -o -name '*.c' \) |
        sort | tr '\n' '\0' | xargs -0 -r awk -v edges="$work/edges" '
            function breach(text) { printf "%s:%d: %s\n", FILENAME, FNR, text }
            BEGIN {
                system_header = "^(sys|linux|asm|net|netinet|arpa)/|^boost/(interprocess|process)([./]|$)|" \
                    "^(unistd|fcntl|poll|signal|sched|pthread|dlfcn|spawn|semaphore|mqueue|pwd|grp|dirent|termios|syscall|ucontext|ifaddrs|netdb)\\.h$|^csignal$"
            }
            FILENAME == ARGV[1] { allowed[$2, $4] = 1; rooms[$2] = 1; next }
            FNR == 1 {
                count = split(FILENAME, part, "/")
                public = part[1] == "include"
                if (part[1] == "lib") room = part[2]
                else if (public) room = count > 3 ? part[3] : "face"
                else room = part[1]
            }
            !/^[ \t]*#[ \t]*include[ \t]*[<"]/ { next }
            {
                target = $0; sub(/^[ \t]*#[ \t]*include[ \t]*/, "", target)
                quoted = target ~ /^"/; target = substr(target, 2); sub(/[>"].*/, "", target)
                count = split(target, part, "/")
                if (target ~ system_header) {
                    if (room != "os" || public) breach("<" target "> belongs in lib/os" (public ? ", not in a public header" : ""))
                    next
                }
                if (part[1] == "slicepool" && count == 2) {
                    if (room in rooms && room != "cli") breach("<" target "> is for users; a room includes the headers it needs")
                    next
                }
                used = part[1] == "slicepool" ? part[2] : (quoted && count > 1 && part[1] in rooms) ? part[1] : ""
                if (used == "") {
                    if (public && target ~ /[\/.]/ && target !~ /^Eigen\//) breach("a public header needs <" target ">, which users may not have")
                    next
                }
                if (!(used in rooms)) { breach("<" target "> is in no room of the table"); next }
                if (public && part[1] != "slicepool") breach("a public header includes the private \"" target "\"")
                if (room == "face") next
                if (!((room, used) in allowed)) breach(room " may not use " used " (\"" target "\")")
                if (room != used) print room, used >> edges
            }' "$work/table"

    # Even if the table were wrong: no room includes another in a circle.
    if [[ -s "$work/edges" ]]; then
        circle="$(sort -u "$work/edges" | { tsort 2>&1 >/dev/null || true; } | sed -n 's/^tsort: \([a-z_]*\)$/\1/p' | xargs)"
        [[ -z "$circle" ]] || echo "lib:1: rooms include each other in a circle: $circle"
    fi
} >"$work/breaches"

cat "$work/breaches"
if [[ -s "$work/breaches" ]]; then exit 1; fi
