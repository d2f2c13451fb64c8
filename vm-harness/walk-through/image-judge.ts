/** What was expected and what was found, counted. */
const startedMs = Date.now()
const counts = { passed: 0, failed: 0 }

export function say(text: string): void {
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(0).padStart(4)
  process.stdout.write(`\n== ${seconds} s  ${text}\n`)
}

/** @param expect the whole text, or a pattern for it */
export function judge(title: string, expect: string | RegExp, found: string): void {
  const isRight = typeof expect === 'string' ? found === expect : expect.test(found)
  counts[isRight ? 'passed' : 'failed'] += 1
  process.stdout.write(`       ${isRight ? 'ok  ' : 'FAIL'} ${title}\n`)
  if (!isRight)
    process.stdout.write(
      `            expected ${JSON.stringify(String(expect))}\n            found    ${JSON.stringify(found)}\n`,
    )
}

/** @returns whether all went well */
export function verdict(failure: unknown): boolean {
  if (failure !== undefined) {
    counts.failed += 1
    process.stdout.write(`\n${failure instanceof Error ? failure.message : String(failure)}\n`)
  }
  say('done')
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`)
  return counts.failed === 0 && counts.passed > 0
}
