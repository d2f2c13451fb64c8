/** The two initrds do the same: what the module for dracut runs is compared with the lean initrd's /init. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'

const SCRIPTS = join(import.meta.dirname, '../../../initrd-scripts')
const read = (name: string) => readFileSync(join(SCRIPTS, name), 'utf8')

test('the same steps in the same order, and the same stages', (t) => {
  const [lean, dracut] = [read('lean/init'), read('dracut/97liteboot/liteboot-boot.sh')]
  const files = (text: string) => /^for step in (.*); do$/m.exec(text)?.[1]
  t.truthy(files(lean))
  t.is(files(dracut), files(lean))
  const stages = (text: string) => text.match(/^(run_stage \S+ \S+|run_instead|run_localdisk)$/gm)
  t.true((stages(lean) ?? []).length >= 8)
  t.deepEqual(stages(dracut), stages(lean))
  const settings = (text: string) => text.match(/^(cmdline_flag .*|[A-Z_]+=\$\(cmdline_value .*)$/gm)
  t.deepEqual(settings(dracut), settings(lean))
})
