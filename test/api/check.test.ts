/** Each check has a site with exactly that fault, and finds exactly that. */
import test from 'ava'
import { renderCheckFinding } from '../../src/api/methods/check/report.ts'
import { openCheckSite } from './check-site.ts'

test('a clean site has no findings', async (t) => {
  const site = await openCheckSite(t)
  t.deepEqual((await site.check()).map(renderCheckFinding), [])
  t.deepEqual((await site.check('cn1', 'lite')).map(renderCheckFinding), [])
})
