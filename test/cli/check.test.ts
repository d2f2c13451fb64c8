/** check and --dry-run as an administrator sees them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import test from 'ava'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

const SET_UP = `
$ chtab key=master site.value=10.4.255.1
$ chtab key=tftpdir site.value=@/tftpboot
$ chtab netname=lab,net=10.4.0.0,mask=255.255.0.0 'networks.mgtifname=!remote!eth0'
$ mkdef -t osimage -o lite provmethod=statelite osarch=x86_64 osvers=rhels9.2 profile=compute rootimgdir=@/lite
1 object definitions have been created or modified.
$ chtab node=cn 'hosts.ip=|10.4.0.($1)|' noderes.netboot=xnba nodetype.provmethod=lite
$ mkdef cn[1-3] groups=cn,all
3 object definitions have been created or modified.
$ chtab node=cn1 mac.mac=02:00:00:00:00:01
$ chtab node=cn2 mac.mac=02:00:00:00:00:02
$ chtab image=ALL,file=/etc/motd litefile.options=link
`

function withLoaders(site: Site): Site {
  mkdirSync(`${site.directory}/tftpboot`)
  for (const name of ['undionly.kpxe', 'snponly.efi']) writeFileSync(`${site.directory}/tftpboot/${name}`, '')
  return site
}

test('check: nodes and images by name, severities, exit status', async (t) => {
  const site = withLoaders(newSite(t))
  await transcript(
    t,
    site,
    `${SET_UP}$ check cn
error    cn3: mac row: no hardware address (chdef cn3 mac=<address>)
error    image lite: the root tree @/lite/rootimg does not exist (build the image there, or correct linuximage.rootimgdir)
error    image lite: the kernel @/lite/kernel does not exist (liteimg lite)
error    image lite: the initrd @/lite/initrd-statelite.gz does not exist (liteimg lite)
3 nodes and 1 image checked: 4 errors, 0 warnings.
[1]
$ check -q cn
[1]
$ chtab node=cn nodetype.provmethod=
$ check cn1-cn3
info     cn[1-3]: nodetype row: no image: it boots from its next device (nodeset <node> osimage=<image>)
3 nodes and 0 images checked: 0 errors, 0 warnings, 1 note.
$ check cn --severity error
3 nodes and 0 images checked: 0 errors, 0 warnings, 1 note.
$ check -q cn1
$ chtab node=cn1 noderes.netboot=petitboot nodetype.arch=x86_64
! Warning: noderes row node=cn1, column netboot: petitboot does not boot x86_64 machines (use one of xnba ipxe ipxe-drivers pxe pxelinux pxe-http pxe-tftp grub2 grub2-http grub2-tftp)
$ check cn1 --severity warning
warning  noderes row node=cn1, column netboot: petitboot does not boot x86_64 machines (use one of xnba ipxe ipxe-drivers pxe pxelinux pxe-http pxe-tftp grub2 grub2-http grub2-tftp)
1 node and 0 images checked: 0 errors, 1 warning, 1 note.
$ check cn1 --severity warning --strict
warning  noderes row node=cn1, column netboot: petitboot does not boot x86_64 machines (use one of xnba ipxe ipxe-drivers pxe pxelinux pxe-http pxe-tftp grub2 grub2-http grub2-tftp)
1 node and 0 images checked: 0 errors, 1 warning, 1 note.
[1]
$ check cn2
info     cn2: nodetype row: no image: it boots from its next device (nodeset cn2 osimage=<image>)
1 node and 0 images checked: 0 errors, 0 warnings, 1 note.
$ check cn1 --severity fatal
! Error: option '--severity <severity>' argument 'fatal' is invalid. It is one of: info, warning, error.
! Usage: liteboot check [options] [noderange|image|dhcp...]
!        \`liteboot check --help\` explains the options
[1]
`,
  )
})

test('check: a name that is neither node nor image', async (t) => {
  const site = newSite(t)
  await transcript(t, site, SET_UP)
  const { stderr, status } = await runCommand(site, ['check', 'light'])
  t.is(status, 1)
  t.regex(stderr, /Invalid nodes and\/or groups in noderange: light/)
  t.regex(stderr, /The images are: lite/)
})

test('check --json: findings as values; progress on a terminal only', async (t) => {
  const site = withLoaders(newSite(t))
  await transcript(t, site, SET_UP)
  const { stdout, stderr } = await runCommand(site, ['check', 'cn', '--json'], '', true)
  const data = JSON.parse(stdout) as { findings: object[] }
  t.like(data, { nodes: 3, images: 1 })
  t.like(data.findings[0], { severity: 'error', nodes: ['cn3'], where: 'mac row', message: 'no hardware address' })
  t.regex(stderr, /Checking 3 nodes .*\nChecking image lite /)
  const quiet = await runCommand(site, ['check', 'cn'])
  t.is(quiet.stderr, '')
})

test('--dry-run: rows, then what nodes would be answered', async (t) => {
  await transcript(
    t,
    newSite(t),
    `${SET_UP}$ chdef cn1,cn2 -p groups=new netboot=pxe --dry-run
Dry run: nothing was changed.
Rows that would change:
  nodelist node=cn[1-2]: groups: cn,all -> cn,all,new
  noderes node=cn[1-2]: new (netboot=xnba,pxe)
No node would boot differently.
The command itself would say:
  2 object definitions have been created or modified.
! Warning: noderes row node=cn1, column netboot: "xnba,pxe" is no boot loader (use one of xnba ipxe ipxe-drivers pxe pxelinux pxe-http pxe-tftp grub2 grub2-http grub2-tftp)
! Warning: noderes row node=cn2, column netboot: "xnba,pxe" is no boot loader (use one of xnba ipxe ipxe-drivers pxe pxelinux pxe-http pxe-tftp grub2 grub2-http grub2-tftp)
$ chtab node=cn1 bootparams.addkcmdline=quiet --dry-run
Dry run: nothing was changed.
Rows that would change:
  bootparams node=cn1: new (addkcmdline=quiet)
Boot answers that would change:
  cn1:
    boot file  command line: +quiet
$ lsdef cn1 -i netboot,addkcmdline
Object name: cn1
    addkcmdline=
    netboot=xnba
`,
  )
})
