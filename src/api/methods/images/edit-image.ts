/** image edit: checks, and answers the program that does it; a terminal cannot be handed to the server. */
import { join } from 'node:path'
import type { EditRequest } from '../../../image/generations/edit-session.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { imageNamed } from '../per-node.ts'
import { refuseWhileInUse } from './liteimg.ts'

const PROGRAM = join(import.meta.dirname, '../../../image/generations/edit-program.ts')

export const editImage: Method<'image.edit'> = async (context, params) => {
  const { image: name, live = false, discard = false, keepCurrent = false, force } = params
  const { snapshot } = await context.compiled()
  const image = imageNamed(snapshot, name, `Cannot find image '${name}' from the osimage table.`)
  if (live && !context.dryRun) refuseWhileInUse(context, snapshot, image, force)
  const request: Omit<EditRequest, 'command'> = {
    image: name,
    rootimgdir: image.rootimgdir,
    live,
    discard,
    promote: !keepCurrent,
  }
  const lines = context.dryRun
    ? [`${name}: would open ${live ? 'the current generation' : 'a copy of the current generation'}`]
    : []
  return commandResult(lines, { program: [process.execPath, ...process.execArgv, PROGRAM], request })
}
