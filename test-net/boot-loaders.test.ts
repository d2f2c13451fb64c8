// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what iPXE would expand is what is tested
/**
 * The real loaders of Debian run our texts: iPXE in QEMU's network card, GRUB's parser, pxelinux. QEMU's own user-mode
 * network and TFTP server stay inside its process; nothing reaches an interface of this machine.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { renderGrubBoot, renderGrubByHardwareAddress, renderGrubLocal } from '../src/boot/grub.ts'
import { renderIpxeBoot, renderIpxeRefusal, renderIpxeUnknown } from '../src/boot/ipxe.ts'
import { findLoaders } from '../src/boot/loader-files.ts'
import { renderPxelinuxBoot } from '../src/boot/pxelinux.ts'
import { renderRefusal } from '../src/boot/render.ts'
import { buildSnapshot, exampleNode } from '../test/statelite/snapshot.ts'

const QEMU = '/usr/bin/qemu-system-x86_64'
// A bzImage that shows its command line: iPXE built as a kernel runs it as commands (here: echo).
const KERNEL = '/boot/ipxe.lkrn'
const GRUB_CHECK = '/usr/bin/grub-script-check'
const found = findLoaders(existsSync)
const pxelinux = found.files.get('pxelinux.0')
const ldlinux = found.files.get('ldlinux.c32')

function needs(...files: (string | undefined)[]): typeof test {
  const here = files.every((file) => file !== undefined && existsSync(file))
  // ava shows skipped tests as such.
  return (here ? test : test.skip) as typeof test
}

/** What SeaBIOS and iPXE wrote, without cursor movements and without the line breaks at column 80. */
function consoleText(log: string): string {
  if (!existsSync(log)) return ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal escapes are what is removed
  return readFileSync(log, 'latin1').replace(/\u001b\[[0-9;?]*[A-Za-z]|[\r\n\b]/g, '')
}

/** Boots a machine from TFTP files until the console has said everything in `words`, in that order. */
async function boots(
  t: ExecutionContext,
  bootfile: string,
  files: Record<string, string>,
  words: string[],
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'boot-loaders-'))
  const log = join(directory, 'console')
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, 'tftp', name)
    mkdirSync(dirname(path), { recursive: true })
    if (content.startsWith('/')) copyFileSync(content, path)
    else writeFileSync(path, content)
  }
  const nic = `user,model=virtio-net-pci,mac=52:54:00:12:34:56,tftp=${join(directory, 'tftp')},bootfile=${bootfile}`
  const argv = [
    '-m',
    '128',
    '-display',
    'none',
    '-monitor',
    'none',
    '-no-reboot',
    '-machine',
    'graphics=off',
    '-boot',
    'n',
    '-nic',
    nic,
  ]
  const machine: ChildProcess = spawn(QEMU, [...argv, '-serial', `file:${log}`], { stdio: 'ignore' })
  t.teardown(() => {
    machine.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  const missing = () => {
    const said = consoleText(log)
    let from = 0
    for (const word of words) {
      const at = said.indexOf(word, from)
      if (at < 0) return word
      from = at + word.length
    }
    return undefined
  }
  for (let seconds = 0; seconds < 40 && missing() !== undefined; seconds++) await sleep(1000)
  t.is(missing(), undefined, consoleText(log).slice(-1500))
}

const url = (name: string) => `tftp://10.0.2.2/${name}`
const ipxeBoot = (kernel: string, again = 'boot.ipxe') =>
  renderIpxeBoot({
    node: 'cn07',
    image: 'hpc9-lite',
    stateLine: 'statelite debian12-x86_64-compute',
    files: { kernelUrl: url(kernel), initrdUrl: url('initrd') },
    commandLine: 'echo NODE=cn07 memmap=1G$4G',
    hasBootif: false,
    scriptUrl: url(again),
  })

needs(QEMU, KERNEL)('iPXE loads kernel and initrd and starts the kernel', async (t) => {
  const files = {
    'boot.ipxe': ipxeBoot('kernel'),
    kernel: KERNEL,
    initrd: 'an initrd',
  }
  await boots(t, 'boot.ipxe', files, [
    'liteboot: cn07 boots hpc9-lite',
    'tftp://10.0.2.2/kernel...',
    'tftp://10.0.2.2/initrd...',
    'NODE=cn07 memmap=1G$4G BOOTIF=01-52-54-00-12-34-56',
  ])
})

needs(QEMU, KERNEL)('iPXE tries again when the server does not answer with the file', async (t) => {
  const again = 'could not load hpc9-lite, trying again'
  await boots(t, 'boot.ipxe', { 'boot.ipxe': ipxeBoot('absent') }, [again, again])
  await boots(t, 'boot.ipxe', { 'boot.ipxe': ipxeBoot('absent', 'no-script') }, [again, again])
})

needs(QEMU, KERNEL)('iPXE asks for its script again: the image has another kernel by then', async (t) => {
  const files = {
    'boot.ipxe': ipxeBoot('absent', 'next.ipxe'),
    'next.ipxe': ipxeBoot('kernel'),
    kernel: KERNEL,
    initrd: 'x',
  }
  await boots(t, 'boot.ipxe', files, [
    'could not load hpc9-lite, trying again',
    'tftp://10.0.2.2/kernel...',
    'NODE=cn07',
  ])
})

needs(QEMU, KERNEL)(
  'iPXE says why a node cannot boot, asks again, and leaves an unknown machine to its firmware',
  async (t) => {
    const reason = 'litefile row image=ALL,file=/x: bad || exit; ${net0/ip} & "x" -v'
    const files = {
      'refuse.ipxe': renderIpxeRefusal('cn07', [reason], url('unknown.ipxe')).replace('sleep 30', 'sleep 2'),
      'unknown.ipxe': renderIpxeUnknown('10.0.2.15'),
    }
    await boots(t, 'refuse.ipxe', files, [
      'cn07 cannot boot:',
      'litefile row image=ALL,file=/x: bad ?? exit? ?{net0/ip} ? ?x? -v',
      'no node is defined for 52:54:00:12:34:56 (address 10.0.2.15)',
      'mkdef',
      'No bootable device',
    ])
  },
)

needs(
  QEMU,
  KERNEL,
  pxelinux,
  ldlinux,
)('pxelinux loads kernel and initrd from its configuration', async (t) => {
  const config = renderPxelinuxBoot({
    stateLine: 'statelite debian12-x86_64-compute',
    kernel: 'image/hpc9-lite/0123/kernel',
    initrd: 'image/hpc9-lite/4567/initrd',
    commandLine: 'echo NODE=cn07',
    hasBootif: false,
  })
  const files = {
    'pxelinux.0': pxelinux ?? '',
    'ldlinux.c32': ldlinux ?? '',
    'pxelinux.cfg/01-52-54-00-12-34-56': config,
    'image/hpc9-lite/0123/kernel': KERNEL,
    'image/hpc9-lite/4567/initrd': 'an initrd',
  }
  await boots(t, 'pxelinux.0', files, [
    'Loading image/hpc9-lite/4567/initrd...ok',
    'NODE=cn07 BOOTIF=01-52-54-00-12-34-56',
  ])
})

needs(GRUB_CHECK)("GRUB's parser accepts our scripts", (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'boot-loaders-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const node = buildSnapshot({ nodes: [exampleNode] }).node('cn07')
  if (node === undefined) return t.fail()
  const entry = {
    stateLine: 'statelite',
    kernel: '/k',
    initrd: '/i',
    hasBootif: false,
    protocol: 'http',
    serverIp: '10.0.0.1',
    httpPort: 80,
    node: 'cn07',
  } as const
  const texts = [
    renderGrubBoot({ ...entry, commandLine: 'memmap=64G$4G a=b;c x=#y z={w} a|b&c <d>' }),
    renderGrubLocal(),
    renderGrubByHardwareAddress(),
    renderRefusal('grub', node, ["it's $x; {bad} (row)"], 'http://x/'),
  ]
  const path = join(directory, 'grub.cfg')
  for (const text of texts) {
    writeFileSync(path, text)
    t.notThrows(() => execFileSync(GRUB_CHECK, [path]), text)
  }
  writeFileSync(path, 'menuentry "x" {\n')
  t.throws(() => execFileSync(GRUB_CHECK, [path], { stdio: 'ignore' }))
})
