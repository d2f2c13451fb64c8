/** localdisk: what is typed and what is said. No server runs. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

const LAYOUT =
  'enable=yes\nenablepart=yes\n[disk]\ndev=/dev/sda\nclear=yes\nparts=1G-9G,rest\n[localspace]\ndev=/dev/sda2\n[swapspace]\ndev=/dev/sda1\n'

async function stage(t: ExecutionContext): Promise<Site> {
  const site = newSite(t)
  writeFileSync(join(site.directory, 'layout'), LAYOUT)
  for (const words of [
    `mkdef -t osimage -o lite provmethod=statelite profile=compute osvers=rhels9.2 osarch=x86_64 rootimgdir=${site.directory}/lite partitionfile=${site.directory}/layout`,
    `mkdef -t osimage -o plain provmethod=statelite profile=compute osvers=rhels9.2 osarch=x86_64 rootimgdir=${site.directory}/plain`,
    'mkdef -t network -o net4 net=127.4.0.0 mask=255.255.0.0 domain=cluster.test',
    'mkdef cn[1-2] groups=lite,all provmethod=lite',
    'mkdef cn3 groups=all provmethod=plain',
    'chdef -t group all ip=|127.4.0.($1)| netboot=xnba',
    'chtab key=master site.value=127.4.255.1',
  ]) {
    const { status, stderr } = await runCommand(site, words.split(' '))
    t.is(status, 0, `${words}: ${stderr}`)
  }
  return site
}

test('show, reformat and keep', async (t) => {
  const site = await stage(t)
  await transcript(
    t,
    site,
    `
$ localdisk show all
cn1: /dev/sda: 1024-9216 MiB swap, rest ext4; local space /dev/sda2
cn2: /dev/sda: 1024-9216 MiB swap, rest ext4; local space /dev/sda2
cn3: no local disk
$ localdisk reformat all
cn1: local disk is formatted at the next boot
cn2: local disk is formatted at the next boot
! cn3: Error: its image has no partition file that is enabled
[1]
$ localdisk keep cn2
cn2: local disk is kept
$ localdisk show lite
cn1: /dev/sda: 1024-9216 MiB swap, rest ext4; local space /dev/sda2; is formatted at the next boot
cn2: /dev/sda: 1024-9216 MiB swap, rest ext4; local space /dev/sda2
$ localdisk wipe cn1
! Error: there is no action wipe: show, reformat or keep
! Usage: liteboot localdisk [options] <action> <noderange>
!        \`liteboot localdisk --help\` explains the options
[1]
`,
  )
})

test('an order is refused where it could do nothing, and where the file is wrong', async (t) => {
  const site = await stage(t)
  writeFileSync(join(site.directory, 'layout'), LAYOUT.replace('clear=yes', 'clear=no'))
  await transcript(
    t,
    site,
    `
$ localdisk reformat cn1
! cn1: Error: nothing may be formatted: the partition file has no [disk] with clear=yes, or enablepart=no
[1]
$ gettab node=cn1 chain.currchain
`,
  )
  writeFileSync(join(site.directory, 'layout'), LAYOUT.replace('rest', '101'))
  const wrong = await runCommand(site, ['localdisk', 'reformat', 'cn1'])
  t.is(wrong.status, 1)
  t.regex(wrong.stderr, /cn1: Error: .*layout line 6: 101: a percentage is 1 to 100/)
})

test('--dry-run orders nothing', async (t) => {
  const site = await stage(t)
  const { status } = await runCommand(site, ['localdisk', 'reformat', 'cn1', '--dry-run'])
  t.is(status, 0)
  t.notRegex((await runCommand(site, ['localdisk', 'show', 'cn1'])).stdout, /formatted/)
})
