/**
 * Secure Boot with a GRUB that nobody signed in the place of the image's: shim must refuse it, and offers MokManager. That
 * the signed one boots is a way of the matrix: `x86_64:secure-boot`.
 *
 *   node vm-harness/scenarios/secure-boot.ts [--keep] [--directory DIR]
 */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { IMAGE, NODES, SERVER } from '../demo/site.ts'
import { prepareSite } from '../matrix/site.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'

const REFUSAL_MS = 120_000

async function secureBoot(rehearsal: Rehearsal): Promise<void> {
  const [node] = NODES
  const paths = await prepareSite(rehearsal, 'x86_64')
  const signed = join(paths.image, 'rootimg/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed')
  copyFileSync(join(rehearsal.directory, 'tftpboot/boot/grub2/grub2.x86_64'), signed)
  await rehearsal.command('liteimg', IMAGE)
  await rehearsal.command('chdef', node.name, 'netboot=grub2')
  await rehearsal.command('nodeset', node.name, `osimage=${IMAGE}`)
  await rehearsal.open(`${SERVER}/16`)
  rehearsal.say('Secure Boot, and a GRUB without a signature in the image')
  const machine = await rehearsal.power({ ...node, firmware: 'uefi-secure' })
  // shim says so in a box, and goes on when somebody has read it.
  await machine.console.waitFor(/Verification failed/, REFUSAL_MS)
  await machine.console.waitFor(/ OK /, REFUSAL_MS)
  machine.console.write('\r')
  await rehearsal.untilTimeline(node.name, /tftp +read +boot\/efi\/n1\/mmx64\.efi [1-9]/)
  await machine.close()
  rehearsal.judge(
    'shim loads the GRUB without a signature, refuses it, and loads MokManager',
    /grubx64\.efi [1-9][\s\S]*mmx64\.efi [1-9](?![\s\S]*grub\.cfg)/,
    await rehearsal.timeline(node.name),
  )
}

await rehearse('secure-boot', secureBoot)
