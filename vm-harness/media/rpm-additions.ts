/**
 * What Debian's packages do in maintainer scripts, done the way RPM packages do it: configuration files come as files,
 * users are made before the files that they own, units are switched on by presets.
 */

export interface Addition {
  /** Shell, run in the tree of the package's files before they are packed. */
  readonly tree?: string
  /** Path → mode, user, group, where a maintainer script would change them. */
  readonly owners?: Readonly<Record<string, readonly [mode: string, user: string, group: string]>>
  readonly requires?: readonly string[]
  readonly provides?: readonly string[]
  readonly scripts?: Readonly<Partial<Record<'pre' | 'post' | 'posttrans', string>>>
  readonly requiresFor?: Readonly<Partial<Record<'pre' | 'post' | 'posttrans', readonly string[]>>>
}

/** A system user with a group of its own, as packages make them in `%pre`. */
function withUser(user: string, home: string): Pick<Addition, 'scripts' | 'requiresFor'> {
  return {
    scripts: {
      pre: `
getent group ${user} >/dev/null || groupadd -r ${user}
getent passwd ${user} >/dev/null || useradd -r -g ${user} -d ${home} -M -s /usr/sbin/nologin ${user}
exit 0`,
    },
    requiresFor: { pre: ['passwd', 'glibc-common'] },
  }
}

function withUnits(...units: string[]): Pick<Addition, 'scripts' | 'requiresFor'> {
  return {
    scripts: { post: `systemctl --no-reload preset ${units.join(' ')} >/dev/null 2>&1 || :` },
    requiresFor: { post: ['systemd'] },
  }
}

function both(...parts: readonly Addition[]): Addition {
  return {
    scripts: Object.assign({}, ...parts.map(({ scripts }) => scripts)),
    requiresFor: Object.assign({}, ...parts.map(({ requiresFor }) => requiresFor)),
  }
}

const SSHD_KEYGEN = `[Unit]
Description=OpenSSH host keys
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
Before=sshd.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/ssh-keygen -A
`

