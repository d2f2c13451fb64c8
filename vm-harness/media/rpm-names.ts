/** Which packages the RPM distribution has, and under which names: those that lists for RPM families are written with. */

/** Debian's names of what is on the medium, besides what these need; the kernel comes on top. */
export const WANTED: readonly string[] = [
  // Debian takes these for granted on every machine.
  ...[
    'base-files',
    'base-passwd',
    'bash',
    'coreutils',
    'diffutils',
    'findutils',
    'grep',
    'gzip',
    'hostname',
    'libc-bin',
  ],
  ...['login', 'mawk', 'mount', 'ncurses-base', 'sed', 'tar', 'util-linux', 'debianutils', 'sysvinit-utils', 'tzdata'],
  // What shipped package lists name.
  ...['systemd', 'systemd-sysv', 'udev', 'libpam-systemd', 'dbus', 'kmod', 'netbase', 'passwd', 'procps'],
  ...[
    'isc-dhcp-client',
    'lsof',
    'fdisk',
    'parted',
    'strace',
    'openssh-server',
    'openssh-client',
    'chrony',
    'rsyslog',
    'nfs-common',
    'iproute2',
  ],
  ...['iputils-ping', 'ethtool', 'e2fsprogs', 'xfsprogs', 'curl', 'less', 'pciutils', 'rsync', 'vim-tiny', 'xz-utils'],
  'firmware-linux-free',
]

export const KERNELS = { x86_64: 'linux-image-cloud-amd64', ppc64le: 'linux-image-powerpc64le' } as const
export const WANTED_BY_ARCH = { x86_64: [], ppc64le: ['powerpc-utils'] } as const

/** Debian's means to install and to configure packages, which RPM has of its own. */
const LEFT_OUT =
  /^(adduser|apt|cpio|dash|debconf|dpkg|init-system-helpers|initramfs-tools(-core)?|klibc-utils|libklibc|linux-base|linux-image-\D.*|lsb-base|perl|perl-base|perl-modules-.*|libperl.*|lib.*-perl|python3.*|libpython3.*|runit-helper|sensible-utils|ucf|usrmerge|usr-is-merged)$/

export const isLeftOut = (debian: string) => LEFT_OUT.test(debian)

const NAMES: Readonly<Record<string, string>> = {
  'base-files': 'filesystem',
  'base-passwd': 'setup',
  debianutils: 'which',
  'firmware-linux-free': 'linux-firmware',
  iproute2: 'iproute',
  'iputils-ping': 'iputils',
  'isc-dhcp-client': 'dhclient',
  'libc-bin': 'glibc-common',
  libc6: 'glibc',
  'libpam-runtime': 'pam',
  'libpam-systemd': 'systemd-pam',
  'nfs-common': 'nfs-utils',
  'openssh-client': 'openssh-clients',
  procps: 'procps-ng',
  'sysvinit-utils': 'initscripts',
  udev: 'systemd-udev',
  'vim-tiny': 'vim-minimal',
  'xz-utils': 'xz',
}

export function rpmName(debian: string): string {
  return /^linux-image-\d/.test(debian) ? 'kernel' : (NAMES[debian] ?? debian)
}

/** `1:2.36-9+deb12u10` → epoch, version and release; neither of the last two may have a dash. */
export function rpmVersion(debian: string): {
  readonly epoch: string
  readonly version: string
  readonly release: string
} {
  const [, epoch = '0', upstream = '', revision = '0'] = /^(?:(\d+):)?(.+?)(?:-([^-]+))?$/.exec(debian) ?? []
  return { epoch, version: upstream.replaceAll('-', '.'), release: revision }
}
