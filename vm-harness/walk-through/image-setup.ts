/** What is different between the kinds of images of the walk-through, and what is typed before the image is built. */
import type { Family, MediumArch } from '../media/medium.ts'

export const SERVER = '10.77.0.1'
/** That the frame of rehearsals logs in with. */
const PASSWORD = 'liteboot'

export interface WalkNode {
  readonly name: string
  readonly mac: string
}

export interface Walk {
  readonly family: Family
  readonly arch: MediumArch
  readonly image: string
  readonly osvers: string
  /** `/install/…`, as typed. */
  readonly rootimgdir: string
  readonly otherpkgdir: string
  /** Where the administrator's own lists are. */
  readonly lists: string
  /** The lists copied there, and the one that the image names. */
  readonly shipped: string
  readonly pkglist: string
  readonly extra: string
  /** The first one boots. */
  readonly nodes: readonly [WalkNode, ...WalkNode[]]
  readonly netboot: string
}

const SHARE = '/opt/liteboot/share/netboot'

export function walkOf(family: Family, arch: MediumArch): Walk {
  const isRpm = family === 'rpm'
  const osvers = isRpm ? 'rhels7.3' : 'debian12'
  const image = isRpm ? 'redhat7img' : 'debian12img'
  const lists = `/install/custom/netboot/${isRpm ? 'rh' : 'debian'}`
  const byArch = arch === 'ppc64le' ? 'compute.rhels7.ppc64le.pkglist' : 'compute.rhels7.pkglist'
  return {
    ...{ family, arch, image, osvers, lists },
    rootimgdir: `/install/netboot/${osvers}/${arch}/${image}`,
    otherpkgdir: `/install/post/otherpkgs/${osvers}/${arch}`,
    shipped: isRpm
      ? `${SHARE}/rh/compute.rhels7* ${SHARE}/rh/compute.exlist ${SHARE}/rh/compute.postinstall`
      : `${SHARE}/debian/*`,
    pkglist: isRpm ? byArch : `compute.${arch}.pkglist`,
    extra: isRpm ? 'site-tools-1.0-1.noarch.rpm' : 'site-tools_1.0_all.deb',
    nodes: [
      { name: 'node1', mac: '52:54:00:77:00:01' },
      { name: 'node2', mac: '52:54:00:77:00:02' },
    ],
    netboot: arch === 'x86_64' ? 'xnba' : 'petitboot',
  }
}

/** A step: the line that is typed, and what it must answer; without an answer any will do. */
export interface Step {
  readonly line: string
  readonly answer?: string | RegExp
  /** The answer is long: it is looked at, but not printed. */
  readonly isQuiet?: boolean
}

/** The site before anybody thinks of the image. */
export function siteSteps({ arch, nodes, netboot }: Walk): Step[] {
  return [
    { line: `chdef -t site master=${SERVER} domain=cluster.test installdir=/install` },
    { line: 'mkdef -t network -o provisioning net=10.77.0.0 mask=255.255.0.0' },
    { line: `chtab key=system passwd.username=root passwd.password=${PASSWORD}`, answer: '' },
    { line: `mkdef node1-node${nodes.length} groups=compute,all`, answer: /2 object definitions have been created/ },
    ...nodes.map(({ name, mac }) => ({ line: `chdef ${name} mac=${mac}` })),
    {
      line: `chdef -t group compute 'ip=|10.77.0.($1+10)|' netboot=${netboot} arch=${arch} serialport=0 serialspeed=115200`,
    },
  ]
}

export function mediaSteps({ family, arch, osvers, pkglist }: Walk): Step[] {
  const iso = `/isos/${osvers}-${arch}.iso`
  const names = ['install', 'netboot', 'statelite'].map((kind) => `${osvers}-${arch}-${kind}-compute  (osimage)`)
  const inspected = ['OS Image:', iso, `\nDISTNAME:${osvers}\nARCH:${arch}\nDISCNO:1\n`].join('')
  return [
    { line: `copycds -i ${iso}`, answer: inspected },
    {
      line: `copycds ${iso}`,
      answer: `Copying media to /install/${osvers}/${arch}\nMedia copy operation successful\n`,
    },
    { line: 'lsdef -t osimage', answer: `${names.join('\n')}\n` },
    {
      line: `lsdef -t osimage ${osvers}-${arch}-statelite-compute -i pkgdir,pkglist,otherpkgdir,rootimgdir,provmethod`,
      answer: `Object name: ${osvers}-${arch}-statelite-compute
    otherpkgdir=/install/post/otherpkgs/${osvers}/${arch}
    pkgdir=/install/${osvers}/${arch}
    pkglist=${SHARE}/${family === 'rpm' ? 'rh' : 'debian'}/${pkglist}
    provmethod=statelite
    rootimgdir=/install/netboot/${osvers}/${arch}/compute
`,
    },
  ]
}

