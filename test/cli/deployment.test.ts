/** nodeset, nodestat, pping, makehosts, makedhcp: what is typed and what is said. No server runs; no address leaves 127.0.0.0/8. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

const HOST = hostname().split('.', 1)[0]
/** Of no litefile rows at all. */
const NO_ENTRIES = 'e3b0c44298fc'

const failed = (method: string) =>
  `! Error: Failed to generate ${method} configurations for some node(s) on ${HOST}. These nodes were not changed.`

/** Two nodes that can boot the image `lite`, one without a hardware address. */
async function stage(t: ExecutionContext): Promise<Site> {
  const site = newSite(t)
  const rootimg = join(site.directory, 'lite/rootimg/.statelite')
  mkdirSync(rootimg, { recursive: true })
  writeFileSync(join(rootimg, 'revision'), `${NO_ENTRIES}\n`)
  writeFileSync(join(site.directory, 'lite/kernel'), 'kernel')
  writeFileSync(join(site.directory, 'lite/initrd-statelite.gz'), 'initrd')
  for (const words of [
    `mkdef -t osimage -o lite provmethod=statelite profile=compute osvers=rhels9.2 osarch=x86_64 rootimgdir=${site.directory}/lite`,
    'mkdef -t network -o net4 net=127.4.0.0 mask=255.255.0.0 domain=cluster.test',
    'mkdef cn[1-3] groups=lite,all',
    'chdef -t group lite netboot=xnba ip=|127.4.0.($1)|',
    'chdef cn1 mac=0a:00:00:00:00:01',
    'chdef cn2 mac=0a:00:00:00:00:02',
    'chtab key=master site.value=127.4.255.1',
    `chtab key=installdir site.value=${site.directory}/install`,
  ]) {
    const { status, stderr } = await runCommand(site, words.split(' '))
    t.is(status, 0, `${words}: ${stderr}`)
  }
  return site
}

test('nodeset: images and states as in xCAT; a node that cannot boot keeps its values and does not stop the others', async (t) => {
  await transcript(
    t,
    await stage(t),
    `
$ nodeset cn1 stat
cn1: boot
$ nodeset cn1-cn3 osimage=lite
cn1: statelite rhels9.2-x86_64-compute
cn2: statelite rhels9.2-x86_64-compute
! cn3: Error: No MAC address available for this node
${failed('xnba')}
[1]
$ lsdef cn1-cn3 -c -i os,arch,profile,provmethod,currstate
cn1: arch=x86_64
cn1: currstate=statelite rhels9.2-x86_64-compute
cn1: os=rhels9.2
cn1: profile=compute
cn1: provmethod=lite
cn2: arch=x86_64
cn2: currstate=statelite rhels9.2-x86_64-compute
cn2: os=rhels9.2
cn2: profile=compute
cn2: provmethod=lite
cn3: arch=
cn3: currstate=
cn3: os=
cn3: profile=
cn3: provmethod=
$ nodeset cn1 boot
cn1: boot
$ nodeset cn1,cn3 offline
cn1: offline
cn3: offline
$ nodeset cn1-cn3 stat
cn1: offline
cn2: statelite rhels9.2-x86_64-compute
cn3: offline
$ nodeset cn1 stat -a
cn1: offline
$ nodeset cn1 osimage
cn1: statelite rhels9.2-x86_64-compute
$ nodeset cn1 shell
cn1: shell
$ nodeset cn1 statelite --noupdateinitrd --ignorekernelchk
cn1: statelite rhels9.2-x86_64-compute
$ nodeset cn1 shutdown
cn1: shutdown
$ nodeset cn2 statelite=lite
cn2: statelite rhels9.2-x86_64-compute
$ nodeset cn3 shell
! cn3: Error: No MAC address available for this node
${failed('xnba')}
[1]
$ tabdump chain
#node,currstate,currchain,chain,ondiscover,comments,disable
"cn1","shutdown",,,,,
"cn2","statelite rhels9.2-x86_64-compute",,,,,
"cn3","offline",,,,,
`,
  )
})

