/**
 * Secure Boot beyond the matrix, where `x86_64:secure-boot` boots what the distribution signed: a kernel that the site signed
 * itself, refused until a node's console has enrolled the site's key with MokManager; and a GRUB that nobody signed, which shim
 * must refuse.
 *
 *   node vm-harness/scenarios/secure-boot.ts [--keep] [--directory DIR]
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { IMAGE, NODES, SERVER, type SitePaths } from '../demo/site.ts'
import type { Machine } from '../machine.ts'
import { prepareSite, unpackPackages } from '../matrix/site.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'

const [NODE, OTHER] = NODES
const LOADER_MS = 120_000
const FIRMWARE = 'uefi-secure'
/** Typed at the console, and in the running system before. */
const ONCE = 'sesame'
const DOWN = '\u001b[B'
const ENTER = '\r'
/** The kernel's own list of the keys it trusts. */
const KEYS = 'cat /proc/keys | grep -c "site key of a rehearsal"'

/** In the image, as the administrator of the nodes would have it. */
function makeKey(rehearsal: Rehearsal, paths: SitePaths): { readonly key: string; readonly certificate: string } {
  const file = (name: string) => join(rehearsal.runDirectory, name)
  const [key, certificate] = [file('site.key'), file('site.pem')]
  const subject = ['-subj', '/CN=site key of a rehearsal', '-days', '2']
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, '-keyout', key, '-out', certificate],
    { stdio: 'ignore' },
  )
  const inImage = join(paths.image, 'rootimg/etc/site-key.der')
  execFileSync('openssl', ['x509', '-in', certificate, '-outform', 'DER', '-out', inImage])
  return { key, certificate }
}

/** The distribution's signature is taken off, and the site's put on. */
function signKernel(
  paths: SitePaths,
  { key, certificate }: { readonly key: string; readonly certificate: string },
): void {
  const boot = join(paths.image, 'rootimg/boot')
  const kernels = readdirSync(boot).filter((name) => name.startsWith('vmlinuz-'))
  for (const kernel of kernels.map((name) => join(boot, name))) {
    execFileSync('sbattach', ['--remove', kernel], { stdio: 'ignore' })
    execFileSync('sbsign', ['--key', key, '--cert', certificate, '--output', kernel, kernel], { stdio: 'ignore' })
  }
}

/** The pages of MokManager, one after the other: each title, then what is chosen. */
async function enroll({ console }: Machine): Promise<void> {
  const pages: readonly (readonly [RegExp, string])[] = [
    [/Press any key to perform MOK management/, ENTER],
    [/Perform MOK management[\s\S]*Continue boot[\s\S]*Enroll MOK/, DOWN + ENTER],
    [/\[Enroll MOK\][\s\S]*View key 0[\s\S]*Continue/, DOWN + ENTER],
    [/Enroll the key\(s\)\?[\s\S]*No[\s\S]*Yes/, DOWN + ENTER],
    [/Password:/, ONCE + ENTER],
    [/Perform MOK management[\s\S]*Reboot/, ENTER],
  ]
  for (const [title, keys] of pages) {
    await console.waitFor(title, LOADER_MS)
    console.write(keys)
  }
}

async function ownKernel(rehearsal: Rehearsal, paths: SitePaths): Promise<void> {
  const key = makeKey(rehearsal, paths)
  unpackPackages(paths.image, ['mokutil', 'libefivar1'])
  await rehearsal.command('liteimg', IMAGE)
  const machine = await rehearsal.boot({ ...NODE, firmware: FIRMWARE })
  await rehearsal.look(machine, [
    {
      title: 'the kernel knows that the firmware checks it',
      script: 'mokutil --sb-state',
      expect: 'SecureBoot enabled',
    },
    { title: 'the key of the site is not known', script: KEYS, expect: '0' },
    {
      title: 'mokutil asks for it',
      script: `mokutil --generate-hash=${ONCE} >/run/hash; mokutil --import /etc/site-key.der --hash-file /run/hash && mokutil --list-new | grep -c 'site key of a rehearsal'`,
      expect: /^[1-9]$/,
    },
  ])

  rehearsal.say('the kernel of the image is signed with the key of the site, and with no other')
  signKernel(paths, key)
  await rehearsal.command('liteimg', IMAGE)
  const stranger = await rehearsal.power({ ...OTHER, firmware: FIRMWARE })
  const refusal = await stranger.console.waitFor(/error: [^\r\n]*/, LOADER_MS)
  rehearsal.judge(`${OTHER.name}, which does not know the key, refuses the kernel`, /bad shim signature/, refusal[0])
  rehearsal.judge(
    'the timeline says at which stage it stops, and what to look at',
    /^failed at initrd: after the kernel the loader began again.*\ncheck: .*Secure Boot.*bad shim signature/m,
    await rehearsal.untilTimeline(OTHER.name, /^failed at/m),
  )
  await rehearsal.timeline(OTHER.name)
  await stranger.close()

  rehearsal.say(`${NODE.name} is restarted; somebody stands at its console`)
  machine.console.write('reboot\n')
  await enroll(machine)
  await rehearsal.login(machine)
  await rehearsal.look(machine, [
    { title: 'Secure Boot is on', script: 'mokutil --sb-state', expect: 'SecureBoot enabled' },
    { title: 'the running kernel trusts the key of the site', script: KEYS, expect: /^[1-9]$/ },
    { title: 'nothing is left to be enrolled', script: 'mokutil --list-new', expect: /^(MokNew is empty)?$/ },
  ])
  rehearsal.judge(
    'MokManager came by TFTP, beside shim',
    /tftp +read +boot\/efi\/n1\/mmx64\.efi [1-9]/,
    await rehearsal.quiet('timeline', '--all', NODE.name),
  )
  await rehearsal.timeline(NODE.name)
  await machine.close()
}

async function unsignedGrub(rehearsal: Rehearsal, paths: SitePaths): Promise<void> {
  rehearsal.say('a GRUB without a signature in the image')
  const signed = join(paths.image, 'rootimg/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed')
  copyFileSync(join(rehearsal.directory, 'tftpboot/boot/grub2/grub2.x86_64'), signed)
  await rehearsal.command('liteimg', IMAGE)
  const machine = await rehearsal.power({ ...OTHER, firmware: FIRMWARE })
  // shim says so in a box, and goes on when somebody has read it.
  await machine.console.waitFor(/Verification failed/, LOADER_MS)
  await machine.console.waitFor(/ OK /, LOADER_MS)
  machine.console.write(ENTER)
  await rehearsal.untilTimeline(OTHER.name, new RegExp(`tftp +read +boot/efi/${OTHER.name}/mmx64\\.efi [1-9]`))
  await machine.close()
  rehearsal.judge(
    'shim loads the GRUB without a signature, refuses it, and loads MokManager',
    /grubx64\.efi [1-9][\s\S]*mmx64\.efi [1-9](?![\s\S]*grub\.cfg)/,
    await rehearsal.timeline(OTHER.name),
  )
}

async function secureBoot(rehearsal: Rehearsal): Promise<void> {
  const paths = await prepareSite(rehearsal, 'x86_64')
  await rehearsal.command('chdef', 'compute', 'netboot=grub2')
  await rehearsal.command('liteimg', IMAGE)
  await rehearsal.command('nodeset', 'compute', `osimage=${IMAGE}`)
  await rehearsal.open(`${SERVER}/16`)
  await ownKernel(rehearsal, paths)
  await unsignedGrub(rehearsal, paths)
}

await rehearse('secure-boot', secureBoot)
