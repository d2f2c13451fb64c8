# shellcheck shell=sh
# Back-off, and the frame every stage runs in: report, try, report the failure, wait, try again, for ever.

: "${BACKOFF_CAP_MS:=30000}"

# random_below N: 0..N-1, from the kernel's generator (a hundred nodes switched on together must not stay together).
random_below() {
  rb_number=$(od -An -N4 -tu4 /dev/urandom | tr -d ' \n')
  printf '%s' "$((rb_number % $1))"
}

# backoff_ms ATTEMPT: a random time between 0 and min(cap, 2^ATTEMPT s) ("full jitter").
backoff_ms() {
  bm_top=1000
  bm_left=$1
  while [ "$bm_left" -gt 0 ] && [ "$bm_top" -lt "$BACKOFF_CAP_MS" ]; do
    bm_top=$((bm_top * 2))
    bm_left=$((bm_left - 1))
  done
  [ "$bm_top" -le "$BACKOFF_CAP_MS" ] || bm_top=$BACKOFF_CAP_MS
  random_below "$((bm_top + 1))"
}

sleep_ms() {
  sleep "$(($1 / 1000)).$(printf '%03d' "$(($1 % 1000))")"
}

# now_seconds: whole seconds of uptime; wall clocks jump during a boot.
now_seconds() {
  ns_up=$(uptime_seconds)
  printf '%s' "${ns_up%%.*}"
}

# run_stage NAME FUNCTION: returns only when FUNCTION succeeded. A failed attempt of `network` or `plan` is a `retry`
# at first, because a server that is just being restarted is no failure; every other stage says `failed` at once.
run_stage() {
  STAGE=$1
  STAGE_NOTES=
  rs_attempt=0
  log "stage $STAGE"
  stage_shell
  report "$STAGE" start
  while :; do
    FAIL_REASON=
    "$2" && break
    rs_attempt=$((rs_attempt + 1))
    rs_result=failed
    case $STAGE in
      network | plan) [ "$rs_attempt" -gt 3 ] || rs_result=retry ;;
    esac
    report "$STAGE" "$rs_result" "$(failure_message)"
    rs_wait=$(backoff_ms "$rs_attempt")
    log "stage $STAGE: attempt $rs_attempt did not succeed; next one in $rs_wait ms"
    sleep_ms "$rs_wait"
  done
  report "$STAGE" ok "$STAGE_NOTES"
}

# note TEXT: something the operator should read although the stage succeeded.
note() {
  log "note: $1"
  STAGE_NOTES="$STAGE_NOTES$1
"
}

# A shell on the console, without a password: only where the kernel command line asks for it by stage name.
stage_shell() {
  case ",${SHELL_STAGES:-}," in
    *",$STAGE,"*) ;;
    *) return 0 ;;
  esac
  log "a shell was asked for before stage $STAGE; leave it with exit to go on"
  report "$STAGE" start "waiting in a shell (liteboot.shell=$STAGE)"
  setsid cttyhack sh </dev/console >/dev/console 2>&1
  return 0
}