test('nodeset: what makes no sense is refused as a whole', async (t) => {
  await transcript(
    t,
    await stage(t),
    `
$ nodeset cn1 netboot
! Error: The options "install", "netboot", and "statelite" have been deprecated, use "osimage=<osimage_name>" instead.
!        List the images with \`lsdef -t osimage\`; nothing was changed. [LB_BAD_INPUT]
[1]
$ nodeset cn1 bogus
! Error: Unknown state bogus requested
!        States: osimage[=<image>], statelite[=<image>], learn[=<image>], boot, offline, shell, shutdown, stat. Nothing was changed. [LB_BAD_INPUT]
[1]
$ nodeset cn1 boot=yes
! Error: Unknown state boot=yes requested
!        States: osimage[=<image>], statelite[=<image>], learn[=<image>], boot, offline, shell, shutdown, stat. Nothing was changed. [LB_BAD_INPUT]
[1]
$ nodeset cn1 osimage=
! Error: Invalid argument: 'osimage=': the name of the image is missing
! Usage: nodeset [options] <noderange> [action...]
!        \`nodeset --help\` explains the options
[1]
$ nodeset cn1 boot offline
! Error: Invalid argument: 'boot offline'
! Usage: nodeset [options] <noderange> [action...]
!        \`nodeset --help\` explains the options
[1]
$ nodeset cn1
! Error: Invalid argument: ''
! Usage: nodeset [options] <noderange> [action...]
!        \`nodeset --help\` explains the options
[1]
$ nodeset cn1 osimage=lit
! Error: Cannot find the OS image lit in the osimage table.
!        Did you mean 'lite'?
!        List the images with \`lsdef -t osimage\`. [LB_NO_IMAGE]
[1]
$ nodeset cn1,cn9 boot
! Error: Invalid nodes and/or groups in noderange: cn9
!        List the nodes with \`lsdef\`. [LB_NO_NODE]
[1]
$ nodeset cn1 runcmd=bmcsetup
! Error: runcmd= is not offered: it runs programs of the xCAT discovery image, which liteboot does not have
!        Use \`nodeset <noderange> shell\` and work on the console, or put the program into an image; nothing was changed. [LB_BAD_INPUT]
[1]
$ chdef -t osimage -o lite provmethod=
1 object definitions have been created or modified.
$ nodeset cn1 osimage=lite
! Error: osimage.provmethod for lite must be set.
!        chdef -t osimage -o lite provmethod=statelite [LB_BAD_INPUT]
[1]
$ tabdump chain
#node,currstate,currchain,chain,ondiscover,comments,disable
`,
  )
})

test('nodeset: everything that would make the boot fail is an error of the node, and changes nothing', async (t) => {
  const site = await stage(t)
  await transcript(
    t,
    site,
    `
$ nodeset cn1 osimage
! cn1: Error: OS image name must be specified in nodetype.provmethod
${failed('xnba')}
[1]
$ chtab image=ALL,file=/var/lib/app/ litefile.options=persistent
$ nodeset cn1 osimage=lite
! cn1: Error: statelite: no statelite row for cn1: it has persistent entries (litefile row image=ALL,file=/var/lib/app/) (add one with chtab node=cn1 statelite.statemnt=<server>:<directory>)
${failed('xnba')}
[1]
$ chtab node=lite statelite.statemnt=127.4.255.1:/state
$ nodeset cn1 osimage=lite
! cn1: Error: the litefile rows of lite have changed since it was prepared: please run "liteimg lite"
${failed('xnba')}
[1]
$ chtab -d image=ALL,file=/var/lib/app/ litefile
$ chdef cn2 arch=ppc64le netboot=pxe
1 object definitions have been created or modified.
! Warning: noderes row node=cn2, column netboot: pxe does not boot ppc64le machines (use one of petitboot yaboot grub2 grub2-http grub2-tftp)
$ nodeset cn1,cn2 osimage=lite
cn1: statelite rhels9.2-x86_64-compute
! cn2: Error: The value of 'arch' attribute of node does not match the 'osarch' attribute of osimage.
${failed('pxe')}
[1]
$ chdef cn2 arch=x86_64 netboot=petitboot
1 object definitions have been created or modified.
! Warning: noderes row node=cn2, column netboot: petitboot does not boot x86_64 machines (use one of xnba ipxe ipxe-drivers pxe pxelinux pxe-http pxe-tftp grub2 grub2-http grub2-tftp)
$ nodeset cn2 osimage=lite
cn2: statelite rhels9.2-x86_64-compute
! Warning: cn2: petitboot might be invalid when provisioning lite,valid options: "xnba,ipxe,ipxe-drivers,pxe,pxelinux,pxe-tftp,pxe-http,grub2,grub2-tftp,grub2-http"
$ chtab node=cn2 nodetype.disable=yes
$ nodeset cn2 osimage=lite
! Warning: cn2: petitboot might be invalid when provisioning lite,valid options: "xnba,ipxe,ipxe-drivers,pxe,pxelinux,pxe-tftp,pxe-http,grub2,grub2-tftp,grub2-http"
! cn2: Error: nodetype row node=cn2 is disabled: enable or remove it, then run nodeset again
${failed('petitboot')}
[1]
`,
  )
  rmSync(join(site.directory, 'lite/initrd-statelite.gz'))
  await transcript(
    t,
    site,
    `
$ nodeset cn1 osimage=lite
! cn1: Error: Did you run "genimage" before running "liteimg"? initrd.gz or initrd-statelite.gz cannot be found at @/lite/initrd.gz on ${HOST}
${failed('xnba')}
[1]
$ nodeset cn1 shell
! cn1: Error: image lite has no @/lite/initrd-statelite.gz: run liteimg lite
${failed('xnba')}
[1]
$ nodeset cn1 stat
cn1: statelite rhels9.2-x86_64-compute
`,
  )
})

