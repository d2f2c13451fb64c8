/** lsdef, mkdef, chdef, rmdef: transcripts. */
import test from 'ava'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

async function twoNodes(site: Site): Promise<void> {
  await runCommand(site, ['mkdef', 'cn1', 'groups=compute,rack1,all', 'arch=x86_64', 'mgt=ipmi', 'os=rhels9.2'])
  await runCommand(site, ['mkdef', 'cn2', 'groups=compute,all', 'os=rhels9.2'])
  await runCommand(site, [
    'mkdef',
    '-t',
    'osimage',
    '-o',
    'el9-lite',
    'provmethod=statelite',
    'rootimgdir=/install/el9',
  ])
}

test('lsdef: names, attributes, compact, stanzas, types', async (t) => {
  const site = newSite(t)
  await twoNodes(site)
  await transcript(
    t,
    site,
    `
$ lsdef
cn1  (node)
cn2  (node)
$ lsdef cn1
Object name: cn1
    arch=x86_64
    groups=compute,rack1,all
    mgt=ipmi
    os=rhels9.2
$ lsdef -o cn1,cn2 -i os,groups -c
cn1: groups=compute,rack1,all
cn1: os=rhels9.2
cn2: groups=compute,all
cn2: os=rhels9.2
$ lsdef cn1 -i status
Object name: cn1
    status=
$ lsdef -t osimage,node
el9-lite  (osimage)
cn1  (node)
cn2  (node)
$ lsdef cn1 -z
# <xCAT data object stanza file>

cn1:
    objtype=node
    arch=x86_64
    groups=compute,rack1,all
    mgt=ipmi
    os=rhels9.2
$ lsdef -t group compute
Object name: compute
    members=cn1,cn2
$ lsdef -w groups=~rack
cn1  (node)
$ lsdef cn1 -V -i os
Object name: cn1
    os=rhels9.2	(Table:nodetype - Key:cn1 - Column:os)
`.replace('$ lsdef -w groups=~rack\ncn1  (node)', '$ lsdef -s -w groups=~rack\ncn1  (node)'),
  )
})

test('lsdef: failures', async (t) => {
  const site = newSite(t)
  await twoNodes(site)
  const usage = '! Usage: lsdef [options] [noderange...]\n!        `lsdef --help` explains the options\n[1]'
  await transcript(
    t,
    site,
    `
$ lsdef nosuch
No object definitions have been found
! Error: Could not find an object named 'nosuch' of type 'node'.
[1]
$ lsdef nosuch,cn2 -i os
Object name: cn2
    os=rhels9.2
! Error: Could not find an object named 'nosuch' of type 'node'.
[1]
$ lsdef -t bogus
! Error:
! Type 'bogus' is not a valid xCAT object type.
[1]
$ lsdef cn1 -i bogus
Object name: cn1
! Error: 'bogus' is not a valid attribute name for an object type of 'node'.
[1]
$ lsdef -w status==x
No object definitions have been found
$ lsdef -t network
Could not find any object definitions to display.
$ lsdef /zzz
! Error: No node in '/zzz', check the noderange syntax.
[1]
$ lsdef -w mgt
! Error: Incorrect selection string specified with -w flag.
[1]
$ lsdef a b
! Error: noderange can not contain spaces.
${usage}
$ lsdef -a -t node
! Error: The flags '-a' and '-t' cannot be used together.
${usage}
$ lsdef -l -s
! Error: The flags '-l' and '-s' cannot be used together.
${usage}
$ lsdef -i os -s cn1
! Error: The flags '-i' and '-s' cannot be used together.
${usage}
$ lsdef -c cn1
! Error: The flag '-c' can be used only together with '-i'.
${usage}
$ lsdef -x
! Error: unknown option '-x'
${usage}
$ lsdef -h -t bogus
! Error: Type 'bogus' is not a valid xCAT object type.
${usage}
`,
  )
})

test('lsdef -h: the options; with a type its attributes', async (t) => {
  const site = newSite(t)
  const help = await runCommand(site, ['lsdef', '-h'])
  t.is(help.status, 0)
  t.regex(help.stdout, /^Usage: lsdef .*--compact/s)
  const { stdout, status } = await runCommand(site, ['lsdef', '-h', '-t', 'network'])
  t.is(status, 0)
  t.regex(stdout, /^The valid attribute names for object type 'network' are:\n\nAttribute {10}Description\n\n/)
  const names = [...stdout.matchAll(/^(\w+):(\t+)\S/gm)].map(([, name = '', tabs = '']) => ({
    name,
    tabs: tabs.length,
  }))
  t.deepEqual(
    names.map(({ name }) => name),
    names.map(({ name }) => name).sort(),
  )
  for (const { name, tabs } of names) t.is(tabs, name.length < 7 ? 2 : 1, name)
  t.true(names.some(({ name }) => name === 'dynamicrange'))
})

