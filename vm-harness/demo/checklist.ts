/**
 * What is looked at inside the guest. Each check is one line of shell that prints something, and the text it must print.
 * The guest has no knowledge of the expected values; nothing is judged there.
 */
import type { SerialConsole } from '../console.ts'

export interface Check {
  readonly title: string
  readonly script: string
  /** Exact output (without the last newline), or a pattern for it. */
  readonly expect: string | RegExp
}

export interface CheckOutcome {
  readonly check: Check
  readonly output: string
  readonly passed: boolean
}

/** Shell functions the checks use, sent once per login. */
const FUNCTIONS = `
# file system type and ro/rw of the mount that stands exactly on $1
mounted() { awk -v p="$1" '$5 == p { split($6, o, ","); for (i = 7; $i != "-"; i++); print $(i + 1), o[1] }' /proc/self/mountinfo | tail -n 1; }
look() { stat -c '%F %U:%G %a' -- "$1"; }
tries() { if ( $1 ) 2>/dev/null; then echo works; else echo fails; fi; }
append() { echo "$1" >>"$2"; }
`

const at = (path: string) => path.replace(/\/$/, '')
const isMounted = (path: string, type: string, access: string): Check => ({
  title: `${path} is a mount of its own on ${type}, ${access}`,
  script: `mounted ${at(path)}`,
  expect: `${type} ${access}`,
})
const isLink = (path: string, target: string): Check => ({
  title: `${path} is a symbolic link into the node's statelite directory`,
  script: `readlink ${at(path)}`,
  expect: target,
})
const looksLike = (path: string, expected: string): Check => ({
  title: `${path}: ${expected}`,
  script: `look ${path}`,
  expect: expected,
})
const contains = (path: string, expected: string): Check => ({
  title: `${path} has the right content`,
  script: `cat ${path}`,
  expect: expected,
})
const write = (path: string, outcome: 'works' | 'fails'): Check => ({
  title: `writing ${path} ${outcome}`,
  script: `tries 'append written ${path}'`,
  expect: outcome,
})

/** First boot of a node, in the order of the options. */
export function firstBootChecks(node: string, address: string): Check[] {
  return [
    { title: 'the root file system is NFS, read-only', script: 'mounted /', expect: 'nfs ro' },
    { title: 'a path that no entry names cannot be written', script: `tries 'append x /usr/written'`, expect: 'fails' },
    { title: 'the host name', script: 'hostname', expect: node },
    {
      title: 'the address',
      script: `ip -4 -o address show scope global | grep -o 'inet [0-9.]*'`,
      expect: `inet ${address}`,
    },
    { title: 'a machine id of 32 hex digits', script: 'cat /etc/machine-id', expect: /^[0-9a-f]{32}$/ },
    { title: 'the search domain', script: 'grep -E "^search|^domain" /etc/resolv.conf', expect: /demo\.cluster/ },
    { title: '/.statelite is not world-writable', script: 'look /.statelite', expect: 'directory root:root 755' },
    // tmpfs
    isMounted('/tmp/', 'tmpfs', 'rw'),
    looksLike('/tmp/', 'directory root:root 1777'),
    write('/tmp/written', 'works'),
    // rw
    isMounted('/var/log/', 'tmpfs', 'rw'),
    {
      title: "/var/log/ has the image's content",
      script: 'test -s /var/log/shipped.log && echo there',
      expect: 'there',
    },
    write('/var/log/written', 'works'),
    // blank
    isMounted('/var/lib/systemd/', 'tmpfs', 'rw'),
    write('/var/lib/systemd/written', 'works'),
    // persistent
    isMounted('/root/', 'nfs', 'rw'),
    looksLike('/root/', 'directory root:root 700'),
    {
      title: "/root/ has the image's content, dot files too",
      script: 'test -s /root/.bashrc && echo there',
      expect: 'there',
    },
    write('/root/kept', 'works'),
    isMounted('/etc/site.state', 'nfs', 'rw'),
    looksLike('/etc/site.state', 'regular file root:root 640'),
    contains('/etc/site.state', 'as shipped'),
    write('/etc/site.state', 'works'),
    // con
    isMounted('/etc/motd', 'tmpfs', 'rw'),
    contains('/etc/motd', 'Welcome to the demo image.\nMaintenance on Sunday.'),
    // ro, from the tree
    isMounted('/etc/issue', 'nfs', 'ro'),
    { title: '/etc/issue comes from the tree', script: 'head -n 1 /etc/issue', expect: 'Demo cluster \\n \\l' },
    write('/etc/issue', 'fails'),
    // tmpfs,rw
    isLink('/etc/profile.d/', '../.statelite/tmpfs/etc/profile.d'),
    looksLike('/etc/profile.d/.', 'directory root:root 755'),
    write('/etc/profile.d/written', 'works'),
    // link
    isLink('/etc/security/', '../.statelite/tmpfs/etc/security'),
    {
      title: "/etc/security/ has the image's content",
      script: 'test -s /etc/security/limits.conf && echo there',
      expect: 'there',
    },
    write('/etc/security/written', 'works'),
    // link,ro
    isLink('/etc/debian_version', '../.statelite/tmpfs/etc/debian_version'),
    { title: '/etc/debian_version has its content', script: 'cat /etc/debian_version', expect: /^12\.\d+$/ },
    write('/etc/debian_version', 'fails'),
    // link,con
    isLink('/etc/environment', '../.statelite/tmpfs/etc/environment'),
    contains('/etc/environment', 'LANG=C.UTF-8\nCLUSTER=demo'),
    // link,persistent
    isLink('/opt/licences/', '../.statelite/tmpfs/opt/licences'),
    write('/opt/licences/kept', 'works'),
    { title: '/opt/licences/ is kept on NFS', script: `stat -f -c %T /opt/licences/.`, expect: 'nfs' },
    { title: 'no unit of systemd has failed', script: 'systemctl --no-pager --failed --no-legend --plain', expect: '' },
    {
      title: '/etc/init.d/statelite status finds every entry in order',
      script: '/etc/init.d/statelite status >/dev/null; echo $?',
      expect: '0',
    },
  ]
}