test('nodeset --dry-run changes nothing; --json gives the same as a value', async (t) => {
  const site = await stage(t)
  const dry = await runCommand(site, ['nodeset', 'cn1', 'osimage=lite', '--dry-run'])
  t.is(dry.status, 0, dry.stderr)
  t.regex(dry.stdout, /^Dry run: nothing was changed\.\n/)
  t.regex(dry.stdout, /cn1: statelite rhels9\.2-x86_64-compute/)
  await transcript(t, site, '$ nodeset cn1 stat --dry-run\ncn1: boot')
  const { stdout } = await runCommand(site, ['nodeset', 'cn1,cn3', 'osimage=lite', '--json'])
  t.like(JSON.parse(stdout), {
    nodes: [{ node: 'cn1', state: 'statelite rhels9.2-x86_64-compute', image: 'lite' }],
    failed: { cn3: ['No MAC address available for this node'] },
    changes: 2,
  })
})

function script(site: Site, name: string, text: string, mode = 0o755): void {
  const directory = join(site.directory, 'install/prescripts')
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`)
  chmodSync(join(directory, name), mode)
}

test('prescripts: before and after, per action, for the nodes concerned; more than 1 stops everything', async (t) => {
  const site = await stage(t)
  const log = join(site.directory, 'log')
  for (const name of ['one', 'two', 'last', 'fails']) script(site, name, `echo "${name} $# $ACTION $NODES" >>${log}`)
  script(site, 'says', 'echo hello; exit 0')
  script(site, 'grumbles', 'echo hm >&2; exit 1')
  script(site, 'breaks', 'echo no >&2; exit 2')
  script(site, 'each', `#xCAT setting:MAX_INSTANCE=2\necho "each $NODES" >>${log}`)
  script(site, 'open', 'true', 0o777)
  script(site, 'plain', 'true', 0o644)
  const ran = () => {
    const text = existsSync(log) ? readFileSync(log, 'utf8') : ''
    rmSync(log, { force: true })
    return text
  }
  await transcript(
    t,
    site,
    `
$ chtab node=xcatdefaults prescripts.begin=one 'prescripts.end=boot:last'
$ chtab node=lite 'prescripts.begin=statelite:two $(touch x)|osimage:says|boot:each'
$ nodeset cn1-cn3 osimage=lite
${HOST}: says: hello
cn1: statelite rhels9.2-x86_64-compute
cn2: statelite rhels9.2-x86_64-compute
! cn3: Error: No MAC address available for this node
${failed('xnba')}
[1]
`,
  )
  t.is(ran(), 'one 0 osimage cn1,cn2,cn3\ntwo 2 osimage cn1,cn2,cn3\n')
  t.false(existsSync('x'))
  await transcript(
    t,
    site,
    `
$ nodeset cn1,cn3 boot -V
${HOST}: Running one for nodes cn1,cn3.
${HOST}: Running each for nodes cn1,cn3.
cn1: boot
cn3: boot
${HOST}: Running last for nodes cn1,cn3.
$ chtab node=lite prescripts.begin=grumbles
$ nodeset cn1 offline
cn1: offline
! Error: ${HOST}: grumbles: return code=1. Error message=hm
$ chtab node=lite prescripts.begin=breaks,two
$ nodeset cn1 boot
! Error: ${HOST}: breaks: return code=2. Error message=no
! Error: nothing was changed
[1]
$ nodeset cn1 stat
cn1: offline
$ chtab node=lite prescripts.begin=../../etc/passwd
$ nodeset cn1 boot
! Error: ${HOST}: ../../etc/passwd: not the name of a file in @/install/prescripts. Error message=
! Error: nothing was changed
[1]
$ chtab node=lite prescripts.begin=open
$ nodeset cn1 boot
! Error: ${HOST}: open: @/install/prescripts/open may be written by everybody, and is not run as root. Error message=
! Error: nothing was changed
[1]
$ chtab node=lite prescripts.begin=plain
$ nodeset cn1 boot
! Error: ${HOST}: plain: @/install/prescripts/plain is not executable. Error message=
! Error: nothing was changed
[1]
`,
  )
  t.regex(ran(), /^one 0 boot cn1,cn3\neach cn[13]\neach cn[13]\nlast 0 boot cn1,cn3\n(one 0 (offline|boot) cn1\n)+$/)
  const dry = await runCommand(site, ['nodeset', 'cn1', 'boot', '--dry-run'])
  t.regex(dry.stdout, /would run plain for nodes cn1/)
  t.is(ran(), '')
})