test('mkdef: what is made, and what is refused', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ mkdef cn1 groups=all
1 object definitions have been created or modified.
$ mkdef cn1 groups=all
! Warning: A definition for 'cn1' already exists. No changes will be made.  Run again with '-f' option to force replace.
! Error: 0 object definitions have been created or modified.
[1]
$ mkdef cn1,cn2 groups=all
1 object definitions have been created or modified.
! Warning: A definition for 'cn1' already exists. No changes will be made.  Run again with '-f' option to force replace.
$ mkdef cn9 os=x
! Error: Attribute 'groups' is not specified for node 'cn9', skipping to the next node.
! Error: One or more errors occured when attempting to create or modify xCAT object definitions.
[1]
$ mkdef cn9 groups=all foo=bar
! Error: 'foo' is not a valid attribute name for an object type of 'node'.
! Error: Skipping to the next attribute.
! Error: One or more errors occured when attempting to create or modify xCAT object definitions.
[1]
$ mkdef CN1 groups=all
1 object definitions have been created or modified.
! Warning: The node name 'CN1' contains capital letters which may not be resolved correctly by the dns server.
$ mkdef cn.1 groups=all
! Error: The object name 'cn.1' is invalid, Cannot use '.' in node name.
! Error: One or more errors occured when attempting to create or modify xCAT object definitions.
[1]
$ mkdef -t osimage
! Error: No object names were provided.
[1]
$ mkdef a b groups=all
! Error: noderange can not contain spaces.
! Usage: mkdef [options] [operands...]
!        \`mkdef --help\` explains the options
[1]
$ mkdef -p cn1 groups=x
! Error: The '-p' and '-m' options are not valid for the mkdef command.
! Usage: mkdef [options] [operands...]
!        \`mkdef --help\` explains the options
[1]
$ mkdef -t group -d -w os==rhels9.2 -o dyn
1 object definitions have been created or modified.
$ mkdef -V cn7 groups=all
The database was updated for the following objects:
cn7
`,
  )
})

test('lsdef -z | mkdef -z makes the same objects', async (t) => {
  const [site, other] = [newSite(t), newSite(t)]
  await twoNodes(site)
  const { stdout } = await runCommand(site, ['lsdef', '-z', '-t', 'node', '-o', 'cn1,cn2'])
  await transcript(t, other, '$ mkdef -z < nodes\n2 object definitions have been created or modified.\n', {
    nodes: stdout,
  })
  t.is((await runCommand(other, ['lsdef', '-z', '-o', 'cn1,cn2'])).stdout, stdout)
  const both = await runCommand(other, ['mkdef', '-z', '-t', 'node'], stdout)
  t.is(both.status, 1)
  t.regex(both.stderr, /^Error: The flag '-z' and '-t' cannot be used together\.\nUsage: mkdef/)
})

test('chdef: lists, new objects, groups, names', async (t) => {
  const site = newSite(t)
  await twoNodes(site)
  await transcript(
    t,
    site,
    `
$ chdef cn1 -p groups=new,all
1 object definitions have been created or modified.
$ chdef cn1 -m groups=rack1
1 object definitions have been created or modified.
$ lsdef cn1 -i groups
Object name: cn1
    groups=compute,all,new
$ chdef cn2 -m groups=notthere
No object definitions have been created or modified.
! Error: notthere is not in the attribute of 'groups' for the 'cn2' definition.
[1]
$ chdef cn9 groups=all
1 object definitions have been created or modified.
New object definitions 'cn9' have been created.
$ chdef cn1
No object definitions have been created or modified.
$ chdef -t group new members=cn2
1 object definitions have been created or modified.
$ lsdef -t group new -i members
Object name: new
    members=cn2
$ chdef -t osimage -o el9-lite -n el9
Changed the object name from el9-lite to el9.
$ chdef -t osimage -o none -n other
! Error: The none is not a valid object.
[1]
$ chdef -t site domain=cluster.test
1 object definitions have been created or modified.
$ lsdef -t site -i domain -c
clustersite: domain=cluster.test
$ chdef -p -m cn1 groups=x
! Error: The flags '-p' and '-m' cannot be used together.
! Usage: chdef [options] [operands...]
!        \`chdef --help\` explains the options
[1]
`,
  )
})

test('rmdef: nodes, groups, what is missing', async (t) => {
  const site = newSite(t)
  await twoNodes(site)
  await transcript(
    t,
    site,
    `
$ rmdef nosuch
No objects have been removed from the xCAT database.
! Error: Could not find an object named 'nosuch' of type 'node'.
[1]
$ rmdef -t group rack1
1 object definitions have been removed.
$ lsdef cn1 -i groups
Object name: cn1
    groups=compute,all
$ rmdef -V compute
The following objects were removed:

cn1
cn2
$ rmdef -a
! Error: You must use the '-f' option when using the '-a' option.
[1]
$ rmdef a b
! Error: noderange can not contain spaces.
! Usage: rmdef [options] [names...]
!        \`rmdef --help\` explains the options
[1]
`,
  )
})
