/** Started as a program of its own with one argument, the request as JSON (see edit-session.ts). */
import { ImageError } from '../image-error.ts'
import { type EditRequest, editSession } from './edit-session.ts'

try {
  // Boundary: written by the method image.edit.
  const request = JSON.parse(process.argv[2] ?? '') as EditRequest
  process.exitCode = await editSession(request, (line) => process.stderr.write(`${line}\n`))
} catch (error) {
  process.stderr.write(`Error: ${error instanceof ImageError ? error.message : String(error)}\n`)
  process.exitCode = 1
}
