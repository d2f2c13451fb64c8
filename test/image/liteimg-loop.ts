/** Runs liteimg over and over with changing tables until it is killed. Started by the kill -9 test. */
import { liteimg } from '../../src/image/liteimg/liteimg.ts'
import { entry, request } from './image-tree.ts'

const [, , place = '', seed = '0'] = process.argv
process.stdout.write('running\n')
for (let round = Number(seed); ; round++) {
  const option = (['link', 'tmpfs', 'persistent', 'link,ro'] as const)[round % 4] ?? 'link'
  const entries = [0, 1, 2, 3, 4].filter((d) => (round + d) % 3 !== 0).map((d) => entry(option, `/etc/d${d}/`))
  await liteimg(request(place, [...entries, entry(option, `/new/${round % 3}/x`)]))
}
