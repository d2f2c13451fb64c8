/** Every edit is checked as a whole: errors refuse it, warnings are told, and what was wrong before does not stand in its way. */
import test, { type ExecutionContext } from 'ava'
import { openDirectApi } from '../../src/api/direct.ts'
import type { Api } from '../../src/api/protocol.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { newPlaces } from './rig.ts'

async function openSite(t: ExecutionContext) {
  const places = newPlaces(t)
  const api = openDirectApi(places)
  t.teardown(() => api.close())
  const set = (...words: string[]) => api.call('tables.change', { words })
  await set('netname=lab,net=10.4.0.0,mask=255.255.0.0', 'networks.domain=lab')
  await set('imagename=lite', 'osimage.provmethod=statelite', 'osimage.osarch=x86_64', 'linuximage.rootimgdir=/i')
  await set('node=cn1', 'nodelist.groups=cn', 'mac.mac=02:00:00:00:00:01', 'hosts.ip=10.4.0.11')
  await set('node=cn2', 'nodelist.groups=cn', 'mac.mac=02:00:00:00:00:02', 'hosts.ip=10.4.0.12')
  await set('image=ALL,file=/etc/', 'litefile.options=link')
  return { api, set, places }
}

async function dump(api: Api, table: string): Promise<readonly string[]> {
  return (await api.call('tables.dump', { table })).output
}

const REFUSED: readonly (readonly [words: readonly string[], message: RegExp])[] = [
  [['image=ALL,file=/var/x', 'litefile.options=tmfps'], /unknown option "tmfps"/],
  [['image=ALL,file=/etc/motd', 'litefile.options=tmpfs'], /tmpfs cannot be below \/etc\/, which is link/],
  [['image=ALL,file=/opt/a:b', 'litefile.options=tmpfs'], /the path has a colon/],
  [['image=ALL,file=opt', 'litefile.options=tmpfs'], /the path must be absolute/],
  [['node=cn2', 'mac.mac=02-00-00-00-00-01'], /02:00:00:00:00:01 belongs to node cn1 already/],
  [['node=cn2', 'mac.mac=02:00:00'], /is not a hardware address/],
  [['node=cn2', 'hosts.ip=10.4.0.11'], /10\.4\.0\.11 belongs to node cn1 already/],
  [['node=cn2', 'hosts.ip=10.4.0'], /is not an IPv4 address/],
  [['node=cn2', 'hosts.ip=|cn(|10.4.0.($1)|'], /regular expression/],
  [['netname=lab', 'networks.mask=255.0.255.0'], /is not a network mask/],
  [['netname=lab', 'networks.dynamicrange=10.5.0.1-10.5.0.9'], /is not inside the network/],
  [['node=bad.name', 'nodelist.groups=all'], /"bad\.name" is not a name/],
  [['node=cn2', 'nodelist.disable=maybe'], /"maybe" is not yes or no/],
  [['node=cn2', 'nodehm.serialport=first'], /column serialport/],
  [['node=cn', 'statelite.statemnt=/state'], /is not server:\/path/],
  [['imagename=lite', 'osimage.nfsrootopts=rw'], /cannot contain 'rw'/],
]
for (const [words, message] of REFUSED)
  test(`refused: ${words.join(' ')}`, async (t) => {
    const { api, set } = await openSite(t)
    const tables = ['litefile', 'mac', 'hosts', 'networks', 'nodelist', 'nodehm', 'statelite', 'osimage']
    const before = await Promise.all(tables.map((table) => dump(api, table)))
    const error = await t.throwsAsync(set(...words), { code: 'LB_BAD_EDIT' })
    t.regex(error?.message ?? '', message)
    t.deepEqual(await Promise.all(tables.map((table) => dump(api, table))), before)
  })

const WARNED: readonly (readonly [words: readonly string[], warning: RegExp])[] = [
  [['node=cn1', 'nodetype.provmethod=light'], /there is no osimage light/],
  [['image=light,file=/x', 'litefile.options=tmpfs'], /no image and no image group light/],
  [['priority=1', 'litetree.image=light', 'litetree.directory=10.4.0.1:/t'], /no image and no image group light/],
  [['node=cn2', 'hosts.ip=10.9.0.1'], /10\.9\.0\.1 is in none of the networks/],
  [['netname=other,net=10.4.8.0,mask=255.255.255.0', 'networks.mtu=1500'], /lies inside lab 10\.4\.0\.0\/16/],
  [['node=cn', 'nodehm.serialport=0'], /serialspeed is not: the boot is refused \(cn\[1-2\]\)/],
  [['node=cn', 'noderes.nfsdir=/install/lite/'], /is a value pattern, not a path/],
  [['key=tftpdirr', 'site.value=/tftpboot'], /did you mean tftpdir/],
  [['key=httpport', 'site.value=eighty'], /"eighty" is not a whole number/],
]
for (const [words, warning] of WARNED)
  test(`made, with a warning: ${words.join(' ')}`, async (t) => {
    const { set } = await openSite(t)
    const { errors, exitStatus } = await set(...words)
    t.is(exitStatus, 0)
    t.is(errors.length, 1, errors.join('\n'))
    t.regex(errors[0] ?? '', warning)
    // Said when it comes, not again with every edit.
    t.deepEqual((await set('node=cn1', 'nodepos.rack=r1').catch(() => set('node=cn1', 'hosts.comments=c'))).errors, [])
  })

test('persistent entries without a place: a warning with the nodes, until there is one', async (t) => {
  const { set } = await openSite(t)
  await set('image=lite,file=/var/lib/app/', 'litefile.options=persistent')
  const { errors } = await set('node=cn', 'nodetype.provmethod=lite')
  t.is(errors.length, 1, errors.join('\n'))
  t.regex(
    errors[0] ?? '',
    /image lite has persistent entries \(\/var\/lib\/app\/\), and these nodes no statemnt: cn\[1-2\]/,
  )
  const one = await set('node=cn1', 'statelite.statemnt=10.4.0.1:/state')
  t.regex(one.errors[0] ?? '', /no statemnt: cn2 /)
  t.deepEqual((await set('node=cn', 'statelite.statemnt=10.4.0.1:/state')).errors, [])
})

test('an error that was there before does not stand in the way of other edits, or of its own repair', async (t) => {
  const { set, places } = await openSite(t)
  const store = openSqliteStore({ path: places.tables })
  store.transact(
    (transaction) => {
      transaction.setRows('hosts', { node: 'cn2' }, { ip: '10.4.0.11' })
      transaction.setRows('litefile', { image: 'ALL', file: '/opt/x' }, { options: 'nosuch' })
    },
    { author: 'another program' },
  )
  store.close()
  t.is((await set('node=cn1', 'noderes.netboot=xnba')).exitStatus, 0)
  t.is((await set('node=cn2', 'hosts.ip=10.4.0.12')).exitStatus, 0)
  t.is((await set('image=ALL,file=/opt/x', 'litefile.options=tmpfs')).exitStatus, 0)
})
