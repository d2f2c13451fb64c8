/** What the tables say about an image's initrd ends in the initrd: drivers by name, and defaults of the command line. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { openDirectApi } from '../../src/api/direct.ts'
import { initrdDefaults } from '../../src/api/methods/images/initrd-sources.ts'
import { readInitrd } from '../../src/image/initrd/read.ts'
import { encodeElf } from '../image/elf-file.ts'
import { putSmallImage } from '../image/small-image.ts'
import { newPlaces } from './rig.ts'

test('only what the initrd reads, and what is true of the image wherever it boots', (t) => {
  t.is(initrdDefaults('quiet rootlimit=4g  liteboot.debug R::x=1 console=hvc0'), 'rootlimit=4g')
  t.is(initrdDefaults('liteboot.learnsize=2g rootlimit=80%'), 'liteboot.learnsize=2g rootlimit=80%')
  for (const none of [undefined, '', 'quiet', 'rootlimit', 'norootlimit=1 liteboot.shell=root'])
    t.is(initrdDefaults(none), undefined)
})

test('liteimg puts linuximage.addkcmdline and netdrivers into the initrd; another value is another generation', async (t) => {
  const places = newPlaces(t)
  const api = openDirectApi(places)
  const rootimgdir = join(places.state, 'image')
  putSmallImage(rootimgdir)
  const tree = join(rootimgdir, 'rootimg/lib/modules/6.1.0-56')
  mkdirSync(join(tree, 'kernel/drivers/net/ethernet'), { recursive: true })
  for (const name of ['coyote', 'roadrunner']) {
    writeFileSync(join(tree, `kernel/drivers/net/ethernet/${name}.ko`), encodeElf({ machine: 62, modinfo: {} }))
    appendFileSync(join(tree, 'modules.alias'), `alias pci:v1234* ${name}\n`)
    appendFileSync(join(tree, 'modules.dep'), `kernel/drivers/net/ethernet/${name}.ko:\n`)
  }
  const assignments = ['provmethod=statelite', 'osarch=x86_64', `rootimgdir=${rootimgdir}`]
  await api.call('objects.make', { operands: ['lite'], assignments, type: 'osimage' })
  const contents = async () => {
    const entries = await readInitrd(join(rootimgdir, 'initrd-statelite.gz'))
    return {
      defaults: entries.find(({ name }) => name === 'liteboot/cmdline')?.data?.toString(),
      drivers: entries.flatMap(({ name }) => /\/drivers\/.*?([^/]+)\.ko$/.exec(name)?.[1] ?? []).sort(),
    }
  }
  await api.call('image.liteimg', { image: 'lite' })
  const plain = await contents()
  t.deepEqual(plain, { defaults: undefined, drivers: ['coyote', 'roadrunner'] })
  await api.call('tables.change', {
    words: ['imagename=lite', 'linuximage.addkcmdline=quiet rootlimit=4g', 'linuximage.netdrivers=coyote.ko'],
  })
  const { output } = await api.call('image.liteimg', { image: 'lite' })
  t.regex(output.at(-1) ?? '', /generation 3 is current/)
  t.deepEqual(await contents(), { defaults: 'rootlimit=4g\n', drivers: ['coyote'] })
})