test('prescripts: what one of them writes into the tables counts', async (t) => {
  const site = await stage(t)
  const liteboot = join(import.meta.dirname, '../../bin/liteboot')
  script(
    site,
    'findmac',
    `LITEBOOT_STATE="${site.places.state}" exec "${liteboot}" chtab node=cn3 mac.mac=0a:00:00:00:00:03`,
  )
  await transcript(
    t,
    site,
    `
$ chtab node=cn3 prescripts.begin=osimage:findmac
$ nodeset cn3 osimage=lite
cn3: statelite rhels9.2-x86_64-compute
`,
  )
})

test('nodeset --export: the files that each firmware asks for, kernel and initrd, and nothing left behind', async (t) => {
  const site = await stage(t)
  // The programs of this machine's packages are not the test's.
  await runCommand(site, ['chtab', 'key=tftpdir', `site.value=${site.directory}/own`])
  mkdirSync(join(site.directory, 'own'))
  writeFileSync(join(site.directory, 'own/snponly.efi'), 'ipxe')
  const files = () =>
    readdirSync(join(site.directory, 'tftp'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(site.directory.length + 6))
      .sort()
  await runCommand(site, ['nodeset', 'cn1', 'osimage=lite', '--export', join(site.directory, 'tftp')])
  const kernel = files().find((name) => name.endsWith('/kernel')) ?? ''
  const initrd = files().find((name) => name.endsWith('/initrd')) ?? ''
  t.regex(kernel, /^image\/lite\/[0-9a-f]{16}\/kernel$/)
  t.regex(initrd, /^image\/lite\/[0-9a-f]{16}\/initrd$/)
  t.is(readFileSync(join(site.directory, 'tftp', kernel), 'utf8'), 'kernel')
  await transcript(
    t,
    site,
    `
$ nodeset cn1 --export @/tftp
lite: ${kernel} is there
lite: ${initrd} is there
@/tftp: nodes: 1; files: 0 written, 3 unchanged, 0 removed
$ nodeset cn2 boot --export @/tftp
cn2: boot
cn2: wrote boot/ipxe/cn2 xcat/xnba/nodes/cn2 xcat/xnba/nodes/cn2.uefi
@/tftp: nodes: 1; files: 3 written, 0 unchanged, 0 removed
`,
  )
  t.true(
    readFileSync(join(site.directory, 'tftp/xcat/xnba/nodes/cn1'), 'utf8').includes(`http://127.4.255.1/${kernel}`),
  )
  await transcript(
    t,
    site,
    `
$ nodeset cn1 offline --export @/tftp
cn1: offline
cn1: removed boot/ipxe/cn1 xcat/xnba/nodes/cn1 xcat/xnba/nodes/cn1.uefi
@/tftp: nodes: 1; files: 0 written, 0 unchanged, 3 removed
$ chdef cn1 netboot=grub2
1 object definitions have been created or modified.
$ nodeset cn1 osimage --export @/tftp
cn1: statelite rhels9.2-x86_64-compute
cn1: wrote boot/grub2/cn1 boot/grub2/grub.cfg-01-0a-00-00-00-00-01 boot/grub2/grub.cfg-0a-00-00-00-00-01 boot/grub2/grub.cfg-0a:00:00:00:00:01 boot/grub2/grub.cfg-7F040001 boot/efi/cn1/grub.cfg boot/efi/cn1/netbootx64.efi
for every GRUB: wrote grub/grub.cfg boot/grub2/grub.cfg
lite: ${kernel} is there
lite: ${initrd} is there
@/tftp: nodes: 1; files: 7 written, 0 unchanged, 0 removed
$ nodeset cn3 --export @/tftp
cn3: wrote boot/ipxe/cn3 xcat/xnba/nodes/cn3 xcat/xnba/nodes/cn3.uefi
@/tftp: nodes: 1; files: 3 written, 0 unchanged, 0 removed
`,
  )
  t.deepEqual(
    files().filter((name) => /liteboot-\d+$/.test(name)),
    [],
  )
})

test('nodeset --export: shim, GRUB and MokManager of the image, one copy for all nodes; GRUB for POWER; what is not ours stays', async (t) => {
  const site = await stage(t)
  const put = (path: string, content: string) => {
    mkdirSync(join(site.directory, path, '..'), { recursive: true })
    writeFileSync(join(site.directory, path), content)
  }
  const read = (path: string) => readFileSync(join(site.directory, 'tftp', path), 'utf8')
  put('own/boot/grub2/grub2.ppc', 'grub for power')
  const vendor = 'lite/rootimg/boot/efi/EFI/redhat'
  for (const name of ['shim', 'grub', 'mm']) put(`${vendor}/${name}x64.efi`, `${name} 1`)
  put('tftp/boot/grub2/grub.cfg', 'menuentry "theirs" { }')
  for (const words of [
    ['chtab', 'key=tftpdir', `site.value=${site.directory}/own`],
    ['chdef', '-t', 'group', 'lite', 'netboot=grub2'],
    ['nodeset', 'cn1,cn2', 'osimage=lite'],
  ])
    await runCommand(site, words)
  const copies = () => readdirSync(join(site.directory, 'tftp/boot/.programs')).length
  const first = await runCommand(site, ['nodeset', 'cn1,cn2', '--export', join(site.directory, 'tftp')])
  t.is(first.status, 0)
  t.regex(first.stderr, /^Warning: \S+\/tftp\/boot\/grub2\/grub\.cfg is not ours and stays: it has to say configfile /)
  t.is(read('boot/grub2/grub.cfg'), 'menuentry "theirs" { }')
  // GRUB writes the address with colons.
  t.regex(read('grub/grub.cfg'), /^configfile \/boot\/grub2\/grub\.cfg-\$net_default_mac\n/)
  t.is(read('boot/grub2/grub.cfg-0a:00:00:00:00:01'), read('boot/grub2/cn1'))
  t.is(read('boot/efi/cn2/grub.cfg'), read('boot/grub2/cn2'))
  for (const [name, content] of [
    ['netbootx64', 'shim 1'],
    ['grubx64', 'grub 1'],
    ['grub', 'grub 1'],
    ['mmx64', 'mm 1'],
    ['MokManager', 'mm 1'],
  ] as const)
    for (const node of ['cn1', 'cn2']) t.is(read(`boot/efi/${node}/${name}.efi`), content)
  t.is(copies(), 3)

  put(`${vendor}/shimx64.efi`, 'shim 2')
  rmSync(join(site.directory, `${vendor}/mmx64.efi`))
  const kernels = ['kernel', 'initrd'].map((kind) => {
    const digest = readdirSync(join(site.directory, 'tftp/image/lite')).find((name) =>
      existsSync(join(site.directory, 'tftp/image/lite', name, kind)),
    )
    return `lite: image/lite/${digest}/${kind} is there`
  })
  const again = await runCommand(site, ['nodeset', 'cn1', '--export', join(site.directory, 'tftp')])
  t.is(
    again.stdout.replaceAll(site.directory, '@'),
    [
      'cn1: wrote boot/efi/cn1/netbootx64.efi',
      'cn1: removed boot/efi/cn1/mmx64.efi boot/efi/cn1/MokManager.efi',
      ...kernels,
      '@/tftp: nodes: 1; files: 1 written, 8 unchanged, 2 removed\n',
    ].join('\n'),
  )
  t.is(read('boot/efi/cn1/netbootx64.efi'), 'shim 2')
  t.is(read('boot/efi/cn2/netbootx64.efi'), 'shim 1', 'nobody asked for cn2')
  await runCommand(site, ['nodeset', 'cn1', 'offline', '--export', join(site.directory, 'tftp')])
  t.deepEqual(readdirSync(join(site.directory, 'tftp/boot/efi/cn1')), [])
  t.is(copies(), 3, 'what cn2 has is kept, the rest is gone')

  for (const words of [
    `mkdef -t osimage -o power provmethod=statelite profile=compute osvers=rhels9.2 osarch=ppc64le rootimgdir=${site.directory}/lite`,
    'chdef cn3 mac=0a:00:00:00:00:03',
    `nodeset cn3 osimage=power --export ${site.directory}/tftp`,
  ])
    t.is((await runCommand(site, words.split(' '))).status, 0, words)
  t.is(read('boot/grub2/grub2-cn3'), 'grub for power')
  put('own/boot/efi/cn2/netbootx64.efi', "the site's")
  await runCommand(site, ['nodeset', 'cn2', '--export', join(site.directory, 'tftp')])
  t.is(read('boot/efi/cn2/netbootx64.efi'), "the site's")
  await runCommand(site, ['nodeset', 'cn1', 'osimage=lite', '--export', `${site.directory}/own/`])
  t.false(existsSync(join(site.directory, 'own/boot/efi/cn1/netbootx64.efi')), 'it would go before the image for ever')
  t.true(existsSync(join(site.directory, 'own/boot/efi/cn1/grub.cfg')))
  t.false(existsSync(join(site.directory, 'tftp/boot/efi/cn3')))
})

test('pping and nodestat: who answers; a node without an address is said to have none', async (t) => {
  const site = await stage(t)
  await transcript(
    t,
    site,
    `
$ chdef cn3 ip= otherinterfaces=-ib0:127.4.1.3
1 object definitions have been created or modified.
$ chtab node=cn3 'hosts.ip=|^.*$||'
$ pping cn1-cn3
cn1: ping
cn2: ping
! cn3: Error: it has no address (hosts.ip, otherinterfaces)
[1]
$ pping cn3 -i ib0
cn3-ib0: ping
$ nodestat cn9
! Error: Invalid nodes and/or groups in noderange: cn9
!        List the nodes with \`lsdef\`. [LB_NO_NODE]
[1]
`,
  )
  const usage = await runCommand(site, ['nodestat'])
  t.is(usage.status, 1)
  t.regex(usage.stdout, /^Usage: nodestat /)
})

test('makedhcp has nothing to make; -q says what nodes are answered', async (t) => {
  const site = await stage(t)
  const nothing =
    'Nothing to make: the server answers DHCP from the tables (mac, hosts, networks), and every change of them counts at once. Query: makedhcp -q <noderange>'
  await transcript(
    t,
    site,
    `
$ makedhcp -n
${nothing}
$ makedhcp -a
${nothing}
$ makedhcp -d cn1
${nothing}
$ makedhcp cn1
${nothing}
$ makedhcp cn9
! Error: Invalid nodes and/or groups in noderange: cn9
!        List the nodes with \`lsdef\`. [LB_NO_NODE]
[1]
$ makedhcp -q cn1-cn3
cn1: ip-address = 127.4.0.1, hardware-address = 0a:00:00:00:00:01
cn2: ip-address = 127.4.0.2, hardware-address = 0a:00:00:00:00:02
! cn3: Error: no hardware-address: set mac.mac, then DHCP knows the node
[1]
$ chdef cn2 'mac=0a:00:00:00:00:02|0a:00:00:00:00:12!cn2-ib0|0a:00:00:00:00:22!*NOIP*'
1 object definitions have been created or modified.
$ makedhcp -q cn2
cn2: ip-address = 127.4.0.2, hardware-address = 0a:00:00:00:00:02
cn2: refused, hardware-address = 0a:00:00:00:00:22
! cn2: Error: no ip-address for hardware-address 0a:00:00:00:00:12: set hosts.ip, or *NOIP* in mac to refuse it
[1]
$ makedhcp -q
! Error: -q needs a noderange
! Usage: makedhcp [options] [noderange]
!        \`makedhcp --help\` explains the options
[1]
`,
  )
})

test('makehosts: lines of nodes come and go, every other line stays', async (t) => {
  const site = await stage(t)
  const file = join(site.directory, 'hosts')
  const old =
    '# mine\n127.0.0.1\tlocalhost\n\n10.9.9.9   other  # keep\n127.4.0.2 gateway gw\n10.1.1.1 cn1.cluster.test cn1\n'
  writeFileSync(file, old)
  chmodSync(file, 0o640)
  await transcript(
    t,
    site,
    `
$ chdef cn1 hostnames=web,www.example.test otherinterfaces=-ib0:127.4.1.1
1 object definitions have been created or modified.
$ makehosts cn1,cn2 --file @/hosts --dry-run
@/hosts: 1 lines would be added, 2 changed, 0 removed
! Warning: @/hosts line 5 (127.4.0.2 gateway gw) gave way to cn2
$ makehosts cn1,cn2 --file @/hosts
! Warning: @/hosts line 5 (127.4.0.2 gateway gw) gave way to cn2
$ makehosts cn1,cn2 --file @/hosts
`,
  )
  t.is(
    readFileSync(file, 'utf8'),
    '# mine\n127.0.0.1\tlocalhost\n\n10.9.9.9   other  # keep\n127.4.0.2 cn2 cn2.cluster.test\n' +
      '127.4.0.1 cn1 cn1.cluster.test web www.example.test\n127.4.1.1 cn1-ib0 cn1-ib0.cluster.test\n',
  )
  t.is(readFileSync(`${file}.xcatbak`, 'utf8'), old)
  await transcript(t, site, '$ makehosts -d cn1 --file @/hosts\n$ makehosts -l cn2,cn3 --file @/hosts')
  t.is(
    readFileSync(file, 'utf8'),
    '# mine\n127.0.0.1\tlocalhost\n\n10.9.9.9   other  # keep\n127.4.0.2 cn2.cluster.test cn2\n127.4.0.3 cn3.cluster.test cn3\n',
  )
  await transcript(
    t,
    site,
    `
$ chtab key=FQDNfirst site.value=yes
$ makehosts cn3 --file @/hosts
$ chtab -d key=FQDNfirst site
$ makehosts cn3 --file @/hosts --dry-run
@/hosts: 0 lines would be added, 1 changed, 0 removed
$ makehosts -n --file @/hosts
$ makehosts -d --file @/hosts
! Error: -d needs a noderange
! Usage: makehosts [options] [noderange]
!        \`makehosts --help\` explains the options
[1]
`,
  )
  t.is(
    readFileSync(file, 'utf8'),
    '# mine\n127.0.0.1\tlocalhost\n\n127.4.0.1 cn1 cn1.cluster.test web www.example.test\n127.4.1.1 cn1-ib0 cn1-ib0.cluster.test\n' +
      '127.4.0.2 cn2 cn2.cluster.test\n127.4.0.3 cn3 cn3.cluster.test\n',
  )
})

test('nodeset learn: checked like an image, remembered as a word of its own, ended by osimage', async (t) => {
  const site = await stage(t)
  await transcript(
    t,
    site,
    `
$ nodeset cn1,cn3 learn=lite
cn1: learn
! cn3: Error: No MAC address available for this node
${failed('xnba')}
[1]
$ nodeset cn1 stat
cn1: learn
$ nodeset cn2 learn
! cn2: Error: OS image name must be specified in nodetype.provmethod
${failed('xnba')}
[1]
`,
  )
  const planned = await runCommand(site, ['plan', 'cn1'])
  t.regex(planned.stdout, /^learn\thttp:\/\/127\.4\.255\.1\/node\/v1\/cn1\/learned\t50%$/m)
  t.is((await runCommand(site, ['nodeset', 'cn1', 'osimage'])).stdout, 'cn1: statelite rhels9.2-x86_64-compute\n')
  t.notRegex((await runCommand(site, ['plan', 'cn1'])).stdout, /^learn/m)
})
