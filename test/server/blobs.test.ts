import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { openBlobs } from '../../src/server/blobs.ts'
import { buildSnapshot, exampleNode } from '../statelite/snapshot.ts'

test('a name whose file is gone: why, and what to do', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-blobs-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const snapshot = buildSnapshot({
    nodes: [{ ...exampleNode, image: 'lite' }],
    images: [{ name: 'lite', rootimgdir: directory }],
  })
  const blobs = openBlobs()
  const old = '/image/lite/0123456789abcdef/kernel'
  t.regex(blobs.whyNot(old, snapshot) ?? '', /^image lite has no .*\/kernel: run liteimg lite$/)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'kernel'), 'a kernel')
  t.regex(blobs.whyNot(old, snapshot) ?? '', /^image lite has another kernel by now/)
  t.is(blobs.resolve(old, snapshot), undefined)
  t.regex(blobs.whyNot(old.replace('lite', 'gone'), snapshot) ?? '', /^there is no osimage gone$/)
  t.is(blobs.whyNot('/image/lite/0123456789abcdef/rootimg', snapshot), undefined)
})