/** The same with a root in memory, which can be written. @param rootType as `mounted` prints it: `tmpfs rw` */
export function memoryRootChecks(node: string, address: string, rootType: string): Check[] {
  const changed: Readonly<Record<string, Partial<Check>>> = {
    'the root file system is NFS, read-only': { title: `the root file system is ${rootType}`, expect: rootType },
    'a path that no entry names cannot be written': {
      title: 'a path that no entry names can be written',
      expect: 'works',
    },
  }
  const list = firstBootChecks(node, address).map((check) => ({ ...check, ...changed[check.title] }))
  const overNfs = {
    title: 'nothing of the image comes over NFS',
    script: `awk '$3 ~ /^nfs/ { print $1 }' /proc/mounts | grep -c rootimg`,
    expect: '0',
  }
  return [...list, overNfs]
}

/** The same node after a power cycle. */
export function rebootChecks(machineId: string): Check[] {
  return [
    contains('/root/kept', 'written'),
    contains('/etc/site.state', 'as shipped\nwritten'),
    contains('/opt/licences/kept', 'written'),
    { title: 'the machine id is the same', script: 'cat /etc/machine-id', expect: machineId },
    ...[
      '/tmp/written',
      '/var/log/written',
      '/var/lib/systemd/written',
      '/etc/profile.d/written',
      '/etc/security/written',
    ].map((path) => ({
      title: `${path} is gone`,
      script: `test -e ${path} || echo gone`,
      expect: 'gone',
    })),
  ]
}

/** A second node, beside the first. */
export function otherNodeChecks(server: string, foreignDirectory: string): Check[] {
  const options = `nolock,vers=3,proto=tcp,soft,timeo=50,retrans=1,addr=${server},port=2049,mountport=20048,mountproto=tcp`
  return [
    {
      title: "the first node's persistent files are not here",
      script: 'test -e /root/kept || echo absent',
      expect: 'absent',
    },
    contains('/etc/site.state', 'as shipped'),
    { title: 'nor in /opt/licences/', script: 'test -e /opt/licences/kept || echo absent', expect: 'absent' },
    {
      title: "mounting the first node's persistent directory is refused",
      script: `mount -i -t nfs -o ${options} ${server}:${foreignDirectory} /mnt >/dev/null 2>&1 && echo mounted || echo refused`,
      expect: 'refused',
    },
    {
      title: 'mounting its own persistent directory the same way works',
      script: `mount -i -t nfs -o ${options} ${server}:${foreignDirectory.replace(/[^/]+$/, '')}$(hostname) /mnt && umount /mnt && echo works`,
      expect: 'works',
    },
  ]
}

/** After the server was killed and started again under the running node. */
export function restartChecks(): Check[] {
  return [
    {
      title: 'files that were never read before can be read',
      script: 'cat /usr/bin/* 2>/dev/null | wc -c',
      expect: /^[1-9]\d{6,}$/,
    },
    {
      title: 'persistent storage takes writes',
      script: `tries 'append again /root/kept'; tail -n 1 /root/kept`,
      expect: 'works\nagain',
    },
    { title: 'new programs start', script: 'systemctl is-active systemd-journald.service', expect: 'active' },
  ]
}

/** And keeps the kernel's messages off the console, where they would stand in the midst of what is read. */
export async function loadFunctions(console: SerialConsole): Promise<void> {
  const result = await console.command(`${FUNCTIONS}dmesg -n 1`)
  if (result.status !== 0) throw new Error(`the guest's shell refused the check functions: ${result.output}`)
}

export function judgeCheck(check: Check, output: string): CheckOutcome {
  const passed = typeof check.expect === 'string' ? output === check.expect : check.expect.test(output)
  return { check, output, passed }
}

export async function runChecks(
  console: SerialConsole,
  checks: readonly Check[],
  show: (outcome: CheckOutcome) => void,
): Promise<CheckOutcome[]> {
  const outcomes: CheckOutcome[] = []
  for (const check of checks) {
    const { output } = await console.command(check.script, 90_000)
    const outcome = judgeCheck(check, output.replace(/\n$/, ''))
    outcomes.push(outcome)
    show(outcome)
  }
  return outcomes
}
