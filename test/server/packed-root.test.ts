/** Packed roots over HTTP: found by digest in any generation, and only by nodes whose image it is. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { Snapshot } from '../../src/cluster/model.ts'
import { packTree } from '../../src/image/pack/pack.ts'
import { openBlobs } from '../../src/server/blobs.ts'

test('the packed root goes to nodes of its image, under the digest of any generation', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'packed-root-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const root = join(directory, 'tree')
  mkdirSync(join(root, 'etc'), { recursive: true })
  const pack = async (to: string) => {
    mkdirSync(to, { recursive: true })
    const tree = { root, exlist: [], lists: { read: () => undefined, variables: {} } }
    const { record } = await packTree({ tree, directory: to, purpose: 'statelite', method: 'cpio', compressor: 'gzip' })
    return record.sha256.slice(0, 16)
  }
  const image = join(directory, 'image')
  const older = await pack(join(image, 'generations/1'))
  writeFileSync(join(root, 'etc/new'), 'new')
  const current = await pack(image)
  t.not(older, current)

  const nodes: Readonly<Record<string, string>> = { '10.0.0.1': 'lite', '10.0.0.2': 'other' }
  const images = new Map(
    ['lite', 'other'].map((name) => [name, { name, rootimgdir: name === 'lite' ? image : '/none' }]),
  )
  // Only what is asked for here.
  const snapshot = {
    images,
    nodeByIp: (ip: string) => (nodes[ip] === undefined ? undefined : { imageName: nodes[ip] }),
  } as unknown as Snapshot
  const { resolveFor, resolve } = openBlobs()
  const blobs = { resolveFor, resolve, find: () => ({ fault: '' }) }
  const ask = (ip: string, digest: string, name = 'lite') =>
    blobs.resolveFor(ip, `image/${name}/${digest}/rootimg`, snapshot)
  t.is(ask('10.0.0.1', current), join(image, 'rootimg-statelite.gz'))
  t.is(ask('10.0.0.2', current), undefined, 'a node of another image')
  t.is(ask('10.0.0.3', current), undefined, 'nobody')
  t.is(ask('10.0.0.1', '0'.repeat(16)), undefined)
  t.is(ask('10.0.0.2', current, 'other'), undefined)
  t.is(blobs.resolve(`image/lite/${current}/rootimg`, snapshot), undefined, 'not by TFTP either')
  writeFileSync(join(image, 'generations/1/generation.json'), '{"facts":{}}')
  t.is(ask('10.0.0.1', older), join(image, 'generations/1/rootimg-statelite.gz'))
  // What is not the file that was packed is nobody's root.
  writeFileSync(join(image, 'rootimg-statelite.gz'), 'tampered')
  t.is(ask('10.0.0.1', current), undefined)
})
