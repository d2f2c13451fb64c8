/** One API call without a server, in a process of its own, to be killed: `call-child.ts METHOD PARAMS`. */
import { openDirectApi } from '../../src/api/direct.ts'
import type { MethodName } from '../../src/api/params.ts'
import { readPlaces } from '../../src/api/places.ts'

const [, , method = '', params = '{}'] = process.argv
const api = openDirectApi(readPlaces(process.env))
// So that the moment of the kill is one of the work, not of the start.
process.stdout.write('begun\n')
try {
  await api.call(method as MethodName, JSON.parse(params))
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
await api.close()
