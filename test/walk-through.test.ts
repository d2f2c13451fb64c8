/** The tables' part of the walk-through, run as an administrator would: real commands under their own names, in a shell. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'ava'
import { columnNames, tableSchema } from '../src/tables/schema.ts'

const SCRIPT = join(import.meta.dirname, '../vm-harness/walk-through/tables.sh')

/** Command as typed → what it printed, in order. */
function answers(transcript: string): [command: string, output: string][] {
  const parts = transcript.split(/^\$ /m).slice(1)
  return parts.map((part) => {
    const end = part.indexOf('\n')
    return [part.slice(0, end), part.slice(end + 1)]
  })
}

const LITEFILES = `        ro            /etc/hosts
        tmpfs         /root/.ssh/
        tmpfs         /tmp/
        persistent    /var/log/
`

for (const shell of ['dash', 'bash']) {
  test(`the walk-through of the tables does what it says (${shell})`, (t) => {
    const { stdout, stderr, status } = spawnSync(shell, [SCRIPT], { encoding: 'utf8', timeout: 60_000 })
    t.is(stderr, '')
    t.is(status, 0)
    const [images, ...answered] = [...answers(stdout).filter(([command]) => command.startsWith('tabdump'))]
    t.deepEqual(answered, [])
    const described = [...(images?.[1] ?? '').matchAll(/^(\w+):\t+(\S.*)$/gm)]
    const schema = tableSchema('osimage')
    t.deepEqual(
      described.map(([, column]) => column),
      schema && columnNames(schema),
    )
    const made = '1 object definitions have been created or modified.\n'
    const rest = answers(stdout).filter(([command]) => !command.startsWith('tabdump'))
    const shown = rest.filter(([, output]) => output !== made)
    t.deepEqual(shown, [
      ["mkdef 'node[1-4]' groups=p8,all", '4 object definitions have been created or modified.\n'],
      ['lsdef node1-node4 | grep provmethod', '    provmethod=oldimg\n'.repeat(4)],
      [
        'lsdef -t osimage redhat7img',
        `Object name: redhat7img
    imagetype=linux
    osarch=ppc64le
    osname=linux
    osvers=rhels7.3
    profile=compute
    provmethod=statelite
`,
      ],
      [
        'lsdef -t osimage redhat7img -i pkglist,exlist,rootimgdir',
        `Object name: redhat7img
    exlist=/install/custom/netboot/rh/compute.rhels7.ppc64le.exlist
    pkglist=/install/custom/netboot/rh/compute.rhels7.ppc64le.pkglist
    rootimgdir=/install/netboot/rhels7.3/ppc64le/redhat7img
`,
      ],
      ['chtab image=redhat7img,file=/var/log/ litefile.options=persistent', ''],
      ['chtab image=redhat7img,file=/tmp/ litefile.options=tmpfs', ''],
      ['chtab image=redhat7img,file=/etc/hosts litefile.options=ro', ''],
      ['chtab image=ALL,file=/root/.ssh/ litefile.options=tmpfs', ''],
      [
        "chtab priority=1.0 litetree.image=redhat7img 'litetree.directory=10.77.0.1:/install/lite/$nodetype.profile'",
        '',
      ],
      ['chtab node=p8 statelite.statemnt=10.77.0.1:/install/persistent', ''],
      ['lsdef node1-node4 | grep provmethod', `    provmethod=redhat7img\n${'    provmethod=oldimg\n'.repeat(3)}`],
      ['litefile node1', LITEFILES.replaceAll(/^ {8}/gm, 'node1: ')],
      ['litetree node1', 'node1: 10.77.0.1:/install/lite/compute\n'],
      ['lslite -i redhat7img', LITEFILES],
      [
        'lslite node1',
        `>>>Node: node1

Osimage: redhat7img

Persistent directory (statelite table):
        10.77.0.1:/install/persistent


Litefiles (litefile table):
${LITEFILES}

Litetree path (litetree table):
        1, 10.77.0.1:/install/lite/compute


`,
      ],
    ])
    t.is(rest.length - shown.length, 8)
  })
}
