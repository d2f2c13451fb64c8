# shellcheck shell=sh
# Stage reports. Each is tried once with a short time-out and its failure is ignored: no report may stop a boot.
# Until the plan has said where reports go they wait in a queue, with the uptime at which they were made.

: "${REPORT_TIMEOUT_SECONDS:=2}"
REPORT_URL=
REPORTS_OFF=
REPORT_SEQ=0
REPORT_QUEUE=$RUN_DIR/report.queue

# Percent-encodes standard input. Every byte is encoded: longer than needed, but nothing can be forgotten.
url_encode() {
  od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'
}

# report STAGE RESULT [MESSAGE]
report() {
  [ -z "$REPORTS_OFF" ] || return 0
  REPORT_SEQ=$((REPORT_SEQ + 1))
  printf '%s\n' "$REPORT_SEQ" >"$RUN_DIR/report.seq"
  rp_body="boot=$(cat /proc/sys/kernel/random/boot_id)&seq=$REPORT_SEQ&stage=$1&result=$2&uptime=$(uptime_seconds)"
  rp_body="$rp_body&message=$(printf '%s' "${3:-}" | url_encode)"
  printf '%s\n' "$rp_body" >>"$REPORT_QUEUE"
  [ -z "$REPORT_URL" ] || flush_reports
  return 0
}

# Sends what is queued, oldest first. When one cannot be sent the rest is dropped: they would only wait as long each.
flush_reports() {
  [ -s "$REPORT_QUEUE" ] || return 0
  mv "$REPORT_QUEUE" "$REPORT_QUEUE.sending"
  while IFS= read -r fr_body; do
    post_report "$fr_body" || {
      debug "a report could not be sent to $REPORT_URL"
      break
    }
  done <"$REPORT_QUEUE.sending"
  rm -f "$REPORT_QUEUE.sending"
  return 0
}

post_report() {
  (
    exec >/dev/null 2>&1 </dev/null
    timeout "$REPORT_TIMEOUT_SECONDS" wget -q -O /dev/null --post-data "$1" "$REPORT_URL"
    exit "$?"
  )
}

# set_report_url URL: from the plan's `report` line; `-` switches reports off.
set_report_url() {
  if [ "$1" = - ]; then
    REPORTS_OFF=1
    rm -f "$REPORT_QUEUE"
  else
    REPORT_URL=$1
  fi
}
