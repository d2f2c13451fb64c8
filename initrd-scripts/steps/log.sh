# shellcheck shell=sh
# Room: one POSIX-sh file per step of a plan, sourced by an initrd's /init (lean, or a dracut hook later).
# The steps know the plan, the new root's prefix (NEWROOT) and where to keep their notes (RUN_DIR). They must not know
# how the initrd was assembled, and they search no tables. Nothing here uses `local`, arrays or $RANDOM: the files run
# under busybox ash, dash and bash. Variables of a function carry its initials as a prefix instead.
#
# This file: every line goes to the log file (handed over to the running system) and to the kernel's ring buffer.

: "${RUN_DIR:=/run/liteboot}" "${KMSG:=/dev/kmsg}" "${DEBUG:=}"
LOG_FILE=$RUN_DIR/boot.log
FAIL_REASON=
TAB=$(printf '\t')

# Seconds since the kernel started, two decimals.
uptime_seconds() {
  read -r us_up _ </proc/uptime && printf '%s' "$us_up"
}

# log_line LEVEL TEXT: LEVEL is the kernel's (3 error, 4 warning, 6 information, 7 debugging).
log_line() {
  printf '[%s] %s\n' "$(uptime_seconds)" "$2" >>"$LOG_FILE"
  # The kernel cuts a record at about 1 kB and refuses longer ones.
  [ -w "$KMSG" ] && printf '<%s>liteboot: %.900s\n' "$1" "$2" 2>/dev/null >"$KMSG"
  return 0
}

log() { log_line 6 "$1"; }
warn() { log_line 4 "warning: $1"; }
debug() {
  [ -n "$DEBUG" ] && log_line 7 "$1"
  return 0
}

# fail TEXT: says why the step cannot go on; always returns 1, so that `fail "..." || return` reads well.
fail() {
  FAIL_REASON=$1
  log_line 3 "error: $1"
  return 1
}

# What a `failed` report carries: the reason first, then the last log lines, each cut.
failure_message() {
  printf '%s\n' "${FAIL_REASON:-no reason was given}"
  tail -n 20 "$LOG_FILE" 2>/dev/null | cut -c 1-200
}

# run COMMAND...: runs it, puts what it printed into the log, keeps its exit status.
run() {
  debug "run: $*"
  # With the `exit` the shell is there to see a command end by a time-out's signal: its "Terminated" is output as well.
  if run_output=$(
    exec 2>&1
    "$@"
    exit "$?"
  ); then
    run_status=0
    [ -z "$run_output" ] || debug "$1: $run_output"
  else
    run_status=$?
    [ -z "$run_output" ] || log_line 4 "$1: $run_output"
  fi
  return "$run_status"
}
