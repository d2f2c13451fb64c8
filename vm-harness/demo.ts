/**
 * The demonstration: from empty tables to two running nodes, with everything read inside the guests.
 *
 *   node vm-harness/demo.ts [--keep] [--directory DIR]
 */
import { join } from 'node:path'
import { type Check, firstBootChecks, otherNodeChecks, rebootChecks, restartChecks } from './demo/checklist.ts'
import { placeRoot } from './demo/root.ts'
import { addImageContent, IMAGE, NODES, SERVER, siteCommands, sitePaths, writeTree } from './demo/site.ts'
import type { Machine } from './machine.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'

async function demonstrate(rehearsal: Rehearsal): Promise<void> {
  const [first, second] = NODES
  const paths = sitePaths(rehearsal.directory)
  const check = async (machine: Machine, title: string, checks: readonly Check[]) => {
    rehearsal.say(`${machine.name}: ${title}`)
    await rehearsal.look(machine, checks)
  }
  const power = async (node: { readonly name: string; readonly mac: string }) => {
    rehearsal.say(`${node.name}: power on, console in ${join(rehearsal.runDirectory, `${node.name}.console.log`)}`)
    return rehearsal.power({ ...node, memoryMiB: 640 })
  }
  rehearsal.begin('lite', 'persistent', 'install')
  rehearsal.say('a Debian 12 root file system from Debian packages')
  placeRoot(paths.image)

  rehearsal.say('filling the tables')
  writeTree(paths)
  for (const words of siteCommands(paths)) await rehearsal.command(...words)

  rehearsal.say('liteimg: preparing the image')
  addImageContent(paths)
  await rehearsal.shown('liteimg', IMAGE)
  await rehearsal.shown('nodeset', 'compute', `osimage=${IMAGE}`)
  await rehearsal.open(`${SERVER}/16`)

  let one = await rehearsal.login(await power(first))
  await check(one, 'every option, as the tables say', firstBootChecks(first.name, first.ip))
  const machineId = (await one.console.command('cat /etc/machine-id')).output.trim()

  const two = await rehearsal.login(await power(second))
  await check(two, 'sees nothing of the first node', otherNodeChecks(SERVER, join(paths.persistent, first.name)))
  await two.close()

  rehearsal.say('killing the server (-9) under the running node')
  await rehearsal.killServer()
  // Everything below / is revalidated by the node, so this waits until the server is back, and then goes through.
  const waiting = one.console.command("echo 'begun while the server was away' >>/root/kept", 120_000)
  await new Promise((resolve) => setTimeout(resolve, 3000))
  await rehearsal.startServer()
  await waiting
  await check(one, 'goes on after the restart', restartChecks())

  rehearsal.say(`${first.name}: power cycle`)
  // What the node wrote must be on the server before the plug is pulled.
  await one.console.command('sync')
  await one.close()
  one = await rehearsal.login(await power(first))
  await check(
    one,
    'persistent content stayed, tmpfs content is gone',
    rebootChecks(machineId).map((item) =>
      item.script === 'cat /root/kept' ? { ...item, expect: 'written\nbegun while the server was away\nagain' } : item,
    ),
  )

  await one.close()
  await forgetLiteimg(rehearsal, second.name, () => power(second))

  rehearsal.say('the timeline of the last boot')
  await rehearsal.timeline(second.name)
}

/** The most usual slip: the table is edited, liteimg is not run. The boot must stop, say why, and go on by itself. */
async function forgetLiteimg(rehearsal: Rehearsal, node: string, power: () => Promise<Machine>): Promise<void> {
  await rehearsal.command('chtab', 'image=ALL,file=/etc/late', 'litefile.options=tmpfs')
  const machine = await power()
  const timeline = await rehearsal.untilTimeline(node, /^failed at root/m)
  const end = timeline.trimEnd().split('\n').slice(-3).join('\n')
  const title = 'an edit without liteimg stops the boot; the timeline says where and why'
  rehearsal.judge(title, /^failed at root: .*run liteimg/m, end)
  process.stdout.write(`${end.replace(/^/gm, '       ')}\n`)
  // The nodes whose connections are still open must be named: one waits, the other lost its power a moment ago.
  await rehearsal.command('liteimg', IMAGE, '--force', NODES.map(({ name }) => name).join(','))
  await rehearsal.login(machine)
  rehearsal.say(`${machine.name}: went on by itself after liteimg`)
  await rehearsal.look(machine, [
    { title: '/etc/late is writable now', script: 'echo late >/etc/late; cat /etc/late', expect: 'late' },
  ])
}

await rehearse('demo', demonstrate)