const POSTINSTALL = `#!/bin/sh
set -e
echo "built as $2 $3 $4" > "$1/etc/built"
chroot "$1" /bin/sh -c 'echo "by $(uname -m)" >> /etc/built'`

export function definitionSteps(walk: Walk): Step[] {
  const { family, arch, image, osvers, rootimgdir, otherpkgdir, lists, pkglist, shipped, extra } = walk
  const isRpm = family === 'rpm'
  const base = isRpm ? 'compute.rhels7.pkglist' : 'base.packages'
  return [
    {
      line: `mkdef -t osimage -o ${image} profile=compute imagetype=linux provmethod=statelite osarch=${arch} osname=linux osvers=${osvers}`,
      answer: '1 object definitions have been created or modified.\n',
    },
    {
      line: `chdef -t osimage -o ${image} pkgdir=/install/${osvers}/${arch} rootimgdir=${rootimgdir}`,
      answer: '1 object definitions have been created or modified.\n',
    },
    { line: `mkdir -p ${lists}`, answer: '' },
    { line: `cp ${shipped} ${lists}/`, answer: '' },
    // What an editor would do.
    ...(isRpm || arch !== 'x86_64'
      ? []
      : [
          {
            line: `sed -i 's/^linux-image-amd64$/linux-image-cloud-amd64/' ${lists}/compute.x86_64.pkglist`,
            answer: '',
          },
        ]),
    { line: `sed -i -e '/^chrony$/d' -e '/^xfsprogs$/d' ${lists}/${base}`, answer: '' },
    // Debian's systemd recommends some time service: kept out by name.
    {
      line: `printf '%s\\n' '# of this site' ${isRpm ? "'@^minimal' '@diagnosis'" : 'lsof -chrony'} -strace >> ${lists}/${base}`,
      answer: '',
    },
    {
      line: `printf '%s\\n' './usr/share/zoneinfo/*' '+./usr/share/zoneinfo/Etc*' >> ${lists}/compute.exlist`,
      answer: '',
    },
    { line: `cat > ${lists}/${image}.postinstall <<'EOF'\n${POSTINSTALL}\nEOF`, answer: '' },
    { line: `chmod 755 ${lists}/${image}.postinstall`, answer: '' },
    { line: `mkdir -p ${otherpkgdir}/site && cp /isos/extra/${extra} ${otherpkgdir}/site/`, answer: '' },
    isRpm
      ? { line: `createrepo_c -q ${otherpkgdir}/site`, answer: '' }
      : { line: `cd ${otherpkgdir}/site && dpkg-scanpackages -m . 2>/dev/null > Packages`, answer: '' },
    ...(isRpm && arch === 'ppc64le' ? busyboxSteps() : []),
    { line: `echo site/site-tools > ${lists}/${image}.otherpkgs.pkglist`, answer: '' },
    {
      line: `chdef -t osimage -o ${image} pkglist=${lists}/${pkglist} exlist=${lists}/compute.exlist otherpkglist=${lists}/${image}.otherpkgs.pkglist otherpkgdir=${otherpkgdir} postinstall=${lists}/compute.postinstall,${lists}/${image}.postinstall${isRpm ? '' : ' environvar=MMDEBSTRAP_VARIANT=minbase'}`,
      answer: '1 object definitions have been created or modified.\n',
    },
    {
      line: `lsdef -t osimage ${image}`,
      answer: new RegExp(`^Object name: ${image}\\n.*otherpkglist=${lists}/${image}.otherpkgs.pkglist`, 's'),
    },
  ]
}

/** The distribution has none, and this machine's own is for another architecture. */
function busyboxSteps(): Step[] {
  const busybox = '/install/busybox/ppc64le/busybox'
  return [
    { line: 'mkdir -p /install/busybox/ppc64le', answer: '' },
    {
      line: `dpkg-deb --fsys-tarfile /isos/extra/busybox-static_*_ppc64el.deb | tar -xO ./bin/busybox > ${busybox}`,
      answer: '',
    },
    { line: `chmod 755 ${busybox}`, answer: '' },
  ]
}
