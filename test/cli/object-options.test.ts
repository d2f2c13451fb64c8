/** Option letters of lsdef, mkdef, chdef, rmdef beyond the everyday ones: transcripts. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

const make = (site: Site, line: string) => runCommand(site, line.split(' '))

test('attributes of network interfaces: set, shown, added to, taken away, one interface at a time', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ mkdef cn1 groups=all 'nicips.eth0=1.1.1.1|1.2.1.1' 'nicnetworks.eth0=net1|net2' nictypes.eth0=Ethernet
1 object definitions have been created or modified.
$ chdef cn1 nicips.ib0=2.2.2.2
1 object definitions have been created or modified.
$ chdef cn1 -p nicips.ib0=3.3.3.3
1 object definitions have been created or modified.
$ chdef cn1 -m nicips.ib0=2.2.2.2
1 object definitions have been created or modified.
$ lsdef cn1
Object name: cn1
    groups=all
    nicips.eth0=1.1.1.1|1.2.1.1
    nicips.ib0=3.3.3.3
    nicnetworks.eth0=net1|net2
    nictypes.eth0=Ethernet
$ lsdef cn1 -i nicips.ib0,nictypes -c
cn1: nicips.ib0=3.3.3.3
cn1: nictypes.eth0=Ethernet
$ lsdef -s -w nicips.ib0==3.3.3.3
cn1  (node)
$ chdef cn1 nicips.eth0=
1 object definitions have been created or modified.
$ tabdump nics
#node,nicips,nichostnamesuffixes,nichostnameprefixes,nictypes,niccustomscripts,nicnetworks,nicaliases,nicextraparams,nicdevices,nicsadapter,comments,disable
"cn1","ib0!3.3.3.3",,,"eth0!Ethernet",,"eth0!net1|net2",,,,,,
$ lsdef cn1 --nics
Object name: cn1
    nicaliases=
    niccustomscripts=
    nicdevices=
    nicextraparams=
    nichostnameprefixes=
    nichostnamesuffixes=
    nicips.ib0=3.3.3.3
    nicnetworks.eth0=net1|net2
    nicsadapter=
    nictypes.eth0=Ethernet
$ chdef cn1 -m nicips.ib0=9.9.9.9
No object definitions have been created or modified.
! Error: 9.9.9.9 is not in the attribute of 'nicips.ib0' for the 'cn1' definition.
[1]
$ chdef -t group all 'nicaliases=|\\D+(\\d+)|eth0!alias($1)|'
1 object definitions have been created or modified.
$ lsdef cn1 -i nicaliases
Object name: cn1
    nicaliases.eth0=alias1
$ chdef -t group all nicaliases.eth1=x
No object definitions have been created or modified.
! Error: nicaliases of 'all' is a value pattern (|\\D+(\\d+)|eth0!alias($1)|): give the whole list with nicaliases=.
[1]
`,
  )
})

test('lsdef --json: each interface by itself, unset attributes as null', async (t) => {
  const site = newSite(t)
  await make(site, 'mkdef cn1 groups=all nicips.eth0=1.1.1.1 nicips.ib0=2.2.2.2')
  const { stdout } = await make(site, 'lsdef cn1 -i nicips,os --json')
  t.deepEqual(JSON.parse(stdout), [
    { type: 'node', name: 'cn1', attributes: { 'nicips.eth0': '1.1.1.1', 'nicips.ib0': '2.2.2.2', os: null } },
  ])
})

test('lsdef -V names the row: of the node, or of the group the value comes from', async (t) => {
  const site = newSite(t)
  await make(site, 'mkdef cn1 groups=lite,all mgt=ipmi')
  await make(site, 'chdef -t group lite netboot=xnba ip=|10.4.0.($1)|')
  await transcript(
    t,
    site,
    `
$ lsdef cn1 -V
Object name: cn1
    groups=lite,all	(Table:nodelist - Key:cn1 - Column:groups)
    ip=10.4.0.1	(Table:hosts - Key:lite - Column:ip)
    mgt=ipmi	(Table:nodehm - Key:cn1 - Column:mgt)
    netboot=xnba	(Table:noderes - Key:lite - Column:netboot)
$ lsdef -t group lite -V -i ip
Object name: lite
    ip=|10.4.0.($1)|	(Table:hosts - Key:lite - Column:ip)
`,
  )
})

test('lsdef: --osimage, several types, all types long, hidden nodes', async (t) => {
  const site = newSite(t)
  await make(site, 'mkdef -t osimage -o el9 provmethod=statelite rootimgdir=/install/el9')
  await make(site, 'mkdef cn1 groups=all provmethod=el9')
  await make(site, 'mkdef fsp1 groups=all hidden=1')
  await transcript(
    t,
    site,
    `
$ lsdef
cn1  (node)
$ lsdef -S
cn1  (node)
fsp1  (node)
$ lsdef cn1 --osimage
Object name: cn1
    groups=all
    imagetype=linux
    provmethod=el9
    rootimgdir=/install/el9
$ lsdef -t node,osimage -l
Object name: cn1  (node)
    groups=all
    provmethod=el9
Object name: el9  (osimage)
    imagetype=linux
    provmethod=statelite
    rootimgdir=/install/el9
$ lsdef -t node,osimage cn1
! Error: Names of objects cannot be given with several types.
! Usage: lsdef [options] [noderange...]
!        \`lsdef --help\` explains the options
[1]
$ lsdef -z --osimage cn1
! Error: The flags '-z' and '--osimage' cannot be used together.
! Usage: lsdef [options] [noderange...]
!        \`lsdef --help\` explains the options
[1]
$ lsdef -a
cn1 (node)
el9 (osimage)
clustersite (site)
all (group)
`,
  )
})

test('-h -t: the attributes of a type, its key among them', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ lsdef -h -t rack
The valid attribute names for object type 'rack' are:

Attribute          Description

displayname:	Another name of it.

height:		How many units it holds.

num:		Number of the rack.

rackname:	Name of the rack.

room:		Room it stands in.

usercomment:	Free text of the administrator.
$ mkdef -h -t rack -t route -i x
! Error: unknown option '-i'
! Usage: mkdef [options] [operands...]
!        \`mkdef --help\` explains the options
[1]
$ lsdef -t node -h -i profile
The valid attribute names for object type 'node' are:

Attribute          Description

profile:	Purpose, for example compute.
`,
  )
})

test('every object type of xCAT can be made, shown, changed, removed; the logs only shown', async (t) => {
  const site = newSite(t)
  const types: Readonly<Record<string, string>> = {
    boottarget: 'kernel=/k',
    firmware: 'cfgfile=/f',
    group: 'os=x',
    kit: 'version=1',
    kitcomponent: 'kitname=k',
    kitrepo: 'osarch=x86_64',
    monitoring: 'nodestatmon=yes',
    network: 'net=10.9.0.0 mask=255.255.0.0',
    node: 'groups=all',
    notification: 'tables=site',
    osdistro: 'basename=rhels',
    osdistroupdate: 'dirpath=/d',
    osimage: 'imagetype=linux',
    pdu: 'outlet=8',
    policy: 'name=root',
    rack: 'num=1',
    route: 'net=10.1.0.0',
    taskstate: 'state=running',
    zone: 'defaultzone=yes',
    zvmivp: 'ip=10.0.0.1',
  }
  for (const [type, attributes] of Object.entries(types)) {
    const name = type === 'policy' ? '7' : type === 'group' ? 'g1' : 'x1'
    const made = await make(site, `mkdef -t ${type} -o ${name} ${attributes}`)
    t.is(made.stdout, '1 object definitions have been created or modified.\n', `${type}: ${made.stderr}`)
    const shown = await make(site, `lsdef -t ${type} -o ${name}`)
    for (const each of attributes.split(' ')) t.true(shown.stdout.includes(`    ${each}\n`), `${type} ${shown.stdout}`)
    const comment = ['boottarget', 'firmware', 'monitoring', 'notification'].includes(type) ? 'comments' : 'usercomment'
    t.is((await make(site, `chdef -t ${type} -o ${name} ${comment}=hi`)).status, 0, type)
    const stanza = await make(site, `lsdef -t ${type} -o ${name} -z`)
    t.regex(stanza.stdout, new RegExp(`objtype=${type}\n`))
  }
  for (const type of Object.keys(types).filter((each) => each !== 'node')) {
    const name = type === 'policy' ? '7' : type === 'group' ? 'g1' : 'x1'
    const removed = await make(site, `rmdef -t ${type} -o ${name}`)
    t.is(removed.stdout, '1 object definitions have been removed.\n', `${type}: ${removed.stderr}`)
  }
  await transcript(
    t,
    site,
    `
$ mkdef -t auditlog -o 99 userid=me
! Error: Objects of type 'auditlog' are written by the server, not by hand.
[1]
$ lsdef -t eventlog
Could not find any object definitions to display.
`,
  )
  t.regex((await make(site, 'lsdef -t auditlog -i command -c')).stdout, /^1: command=mkdef$/m)
})

test('mkdef --template: from a template, from another object', async (t) => {
  const site = newSite(t)
  await transcript(
    t,
    site,
    `
$ lsdef -t osimage --template
ppc64le-statelite-template  (osimage)
x86_64-statelite-template  (osimage)
$ mkdef -t node -o x1 --template x86_64-template ip=10.4.0.77 bmc=10.5.0.77
! Error: The attribute 'mac' is required by template 'x86_64-template': hardware address of the port the node boots from.
[1]
$ mkdef -t node -o x1 --template x86_64-template ip=10.4.0.77 bmc=10.5.0.77 mac=0a:00:00:00:00:77
1 object definitions have been created or modified.
$ chdef x1 status=booted
1 object definitions have been created or modified.
$ chdef -t group all 'tftpserver=|10.0.0.($1)|'
1 object definitions have been created or modified.
$ mkdef x2 --template x1 ip=10.4.0.78 mac=0a:00:00:00:00:78 bmc=10.5.0.78 groups=more
1 object definitions have been created or modified.
$ lsdef x2
Object name: x2
    arch=x86_64
    bmc=10.5.0.78
    cons=ipmi
    groups=more
    installnic=mac
    ip=10.4.0.78
    mac=0a:00:00:00:00:78
    mgt=ipmi
    netboot=xnba
    serialport=0
    serialspeed=115200
$ mkdef x3 --template nosuch groups=all
! Error: Could not find the template object named 'nosuch' of type 'node'. Templates: ppc64le-openbmc-template, ppc64le-template, ppc64lekvmguest-template, switch-template, x86_64-template, x86_64kvmguest-template.
[1]
`,
  )
})

test('mkdef -u: list files are looked for, the most exact name first, the own ones before those that came with xCAT', async (t) => {
  const site = newSite(t)
  const install = join(site.directory, 'install')
  const put = (name: string, mode = 0o644) => {
    const path = join(install, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, '')
    chmodSync(path, mode)
  }
  put('custom/netboot/rh/compute.rhels9.1.x86_64.pkglist')
  put('custom/netboot/rh/compute.rhels9.pkglist')
  put('custom/netboot/rh/compute.exlist')
  put('custom/netboot/rh/compute.rhels9.2.postinstall')
  put('custom/netboot/rh/compute.rhels9.0.postinstall', 0o755)
  await transcript(
    t,
    site,
    `
$ chdef -t site installdir=@/install
1 object definitions have been created or modified.
$ mkdef -u -t osimage -o img profile=compute provmethod=statelite osvers=rhels9.2 osarch=x86_64
1 object definitions have been created or modified.
$ lsdef -t osimage img
Object name: img
    exlist=@/install/custom/netboot/rh/compute.exlist
    imagetype=linux
    osarch=x86_64
    osdistroname=rhels9.2-x86_64
    osname=Linux
    osvers=rhels9.2
    otherpkgdir=@/install/post/otherpkgs/rhels9.2/x86_64
    pkgdir=@/install/rhels9.2/x86_64
    pkglist=@/install/custom/netboot/rh/compute.rhels9.pkglist
    postinstall=@/install/custom/netboot/rh/compute.rhels9.0.postinstall
    profile=compute
    provmethod=statelite
    rootimgdir=@/install/netboot/rhels9.2/x86_64/compute
$ mkdef -u img2 profile=compute
! Error: The attributes 'provmethod' and 'profile' must be specified when using the '-u' option.
[1]
$ mkdef -u -t node -o img2 profile=compute
! Error: The '-u' option is only for objects of type 'osimage'.
! Usage: mkdef [options] [operands...]
!        \`mkdef --help\` explains the options
[1]
`,
  )
  put('custom/netboot/rh/compute.rhels9.2.x86_64.pkglist')
  await make(site, 'chdef -u img')
  const { stdout } = await make(site, 'lsdef -t osimage img -i pkglist -c')
  t.regex(stdout, /compute\.rhels9\.2\.x86_64\.pkglist$/m)
})

test('chdef: dynamic groups, several types, patterns are not lists', async (t) => {
  const site = newSite(t)
  await make(site, 'mkdef n[1-2] groups=all mgt=ipmi')
  await make(site, 'chdef n2 os=sles15')
  await transcript(
    t,
    site,
    `
$ mkdef -t group -d -o dyn -w mgt==ipmi
1 object definitions have been created or modified.
$ lsdef -t group dyn
Object name: dyn
    grouptype=dynamic
    members=n1,n2
    wherevals=mgt==ipmi
$ chdef -t group -d -p -o dyn -w os=~sles
1 object definitions have been created or modified.
$ lsdef -t group dyn -i members,wherevals
Object name: dyn
    members=n2
    wherevals=mgt==ipmi::os=~sles
$ chdef -t group -d -m -o dyn -w mgt==ipmi
1 object definitions have been created or modified.
$ lsdef -t group dyn -i wherevals -c
dyn: wherevals=os=~sles
$ mkdef -t node,group -o x groups=all
! Error: Cannot combine multiple types with 'att=val' pairs on the command line.
[1]
$ chdef -t group all 'ip=|10.4.0.($1)|'
1 object definitions have been created or modified.
$ chdef -t group all -p ip=x
No object definitions have been created or modified.
! Error: 'ip' of 'all' is a value pattern (|10.4.0.($1)|): write it whole, without -p or -m.
[1]
$ chdef -f n1 os=x
! Error: unknown option '-f'
! Usage: chdef [options] [operands...]
!        \`chdef --help\` explains the options
[1]
`,
  )
})

test('rmdef: refused options, -C, and a question when a group name stands for its nodes', async (t) => {
  const site = newSite(t)
  await make(site, 'mkdef n[1-3] groups=compute,all')
  for (const flag of ['-d', '-i', '-l', '-m', '-p', '-w', '-x', '-z', '-s']) {
    const { stderr, status } = await make(site, `rmdef ${flag} n1`)
    t.regex(stderr, /^Error: Invalid flag specified, see rmdef manpage for details\.\nUsage: rmdef/, flag)
    t.is(status, 1)
  }
  t.is((await make(site, 'rmdef -C n3')).stdout, '1 object definitions have been removed.\n')
  const { runCli } = await import('../../src/cli/run.ts')
  const answer = async (yes: boolean, words: string[]) => {
    let said = ''
    const status = await runCli('rmdef', words, {
      out: (text) => {
        said += text
      },
      err: (text) => {
        said += text
      },
      errIsTerminal: true,
      input: async () => '',
      places: site.places,
      dialogue: {
        isPossible: true,
        say: (text) => {
          said += text
        },
        enter: async (question) => {
          said += question
          return yes
        },
      },
    })
    return { said, status }
  }
  const refused = await answer(false, ['compute'])
  t.regex(refused.said, /^compute: this removes nodes, not a group: n1,n2\nEnter removes them/)
  t.is(refused.status, 1)
  t.is((await make(site, 'lsdef')).stdout, 'n1  (node)\nn2  (node)\n')
  t.is((await answer(false, ['n2'])).said, '1 object definitions have been removed.\n')
  t.regex((await answer(true, ['compute'])).said, /1 object definitions have been removed\.\n$/)
})

test('lsdef -z all | mkdef -z -f changes nothing, row by row', async (t) => {
  const site = newSite(t)
  await make(site, 'mkdef n[1-3] groups=lite,all')
  await make(
    site,
    'chdef -t group lite mgt=ipmi netboot=xnba ip=|10.4.0.($1)| bmc=|10.5.0.($1)| nicips=|n(\\d+)|eth0!10.6.0.($1)|',
  )
  await make(site, 'chdef n2 ip=10.4.0.99 nicips.ib0=10.7.0.2 postscripts=a,b')
  await make(site, 'chtab node=n2 noderes.discoverynics=eth9 noderes.comments=mine')
  const tables = ['nodelist', 'noderes', 'hosts', 'nodehm', 'ipmi', 'nics', 'postscripts', 'nodegroup']
  const dump = async () => Promise.all(tables.map(async (table) => (await make(site, `tabdump ${table}`)).stdout))
  const before = await dump()
  const { stdout: stanzas } = await make(site, 'lsdef -z all')
  t.regex(stanzas, /ip=10\.4\.0\.1\n/)
  await transcript(t, site, '$ mkdef -z -f < all\n3 object definitions have been created or modified.\n', {
    all: stanzas,
  })
  t.deepEqual(await dump(), before)
  await transcript(t, site, '$ chdef -z < all\n3 object definitions have been created or modified.\n', { all: stanzas })
  t.deepEqual(await dump(), before)
})

test('a stanza file with faults changes nothing and names the lines', async (t) => {
  const site = newSite(t)
  await transcript(
    t,
    site,
    `
$ mkdef -z < bad
! Error: line 3: 'n2' has no objtype=: write the type of the object in the line below
[1]
$ mkdef -z -u < bad
! Error: The flags '-z' and '-u' cannot be used together.
! Usage: mkdef [options] [operands...]
!        \`mkdef --help\` explains the options
[1]
$ lsdef
Could not find any object definitions to display.
`,
    { bad: 'n1:\n  objtype=node\nn2:\n  groups=all\n' },
  )
})
