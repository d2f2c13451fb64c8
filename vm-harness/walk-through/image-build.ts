/** What is typed to build the image, to make it ready for its nodes, and to put its root into memory. */
import { SERVER, type Step, type Walk } from './image-setup.ts'

export function buildSteps({ family, arch, image, rootimgdir }: Walk): Step[] {
  const root = `${rootimgdir}/rootimg`
  const isRpm = family === 'rpm'
  const query = isRpm
    ? `rpm --root ${root} --dbpath /var/lib/rpm -q --qf '%{NAME}\\n'`
    : `dpkg-query --admindir ${root}/var/lib/dpkg -W -f '\${Package}\\n'`
  return [
    {
      line: `genimage --dryrun ${image}`,
      answer: isRpm ? /^dnf .*--installroot=.* install .*@minimal @diagnosis/m : /^mmdebstrap /m,
      isQuiet: true,
    },
    { line: `genimage ${image}`, answer: new RegExp(`^.*${image}: generation 1 `, 'm') },
    { line: `ls -l ${rootimgdir}`, answer: /initrd-statelite\.gz -> generations\/current\/initrd-statelite\.gz/ },
    {
      line: `${query} ${isRpm ? 'kernel lsof site-tools' : 'lsof site-tools'}`,
      answer: isRpm ? 'kernel\nlsof\nsite-tools\n' : 'lsof\nsite-tools\n',
    },
    {
      line: `${query} strace || true`,
      answer: isRpm ? 'package strace is not installed\n' : /no packages found matching strace/,
    },
    {
      line: `cat ${root}/etc/built ${root}/usr/share/site-tools/installed-on`,
      answer: new RegExp(`^built as \\S+ ${arch} compute\nby ${arch}\n${arch}\n$`),
    },
    { line: `liteboot initrd ls ${image}`, answer: /liteboot\/steps\/root\.sh/, isQuiet: true },
    // The root's line: read-only, and over NFS.
    { line: `sed -i '\\,[[:space:]]/[[:space:]],s,.*,compute_${arch} / nfs ro 0 0,' ${root}/etc/fstab`, answer: '' },
    { line: `grep ' / ' ${root}/etc/fstab`, answer: `compute_${arch} / nfs ro 0 0\n` },
  ]
}

/** litefile rows: those of the tables' part, and what the image's services write. */
const ROWS: readonly (readonly [path: string, options: string])[] = [
  ['/var/log/', 'persistent'],
  ['/tmp/', 'tmpfs'],
  ['/etc/hosts', 'ro'],
  ['/root/.ssh/', 'tmpfs'],
  ['/etc/ssh/', 'persistent'],
  ['/var/tmp/', 'tmpfs'],
  ['/var/spool/', 'tmpfs'],
  ['/var/lib/systemd/', 'tmpfs'],
  ['/var/lib/nfs/', 'tmpfs'],
]

export function liteSteps(walk: Walk): Step[] {
  const { image, rootimgdir } = walk
  const root = `${rootimgdir}/rootimg`
  return [
    ...ROWS.map(([path, options]) => ({
      line: `chtab image=${path === '/root/.ssh/' ? 'ALL' : image},file=${path} litefile.options=${options}`,
      answer: '',
    })),
    { line: `echo '10.77.0.99 from-the-tree' > /install/lite/compute/etc/hosts`, answer: '' },
    {
      line: `chtab priority=1.0 litetree.image=${image} 'litetree.directory=${SERVER}:/install/lite/$nodetype.profile'`,
      answer: '',
    },
    { line: `chtab node=compute statelite.statemnt=${SERVER}:/install/persistent`, answer: '' },
    {
      line: `liteimg ${image}`,
      answer: `Modifying ${root} ...
creating ${root}/.statelite
Modifying ${root} done.
${image}: generation 2 is current; running nodes keep theirs until they boot
`,
    },
    ...deploySteps(walk),
  ]
}

export function ramdiskSteps(walk: Walk): Step[] {
  const { image, rootimgdir } = walk
  return [
    {
      line: `chdef -t osimage -o ${image} rootfstype=ramdisk`,
      answer: '1 object definitions have been created or modified.\n',
    },
    {
      line: `liteimg ${image}`,
      answer: new RegExp(
        `^Packing contents of ${rootimgdir}/rootimg done\\.\n.*cpio, .* unpacked\n${image}: generation 3 is current`,
        'm',
      ),
    },
    ...deploySteps(walk),
  ]
}

function deploySteps({ image, nodes, osvers, arch }: Walk): Step[] {
  const range = `node1-node${nodes.length}`
  return [
    {
      line: `nodeset ${range} osimage=${image}`,
      answer: nodes.map(({ name }) => `${name}: statelite ${osvers}-${arch}-compute\n`).join(''),
    },
    {
      line: `lsdef ${range} | grep provmethod`,
      // Then, on standard error: a node that runs stays with the generation it booted.
      answer: new RegExp(
        `^(    provmethod=${image}\n){${nodes.length}}(\\S+: stale: ${image}@\\d+, \\d+ is current\n)?$`,
      ),
    },
  ]
}
