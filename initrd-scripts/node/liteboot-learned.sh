#!/bin/sh
# Learning mode, on the running node: which paths were written. The initrd puts this into /run/liteboot/learned.
#   baseline   note down what stands in the layer before the system starts (the initrd calls this)
#   list       print what was written since
#   report     send it to the server
#   watch      send it every minute in which there was something new
# Needs find, stat, awk, sleep and something that can post: of the initrd's busybox when it is there, else the image's.
#
# A line: kind, origin, size, mtime, path, with one TAB between them. Kind f l d s p c b: file, link, directory, socket,
# pipe, devices; w: the image's object was removed. Origin: `new`, `old` (the image has it), `replaced` (a directory that
# was removed and made again). Names with control characters are left out. `more COUNT DIRECTORY/`: further ones there.

RUN_DIR=${LITEBOOT_RUN_DIR:-/run/liteboot}
ROOT=${LITEBOOT_ROOT:-}
LEARN_DIR=$RUN_DIR/learn
IMAGE=$LEARN_DIR/image
UPPER=$LEARN_DIR/layer/upper
BUSYBOX=$RUN_DIR/bin/busybox
TAB=$(printf '\t')
# Of a file name: the bytes that a list by lines cannot carry.
CONTROL='[:cntrl:]'
# Bytes are bytes, whatever they mean.
export LC_ALL=C
: "${MAX_LINES:=20000}" "${MAX_BYTES:=3000000}" "${MAX_IN_DIRECTORY:=200}" "${WATCH_SECONDS:=60}"

# x COMMAND...: the initrd's busybox knows it.
x() {
  if [ -x "$BUSYBOX" ]; then "$BUSYBOX" "$@"; else "$@"; fi
}

# Everything in the layer: mode, device, size, mtime, name.
walk() (
  cd "$UPPER" || exit 1
  busybox=
  [ ! -x "$BUSYBOX" ] || busybox=$BUSYBOX
  # shellcheck disable=SC2086 # one word or none
  x find . \( -name "*[$CONTROL]*" -o -path ./.statelite -o -path ./proc -o -path ./sys -o -path ./dev -o -path ./run \) -prune \
    -o ! -name . -exec $busybox stat -c "%f$TAB%t,%T$TAB%s$TAB%Y$TAB%n" {} + 2>/dev/null
  # A file that went away meanwhile is no fault.
  exit 0
)

# Drops what the baseline has, names the kinds, and keeps within the bounds.
choose() {
  # shellcheck disable=SC2016 # it is awk's
  x awk -F '\t' -v max_lines="$MAX_LINES" -v max_bytes="$MAX_BYTES" -v max_in="$MAX_IN_DIRECTORY" '
    BEGIN {
      kinds["1"] = "p"; kinds["2"] = "c"; kinds["4"] = "d"; kinds["6"] = "b"; kinds["8"] = "f"; kinds["a"] = "l"
      kinds["c"] = "s"
    }
    FILENAME == ARGV[1] { seen[$0] = 1; next }
    $0 in seen { next }
    {
      kind = kinds[substr($1, 1, 1)]
      if (kind == "") next
      if (kind == "c" && $2 == "0,0") kind = "w"
      path = substr($5, 2)
      above = path
      sub(/[^\/]*$/, "", above)
      if (kind == "d") path = path "/"
      line = kind "\t" $3 "\t" $4 "\t" path
      if (++count[above] > max_in || lines >= max_lines || bytes + length(line) > max_bytes) { hidden[above]++; next }
      lines++
      bytes += length(line)
      print line
    }
    END {
      for (above in hidden) if (++told <= 1000) print "more\t" hidden[above] "\t-\t" above; else rest += hidden[above]
      if (rest) print "more\t" rest "\t-\t/"
    }' "$@"
}