/** By Debian's name. */
export const ADDITIONS: Readonly<Record<string, Addition>> = {
  'base-passwd': {
    tree: `
mkdir -p etc
sed 's/^\\([^:]*\\):[^:]*:/\\1:x:/' usr/share/base-passwd/passwd.master > etc/passwd
cp usr/share/base-passwd/group.master etc/group
sed 's/^\\([^:]*\\):.*/\\1:*:19000:0:99999:7:::/' usr/share/base-passwd/passwd.master > etc/shadow
sed 's/^\\([^:]*\\):.*/\\1:*::/' usr/share/base-passwd/group.master > etc/gshadow
printf '/bin/sh\\n/bin/bash\\n' > etc/shells`,
    owners: { '/etc/shadow': ['640', 'root', 'shadow'], '/etc/gshadow': ['640', 'root', 'shadow'] },
  },
  'base-files': {
    // Everything of a merged /usr but the links is in the packages.
    tree: `
for name in bin sbin lib lib64; do mkdir -p usr/$name; ln -sfn usr/$name $name; done
mkdir -p boot dev etc/opt home media mnt opt proc run srv sys usr/local/bin var/cache var/lib/misc var/log var/spool var/mail
mkdir -p -m 700 root
mkdir -p -m 1777 tmp var/tmp
chmod 700 root; chmod 1777 tmp var/tmp
ln -sfn /run var/run; ln -sfn /run/lock var/lock; ln -sfn ../proc/self/mounts etc/mtab
cd usr/share/base-files
cp profile ../../../etc/
cp dot.bashrc ../../../root/.bashrc; cp dot.profile ../../../root/.profile
: > ../../../etc/motd
echo 'Rehearsal Linux 7.3 (programs of Debian, packed as RPMs)' > ../../../etc/system-release`,
    requires: ['setup'],
    provides: ['system-release = 7.3', 'rootfiles'],
  },
  bash: {
    tree: 'ln -s bash usr/bin/sh',
    provides: ['/bin/sh', '/usr/bin/sh', '/bin/bash', '/usr/bin/bash'],
  },
  chrony: {
    tree: 'mkdir -p etc/chrony; cp usr/share/chrony/chrony.conf etc/chrony/; : > etc/chrony/chrony.keys',
    ...both(withUser('_chrony', '/var/lib/chrony'), withUnits('chrony.service')),
    owners: { '/var/lib/chrony': ['750', '_chrony', '_chrony'] },
  },
  'dbus-daemon': {
    owners: { '/usr/lib/dbus-1.0/dbus-daemon-launch-helper': ['4754', 'root', 'messagebus'] },
    ...withUser('messagebus', '/nonexistent'),
  },
  debianutils: { tree: 'ln -s which.debianutils usr/bin/which' },
  'libc-bin': {
    tree: 'cp usr/share/libc-bin/nsswitch.conf etc/',
    requires: ['tzdata'],
    scripts: { posttrans: 'ldconfig || :' },
  },
  'libpam-runtime': {
    tree: `
cd etc/pam.d
printf '%s\\n' 'auth [success=1 default=ignore] pam_unix.so nullok' 'auth requisite pam_deny.so' 'auth required pam_permit.so' > common-auth
printf '%s\\n' 'account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so' 'account requisite pam_deny.so' 'account required pam_permit.so' > common-account
printf '%s\\n' 'password [success=1 default=ignore] pam_unix.so obscure yescrypt' 'password requisite pam_deny.so' 'password required pam_permit.so' > common-password
printf '%s\\n' 'session required pam_unix.so' > common-session-noninteractive
printf '%s\\n' 'session required pam_unix.so' '-session optional pam_systemd.so' > common-session`,
  },
  mawk: { tree: 'ln -s mawk usr/bin/awk', provides: ['awk', '/usr/bin/awk'] },
  'nfs-common': {
    tree: `
cp usr/share/nfs-common/conffiles/idmapd.conf usr/share/nfs-common/conffiles/nfs.conf etc/
rm -r etc/init.d`,
    ...both(withUser('statd', '/var/lib/nfs'), withUnits('nfs-client.target')),
  },
  'openssh-server': {
    // Under the name that RPM families have for the unit, with the keys made by a unit of their own.
    tree: `
cd usr/lib/systemd/system
mv ssh.service sshd.service; rm ssh.socket rescue-ssh.target
sed -i -e '/^Alias=/d' -e 's/^After=.*/& sshd-keygen.service\\nWants=sshd-keygen.service/' sshd.service
cat > sshd-keygen.service <<'UNIT'
${SSHD_KEYGEN}UNIT
cd ../../../..
cp usr/share/openssh/sshd_config etc/ssh/
rm -r etc/init.d etc/sv`,
    ...both(withUser('sshd', '/run/sshd'), withUnits('sshd.service')),
  },
  passwd: { provides: ['shadow-utils'], requires: ['login'] },
  rpcbind: { ...both(withUser('_rpc', '/run/rpcbind'), withUnits('rpcbind.socket')) },
  rsyslog: { ...withUnits('rsyslog.service') },
  systemd: {
    requires: [
      ...[
        'systemd-sysv',
        'systemd-udev',
        'systemd-pam',
        'dbus',
        'util-linux',
        'coreutils',
        'grep',
        'sed',
        'mawk',
        'findutils',
      ],
      ...[
        'kmod',
        'login',
        'mount',
        'procps-ng',
        'tar',
        'gzip',
        'hostname',
        'glibc-common',
        'ncurses-base',
        'passwd',
        'which',
      ],
    ],
    scripts: {
      post: `
systemd-sysusers
systemctl --no-reload preset getty@tty1.service remote-fs.target >/dev/null 2>&1 || :
[ -s /etc/machine-id ] || echo uninitialized > /etc/machine-id`,
    },
  },
  tzdata: { tree: 'mkdir -p etc; ln -s ../usr/share/zoneinfo/Etc/UTC etc/localtime; echo Etc/UTC > etc/timezone' },
  udev: { scripts: { posttrans: 'systemd-hwdb update || :' }, requiresFor: { posttrans: ['systemd'] } },
  'vim-tiny': { tree: 'ln -s vim.tiny usr/bin/vi' },
}

/** The kernel's package under the names RPM families use, whatever its version. */
export const KERNEL_ADDITION: Addition = {
  tree: `
rm -rf etc/kernel
for image in boot/vmlinux-*; do [ ! -f "$image" ] || mv "$image" "boot/vmlinuz-\${image#boot/vmlinux-}"; done`,
  requires: ['kmod'],
  provides: ['kernel-core', 'kernel-modules'],
  scripts: { posttrans: 'for tree in /lib/modules/*; do depmod -a "$(basename "$tree")" || :; done' },
  requiresFor: { posttrans: ['coreutils'] },
}
