# shellcheck shell=sh
# Mounting, looking at what is mounted, and finding a path inside a root that is not ours yet.

: "${NEWROOT:=/sysroot}" "${MOUNT_TIMEOUT_SECONDS:=40}" "${NFS_TYPES:=nfs nfs4}"

# mount_nfs SERVER DIRECTORY TARGET OPTIONS: the only place that mounts over the network (tests put their own here). What is
# wrong is printed: it runs in a shell of its own.
# busybox has no NFS helper; the kernel parses the options itself when it is told the address. There is no statd in an
# initrd, so NFSv3 without `lock` in the options is mounted with `nolock`.
mount_nfs() {
  mn_address=$(resolve_host "$1") || {
    echo "the name server knows no address of $1" >&2
    return 1
  }
  mn_options=$4
  case ",$mn_options," in
    *,vers=*,* | *,nfsvers=*,*) ;;
    *) mn_options=$mn_options,vers=3 ;;
  esac
  case ",$mn_options," in
    *,proto=*,* | *,tcp,* | *,udp,*) ;;
    *)
      case $mn_address in
        *:*) mn_options=$mn_options,proto=tcp6,mountproto=tcp6 ;;
        *) mn_options=$mn_options,proto=tcp,mountproto=tcp ;;
      esac
      ;;
  esac
  case ",$mn_options," in
    *,nolock,* | *,lock,* | *,vers=4*,* | *,nfsvers=4*,*) ;;
    *) mn_options=$mn_options,nolock ;;
  esac
  timeout "$MOUNT_TIMEOUT_SECONDS" mount -t nfs -o "$mn_options,addr=$mn_address" "$1:$2" "$3"
}

# why_not_mounted SERVER SAID: what `mount` said, without its repetition of what was asked, and where to look.
why_not_mounted() {
  wn_why=${2##*" failed: "}
  case $wn_why in
    '') echo "$1 does not answer: is it up, and its NFS port (2049) open to this node?" ;;
    *onnection\ refused*) echo "$wn_why: no NFS server runs on $1" ;;
    *ermission\ denied* | *ccess\ denied*) echo "$wn_why: $1 does not export it to the address of this node" ;;
    *) printf '%s\n' "$wn_why" ;;
  esac
}

# join_options OPTIONS EXTRA: a comma list without the plan's `-` for "none", EXTRA added unless it is there.
join_options() {
  case ",$1," in
    ,, | ,-,) printf '%s\n' "$2" ;;
    *",$2,"*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$2,$1" ;;
  esac
}

# resolve_host NAME: an address as it is; a name through the name server that DHCP gave.
resolve_host() {
  case $1 in
    "["*"]")
      rh_address=${1#"["}
      printf '%s\n' "${rh_address%"]"}"
      ;;
    *[!0-9.]*)
      rh_address=$(timeout 5 nslookup "$1" 2>/dev/null | awk '/^Name:/ { named = 1 } named && /^Address/ { print $NF; exit }')
      [ -n "$rh_address" ] && printf '%s\n' "$rh_address"
      ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# mount_facts TARGET: "<file system type> <mount flags> <super block flags>" of what is mounted there last; 1 if nothing.
mount_facts() {
  MF_TARGET=$(printf '%s' "$1" | sed 's/\\/\\134/g') awk '
    $5 == ENVIRON["MF_TARGET"] { flags = $6; for (i = 7; $i != "-"; i++); found = $(i + 1) " " flags " " $(i + 3) }
    END { if (found == "") exit 1; print found }' /proc/self/mountinfo
}

is_mounted() { mount_facts "$1" >/dev/null; }

# is_read_only TARGET: the mount or its file system refuses writes, according to the kernel.
is_read_only() {
  iro_facts=$(mount_facts "$1") || return 1
  case ",$(printf '%s' "$iro_facts" | cut -d ' ' -f 2)," in *,ro,*) return 0 ;; esac
  return 1
}

is_network_mount() {
  inm_type=$(mount_facts "$1") || return 1
  case " $NFS_TYPES " in *" ${inm_type%% *} "*) return 0 ;; esac
  return 1
}

# bind_mount SOURCE TARGET: and makes sure that it is there.
bind_mount() {
  run mount -o bind "$1" "$2" || {
    fail "bind mount of $1 on $2 failed: $run_output"
    return 1
  }
  is_mounted "$2" || fail "$2 is not in the mount table after mounting it"
}

# bind_read_only SOURCE TARGET: a bind mount takes no `ro` at first; it must be remounted, and the kernel asked.
# The flags it has already (nosuid, nodev, ...) must be named again, or the remount would clear them.
bind_read_only() {
  bind_mount "$1" "$2" || return 1
  bro_flags=$(mount_facts "$2" | cut -d ' ' -f 2 | tr ',' '\n' | grep -E '^(nosuid|nodev|noexec|noatime|nodiratime|relatime)$' | tr '\n' ',')
  run mount -o "remount,bind,ro${bro_flags:+,${bro_flags%,}}" "$1" "$2" && is_read_only "$2" && return 0
  umount "$2" 2>/dev/null
  fail "$2 cannot be made read-only: $run_output"
}

# resolve_in_root ROOT PATH: ROOT plus PATH with all symbolic links followed as they will be after the switch, never
# out of ROOT. What does not exist is kept as it is written.
resolve_in_root() (
  rest=$2
  found=
  links=0
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    case $rest in
      */*) rest=${rest#*/} ;;
      *) rest= ;;
    esac
    case $part in
      '' | .) continue ;;
      ..)
        found=${found%/*}
        continue
        ;;
    esac
    if [ -L "$1$found/$part" ]; then
      links=$((links + 1))
      [ "$links" -le 40 ] || return 1
      target=$(readlink "$1$found/$part") || return 1
      case $target in /*) found= ;; esac
      rest=$target/$rest
    else
      found=$found/$part
    fi
  done
  printf '%s\n' "$1$found"
)
