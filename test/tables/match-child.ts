/** Matches that take some milliseconds, one after the other, until a line comes in. Started, and stopped, by the test. */
import { compilePerlRegex } from '../../src/tables/perl-regexp.ts'

const compiled = compilePerlRegex('(a+)+$')
if (!('regex' in compiled)) throw new Error(compiled.fault)
let isOver = false
process.stdin.once('data', () => {
  isOver = true
})
process.stdout.write('begun\n')
for (let matches = 1; !isOver; matches++) {
  compiled.regex.test(`${'a'.repeat(17)}-`)
  if (matches % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
}
process.exitCode = 0
process.stdin.destroy()
