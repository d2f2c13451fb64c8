import test from 'ava'
import type { Cluster } from '../../src/cluster/model.ts'
import { type BootFileParts, openBootFiles } from '../../src/server/boot-files.ts'
import { buildSnapshot, exampleNode } from '../statelite/snapshot.ts'

/** Nothing of a node is compiled for these names. */
const files = openBootFiles({
  cluster: { current: buildSnapshot({ nodes: [exampleNode] }) } as Cluster,
  blobs: { find: () => ({ fault: 'nothing there' }) },
  answers: {},
  findDiscoveryImage: () => ({ fault: 'no discovery' }),
  emit: () => {},
  now: () => 0,
} as unknown as BootFileParts)

for (const name of ['/grub/grub.cfg', 'grub/x86_64-efi/grub.cfg', '/grub/arm64-efi/grub.cfg'])
  test(`${name} asked from an address of no node: GRUB is sent to its hardware address, and told when that is unknown too`, (t) => {
    const found = files.textFor(name, '10.20.0.200')
    t.is(found?.node, undefined)
    t.regex(
      found?.text ?? '',
      /^configfile \/boot\/grub2\/grub\.cfg-\$net_default_mac\necho "liteboot: no node is defined/,
    )
  })

test('other names below /grub are no boot files', (t) => {
  t.is(files.textFor('/grub/x86_64-efi/command.lst', '10.20.0.200'), undefined)
  t.is(files.textFor('/grub/other/deep/grub.cfg', '10.20.0.200'), undefined)
})
