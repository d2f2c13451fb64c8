# shellcheck shell=sh
# The kernel command line. The kernel hands unknown parameters to init as environment only sometimes, and an init
# between us and it drops them; so every parameter is read from /proc/cmdline itself.

: "${CMDLINE_FILE:=/proc/cmdline}" "${CMDLINE_DEFAULTS:=/liteboot/cmdline}"

# Prints one parameter a line. Double quotes group blanks, as the kernel reads them. What the initrd itself brings comes
# first: the last value of a parameter is the one that counts.
cmdline_words() {
  if [ -r "$CMDLINE_DEFAULTS" ]; then set -- "$CMDLINE_DEFAULTS"; else set --; fi
  awk '{
    word = ""; quoted = 0
    for (i = 1; i <= length($0); i++) {
      c = substr($0, i, 1)
      if (c == "\"") quoted = !quoted
      else if (!quoted && (c == " " || c == "\t")) { if (word != "") print word; word = "" }
      else word = word c
    }
    if (word != "") print word
  }' "$@" "$CMDLINE_FILE"
}

# cmdline_values NAME: every value given for NAME, in order, one a line.
cmdline_values() {
  cmdline_words | while IFS= read -r cv_word; do
    case $cv_word in "$1="*) printf '%s\n' "${cv_word#*=}" ;; esac
  done
}

# cmdline_value NAME: the last value wins, as with the kernel's own parameters.
cmdline_value() {
  cmdline_values "$1" | tail -n 1
}

# cmdline_flag NAME: true for `NAME`, `NAME=1`, `NAME=yes`, `NAME=true`, `NAME=on`.
cmdline_flag() {
  cmdline_words | grep -E -q "^$(printf '%s' "$1" | sed 's/[.]/[.]/g')(=(1|y|yes|true|on))?\$"
}

# parse_bootif TEXT: the MAC address in lower case with colons. Boot loaders write 01-aa-bb-cc-dd-ee-ff (PXELINUX:
# hardware type first), aa:bb:cc:dd:ee:ff or upper case; all of them mean the same card.
parse_bootif() {
  pb_mac=$(printf '%s' "$1" | tr 'A-Z-' 'a-z:')
  case $pb_mac in
    ??:??:??:??:??:??:??) pb_mac=${pb_mac#??:} ;;
  esac
  case $pb_mac in
    *[!0-9a-f:]*) return 1 ;;
    ??:??:??:??:??:??) printf '%s\n' "$pb_mac" ;;
    *) return 1 ;;
  esac
}
