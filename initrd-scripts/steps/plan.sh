# shellcheck shell=sh
# The plan: fetched with one request, checked line by line before anything of it is used.

: "${PLAN_FILE:=$RUN_DIR/plan}" "${PLAN_URL:=}" "${EXPECTED_NODE:=}" "${PLAN_TIMEOUT_SECONDS:=10}" "${BOOT_AGAIN_SECONDS:=5}"

# check_plan FILE: prints nothing and returns 0, or prints what is wrong with the first bad line and returns 1.
check_plan() {
  EXPECTED_NODE=$EXPECTED_NODE awk -F '\t' '
    function bad(text) { print "line " NR ": " text; failed = 1; exit 1 }
    function need(count) { if (NF != count) bad($1 " has " NF - 1 " fields, expected " count - 1) }
    function address(text) { return text ~ /^[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+$/ }
    function name(text) { return text ~ /^[A-Za-z0-9][A-Za-z0-9._-]*$/ }
    function host(text) { return name(text) || text ~ /^\[[0-9A-Fa-f:.]+\]$/ }
    function directory(text) { return text ~ /^\// && text !~ /\/[.][.]?(\/|$)/ }
    function options(text) { return text == "-" || text ~ /^[A-Za-z]/ }
    function device(text) { return text ~ /^(\/dev\/|serial:|wwn:|size:|label:)[A-Za-z0-9]/ && text !~ /[.][.]/ }
    function once() { if (seen[$1]++) bad("a second " $1 " line") }
    finished { bad("a line after end") }
    NR == 1 && $1 != "liteboot-plan" { bad("does not begin with liteboot-plan") }
    { for (i = 1; i <= NF; i++) if ($i == "" || $i ~ /[ [:cntrl:]]/) bad("field " i " is empty or has a blank or control character") }
    $1 == "liteboot-plan" {
      need(3); once()
      if ($2 != "1") bad("plan version " $2 " is not known here: the initrd is older or newer than the server")
      if (!name($3)) bad("bad node name")
      want = ENVIRON["EXPECTED_NODE"]
      if (want != "" && want != $3) bad("the plan is for " $3 ", this node is " want)
      next
    }
    $1 == "server" { need(3); once(); if ($2 !~ /^[0-9A-Fa-f.:]+$/ || $3 !~ /^[0-9]+$/) bad("bad server"); next }
    $1 == "report" { need(2); once(); if ($2 != "-" && $2 !~ /^http:\/\//) bad("bad report URL"); next }
    $1 == "image" { need(3); once(); next }
    $1 == "root" {
      once()
      if ($2 == "ramdisk") {
        need(7)
        if ($3 !~ /^(cpio[.](gz|xz|zst)|squashfs)$/) bad("a root packed as " $3 " is not known here")
        if ($4 !~ /^http:\/\// || $5 !~ /^[0-9]+$/ || length($6) != 64 || $6 !~ /^[0-9a-f]+$/ || $7 !~ /^[0-9]+$/) bad("bad root")
        next
      }
      if ($2 != "nfs") bad("root type " $2 " is not known here")
      need(5)
      if (!host($3) || !directory($4) || !options($5)) bad("bad root")
      next
    }
    $1 == "statelite" { need(2); once(); if ($2 !~ /^[0-7][0-7][0-7][0-7]?$/) bad("bad mode"); next }
    $1 == "learn" { need(3); once(); if ($2 !~ /^http:\/\// || $3 !~ /^[0-9]+[%kmg]?$/) bad("bad learn line"); next }
    $1 == "persistent" { need(4); once(); if (!host($2) || !directory($3) || !options($4)) bad("bad persistent directory"); next }
    $1 == "localdisk" {
      need(3); once()
      if ($2 !~ /^SLLOCAL-[A-Za-z0-9._-]+$/ || length($2) > 25 || ($3 != "-" && ($3 !~ /^[0-9a-z]+$/ || length($3) != 6))) bad("bad label")
      next
    }
    # Whatever else is wrong with these lines, they must never name anything but a device, nor clear by mistake.
    $1 ~ /^(disk|part|partition-script|localspace|swapspace)$/ && !seen["localdisk"] { bad($1 " before localdisk") }
    $1 == "disk" { need(3); if (!device($2) || ($3 != "clear" && $3 != "keep")) bad("bad disk"); seen["disk"]++; next }
    $1 == "part" {
      need(4)
      if (!seen["disk"] || $2 !~ /^SLLOCAL-[A-Za-z0-9._-]+-[0-9]+$/ || length($2) > 28) bad("bad part")
      if ($3 !~ /^([0-9]+%|[0-9]+-[0-9]+|rest)$/ || $4 !~ /^(ext4|xfs|swap)$/) bad("bad part")
      next
    }
    $1 == "partition-script" { need(3); once(); if ($2 !~ /^http:\/\// || length($3) != 64 || $3 !~ /^[0-9a-f]+$/) bad("bad script"); next }
    $1 == "localspace" { need(3); once(); if (!device($2) || $3 !~ /^(ext4|xfs|auto)$/) bad("bad local space"); next }
    $1 == "swapspace" { need(2); if (!device($2)) bad("bad swap space"); next }
    $1 == "tree" {
      need(6)
      if ($2 !~ /^[A-Za-z0-9._-]+$/ || $2 ~ /^[.]/) bad("bad priority")
      if (($3 != "-" && !host($3)) || !directory($4) || !options($5)) bad("bad tree")
      if ($6 != "required" && $6 != "optional") bad("a tree is required or optional, not " $6)
      next
    }
    $1 == "entry" {
      need(4)
      if ($2 !~ /^(tmpfs|persistent|localdisk|con|ro|link|link,ro|link,con|link,persistent)$/) bad("unknown option " $2)
      if (!directory($3) || $3 ~ /\/\// || $3 == "/") bad("bad path " $3)
      if ($3 ~ /^\/(proc|sys|dev|run|[.]statelite|[.]default|[.]sllocal)(\/|$)/) bad($3 " cannot be an entry")
      if ($3 in entries) bad("a second entry for " $3)
      if ($4 != "-" && !($4 in entries)) bad("parent " $4 " does not stand before its child")
      if ($4 != "-" && ($4 !~ /\/$/ || substr($3, 1, length($4)) != $4)) bad($4 " is no directory above " $3)
      if ($2 ~ /persistent/) { persistent = $3 }
      if ($2 == "localdisk") { localdisk = $3 }
      entries[$3] = 1
      next
    }
    $1 == "hostname" { need(3); once(); if (!name($2) || ($3 != "-" && !name($3))) bad("bad host name"); next }
    $1 == "machine-id" { need(2); once(); if (length($2) != 32 || $2 !~ /^[0-9a-f]+$/) bad("bad machine id"); next }
    $1 == "interface" {
      need(5); once()
      if ($2 !~ /^[0-9a-f:]+$/ || ($3 != "-" && $3 !~ /^[0-9.]+\/[0-9]+$/)) bad("bad interface")
      if (($4 != "-" && !address($4)) || $5 !~ /^(-|[0-9]+)$/) bad("bad interface")
      next
    }
    $1 == "nameserver" { need(2); if ($2 !~ /^[0-9a-fA-F.:]+$/) bad("bad name server"); next }
    $1 == "end" { need(2); if ($2 != NR - 1) bad("end says " $2 " lines, there are " NR - 1); finished = 1; next }
    { bad("unknown item " $1) }
    END {
      if (failed) exit 1
      if (!finished) { print "no end line: the plan did not come whole"; exit 1 }
      split("server report image root statelite hostname machine-id", must, " ")
      for (i in must) if (!seen[must[i]]) { print "no " must[i] " line"; exit 1 }
      if (persistent != "" && !seen["persistent"]) {
        print persistent " is to be persistent but the node has no persistent directory (no statelite row)"
        exit 1
      }
      if (localdisk != "" && !seen["localspace"]) { print localdisk " is to be on the local disk but the plan has no local space"; exit 1 }
    }' "$1"
}

# plan_line KEY [FILE]: the fields after KEY of its first line, still separated by TAB. Empty when there is none.
plan_line() {
  while IFS= read -r pl_line; do
    case $pl_line in "$1$TAB"*)
      printf '%s\n' "${pl_line#*"$TAB"}"
      return 0
      ;;
    esac
  done <"${2:-$PLAN_FILE}"
  return 1
}

# plan_lines KEY: the fields after KEY of every such line.
plan_lines() {
  while IFS= read -r ps_line; do
    case $ps_line in "$1$TAB"*) printf '%s\n' "${ps_line#*"$TAB"}" ;; esac
  done <"$PLAN_FILE"
}

# fetch_plan [retry]: gets and checks; the plan in use is replaced only by one that came whole. PLAN_URL names the generation
# of the image whose kernel runs. With `retry` (the last plan could not be carried out) a newer one will do, if it fits.
# shellcheck disable=SC2120 # root.sh passes it
fetch_plan() {
  [ -n "$PLAN_URL" ] || {
    fail "no liteboot.plan= on the kernel command line"
    return 1
  }
  rm -f "$PLAN_FILE.new"
  fp_url=$PLAN_URL
  case ${1:-}:$PLAN_URL in retry:*[?]boot=*) fp_url="$PLAN_URL&retry=1" ;; esac
  fp_said=$(
    exec 2>&1 </dev/null
    timeout "$PLAN_TIMEOUT_SECONDS" wget -q -O "$PLAN_FILE.new" "$fp_url"
    exit "$?"
  ) || {
    # 143: busybox; 124: GNU timeout.
    case $? in 124 | 143) fp_said="no answer in $PLAN_TIMEOUT_SECONDS s" ;; esac
    fail "the plan could not be fetched from $PLAN_URL: $fp_said"
    case $fp_said in *" 410 "*) boot_again "the image of this kernel is not this node's any more" ;; esac
    return 1
  }
  if ! fp_said=$(check_plan "$PLAN_FILE.new"); then
    fail "not a usable plan from $PLAN_URL: $fp_said"
    return 1
  fi
  mv "$PLAN_FILE.new" "$PLAN_FILE" && follow_generation
}

# The generation that the plan is of, so that a later request is for the same: $PLAN_URL may have named an older one.
follow_generation() {
  case $PLAN_URL in *[?]boot=*@*) fg_root=$(plan_line root) ;; *) return 0 ;; esac
  case $fg_root in */generations/[1-9]*/rootimg"$TAB"*)
    fg_root=${fg_root##*/generations/}
    PLAN_URL=${PLAN_URL%@*}@${fg_root%%/*}
    ;;
  esac
  return 0
}

# boot_again WHY: kernel and root must be of one generation; only the boot server can hand out both.
boot_again() {
  fail "$1: booting again in $BOOT_AGAIN_SECONDS s"
  [ -n "$REPORT_URL" ] || guess_report_url
  report "$STAGE" failed "$(failure_message)"
  sleep "$BOOT_AGAIN_SECONDS"
  sync
  reboot -f
  sleep 60
}

# Until a plan says where reports go: its neighbour address is as good.
guess_report_url() {
  case $PLAN_URL in */plan | */plan[?]*) REPORT_URL=${PLAN_URL%/plan*}/report ;; esac
  [ -z "$REPORTS_OFF" ] || REPORT_URL=
}

# Stage `plan`. While the plan cannot be had, reports go to its neighbour address: better a guess than silence.
stage_plan() {
  # shellcheck disable=SC2119
  if fetch_plan; then
    set_report_url "$(plan_line report)"
    NODE=$(plan_line liteboot-plan)
    NODE=${NODE#*"$TAB"}
    log "plan for $NODE: $(plan_lines entry | wc -l) entries, image $(plan_line image | tr '\t' ' ')"
    return 0
  fi
  sp_failures=$((${sp_failures:-0} + 1))
  [ -n "$REPORT_URL" ] || guess_report_url
  # A lease from the wrong network, or a server that has moved: look again from the start.
  if [ $((sp_failures % 5)) -eq 0 ] && command -v stage_network >/dev/null; then
    log "still no plan: configuring the network again"
    stage_network || return 1
  fi
  return 1
}
