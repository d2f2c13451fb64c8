/**
 * Installation media for rehearsals, made on the spot out of the packages of the Debian mirror that this machine uses:
 *
 *   node vm-harness/media/main.ts rpm|debian x86_64|ppc64le [CACHE]
 *
 * `rpm` is a small distribution of the Red Hat kind, whose programs are Debian's: every .deb becomes an RPM under the name
 * that RPM families have for it. `debian` is what Debian's own media look like. Both boot.
 *
 * A medium is made once: what it is made of, packages and these programs, is its name in the cache. Nothing in this
 * directory knows more of liteboot than the package lists it ships: media come to it as they come to everybody, through
 * copycds.
 */
import { type Family, type MediumArch, makeMedium } from './medium.ts'

const [family, arch, cache] = process.argv.slice(2)
if ((family !== 'rpm' && family !== 'debian') || (arch !== 'x86_64' && arch !== 'ppc64le')) {
  process.stderr.write('usage: node vm-harness/media/main.ts rpm|debian x86_64|ppc64le [CACHE]\n')
  process.exit(2)
}
const made = await makeMedium(family satisfies Family, arch satisfies MediumArch, {
  ...(cache === undefined ? {} : { cache }),
  onProgress: (text) => process.stderr.write(`${text}\n`),
})
process.stdout.write(`${made.iso}\n${made.extra}\n`)