# replaced DIRECTORY/: the image has the directory, and nothing of its content shows. One name tells: the first of the
# image that the layer does not speak about. Where another file system is mounted on it, it cannot be told.
replaced() {
  [ "$(x stat -c %d "$ROOT$1" 2>/dev/null)" = "$(x stat -c %d "$ROOT/")" ] || return 1
  for rp_name in "$IMAGE$1"* "$IMAGE$1".[!.]*; do
    [ -e "$rp_name" ] || [ -L "$rp_name" ] || continue
    rp_name=${rp_name##*/}
    if [ -e "$UPPER$1$rp_name" ] || [ -L "$UPPER$1$rp_name" ]; then continue; fi
    [ ! -e "$ROOT$1$rp_name" ] && [ ! -L "$ROOT$1$rp_name" ]
    return
  done
  return 1
}

# Adds what the image has at each path.
compare() {
  while IFS=$TAB read -r co_kind co_size co_time co_path; do
    if [ "$co_kind" = more ]; then
      printf 'more\t%s\t%s\n' "$co_size" "$co_path"
      continue
    fi
    co_origin=new
    if [ -e "$IMAGE$co_path" ] || [ -L "$IMAGE${co_path%/}" ]; then
      co_origin=old
      if [ "$co_kind" = d ] && [ ! -d "$IMAGE$co_path" ]; then
        co_origin=replaced
      elif [ "$co_kind" = d ] && replaced "$co_path"; then
        co_origin=replaced
      fi
    fi
    printf '%s\t%s\t%s\t%s\t%s\n' "$co_kind" "$co_origin" "$co_size" "$co_time" "$co_path"
  done
}

list() {
  walk >"$LEARN_DIR/walk.$$" || return 1
  [ -e "$LEARN_DIR/baseline" ] || : >"$LEARN_DIR/baseline"
  choose "$LEARN_DIR/baseline" "$LEARN_DIR/walk.$$" | compare
  rm -f "$LEARN_DIR/walk.$$"
}

# The first line says which boot of which image this is; the last how many lines there are before it.
letter() {
  read -r lt_boot </proc/sys/kernel/random/boot_id
  read -r lt_up _ </proc/uptime
  lt_image=-
  while IFS=$TAB read -r lt_key lt_name _; do
    [ "$lt_key" != image ] || lt_image=$lt_name
  done 2>/dev/null <"$RUN_DIR/plan"
  printf 'liteboot-learned\t1\t%s\t%s\t%s\n' "$lt_boot" "$lt_up" "$lt_image"
  x cat "$1"
  printf 'end\t%s\n' "$(($(x wc -l <"$1") + 1))"
}

post_file() {
  if [ -x "$BUSYBOX" ]; then
    "$BUSYBOX" timeout 20 "$BUSYBOX" wget -q -O /dev/null --post-file "$1" "$2"
  elif command -v curl >/dev/null; then
    curl -fsS -m 20 -o /dev/null --data-binary "@$1" "$2"
  else
    wget -q -T 20 -t 1 -O /dev/null --post-file "$1" "$2"
  fi
}

# report [changed]: with `changed` only when there is something new since it was sent last.
report() {
  read -r url <"$LEARN_DIR/url" || return 1
  re_list=$LEARN_DIR/list.$$
  list >"$re_list" || return 1
  if [ "${1:-}" = changed ] && x cmp -s "$re_list" "$LEARN_DIR/list.sent"; then
    rm -f "$re_list"
    return 0
  fi
  letter "$re_list" >"$re_list.letter"
  re_status=0
  if post_file "$re_list.letter" "$url" </dev/null; then
    mv "$re_list" "$LEARN_DIR/list.sent"
  else
    echo "liteboot: the list of written paths could not be sent to $url" >&2
    re_status=1
  fi
  rm -f "$re_list" "$re_list.letter"
  return "$re_status"
}

watch() {
  x sleep "$((WATCH_SECONDS / 3))"
  while :; do
    report changed
    x sleep "$WATCH_SECONDS"
  done
}

case ${1:-} in
  baseline) walk >"$LEARN_DIR/baseline" ;;
  list) list ;;
  report) report ;;
  watch) watch ;;
  *)
    echo "usage: $0 {baseline|list|report|watch}" >&2
    exit 2
    ;;
esac
