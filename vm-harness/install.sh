#!/bin/sh
# Installs the Debian packages named, if any of them is missing; quiet when there is nothing to do.
set -eu
missing=
for package in "$@"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "installing:$missing"
# Debian starts a server when it is installed. Those that we use run inside network namespaces, and nowhere else.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  cat >"$policy" <<'POLICY'
#!/bin/sh
case $1 in
  nfs-ganesha* | rpcbind* | isc-dhcp-* | kea-* | dnsmasq* | atftpd* | tftpd-hpa*) exit 101 ;;
esac
POLICY
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o DPkg::Lock::Timeout=300 update
# shellcheck disable=SC2086 # the list is meant to be split
apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing >/dev/null
