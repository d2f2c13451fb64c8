/** The boot file of one node in one dialect: from its state, its image, its kernel command line and the image's files. */
import type { ClusterNode, Image, Snapshot } from '../cluster/model.ts'
import { renderFinding } from '../statelite/finding.ts'
import { planUrl } from '../statelite/plan.ts'
import { bracketed } from '../statelite/servers.ts'
import { compileInitrdLine, type KernelLine } from './cmdline.ts'
import type { BootFiles } from './ipxe.ts'
import type { BootFileKind } from './names.ts'
import type { NodeAnswers } from './node-answers.ts'
import { renderBootFile, renderNoImage } from './render.ts'
import { bootStateOf } from './state.ts'

/** Kernel and initrd of an image as the server offers them; a fault says what is missing and what to do. */
export type FindImageFile = (
  image: Image,
  kind: 'kernel' | 'kernel.gz' | 'initrd',
  generation: number | undefined,
) => { readonly urlPath: string } | { readonly fault: string }

export type NodeBootFile =
  | { readonly kind: 'text'; readonly text: string; readonly image: Image | undefined }
  /** There is none, so that the firmware gives up at once. */
  | { readonly kind: 'none' }
  /** The rows, or the image's files, give this node no boot. `url`: where iPXE asks again; '' when that is not known. */
  | { readonly kind: 'refused'; readonly reasons: readonly string[]; readonly url: string }

export function nodeBootFile(
  kind: BootFileKind,
  node: ClusterNode,
  snapshot: Snapshot,
  answers: NodeAnswers,
  findFile: FindImageFile,
): NodeBootFile {
  const state = bootStateOf(node)
  if (state === 'disk' || state === 'none') {
    const text = renderNoImage(kind, node)
    return text === undefined ? { kind: 'none' } : { kind: 'text', text, image: undefined }
  }
  const context = answers.context(node, snapshot)
  if ('findings' in context) return { kind: 'refused', reasons: context.findings.map(renderFinding), url: '' }
  const { httpPort } = context.value
  // As DHCP does, which goes on with us where the row names nobody known.
  const serverIp = answers.bootServer(node, snapshot) ?? context.value.serverIp
  const base = `http://${bracketed(serverIp)}${httpPort === 80 ? '' : `:${httpPort}`}`
  const refuse = (reasons: readonly string[]): NodeBootFile => ({
    kind: 'refused',
    reasons,
    url: `${base}/boot/ipxe/${node.name}`,
  })
  // Asked once: kernel, initrd, command line and plan must be of one generation, whatever is promoted meanwhile.
  const generation = answers.generation(node, snapshot)?.number
  const booted =
    state === 'image'
      ? imageBoot(node, snapshot, answers, generation)
      : initrdBoot(state, node, snapshot, planUrl(node.name, context.value), httpPort)
  if ('reasons' in booted) return refuse(booted.reasons)
  const { image, line } = booted
  const files = imageUrls(kind, image, base, generation, findFile)
  if ('fault' in files) return refuse([files.fault])
  const facts = { node, image, line, files, serverIp, httpPort, ...(state === 'image' ? {} : { stateLine: state }) }
  return { kind: 'text', text: renderBootFile(kind, facts), image }
}

type Booted = { readonly image: Image; readonly line: KernelLine } | { readonly reasons: readonly string[] }

function imageBoot(
  node: ClusterNode,
  snapshot: Snapshot,
  answers: NodeAnswers,
  generation: number | undefined,
): Booted {
  const compiled = answers.plan(node, snapshot, generation)
  if (compiled.plan === undefined) {
    const errors = compiled.findings.filter(({ severity }) => severity === 'error')
    return { reasons: errors.map(renderFinding) }
  }
  const line = answers.kernelLine(node, snapshot, generation)
  if ('findings' in line) return { reasons: line.findings.map(renderFinding) }
  const image = imageOfNode(node, snapshot)
  return 'reasons' in image ? image : { image, line: line.value }
}

/** A rescue must not need the tables to be right: neither a plan nor a root file system is asked for. */
function initrdBoot(
  run: 'shell' | 'shutdown',
  node: ClusterNode,
  snapshot: Snapshot,
  url: string,
  httpPort: number,
): Booted {
  const image = imageOfNode(node, snapshot)
  if ('reasons' in image) return image
  const line = compileInitrdLine(node, image, snapshot, { run, planUrl: url, httpPort })
  return 'findings' in line ? { reasons: line.findings.map(renderFinding) } : { image, line }
}

function imageOfNode(node: ClusterNode, snapshot: Snapshot): Image | { readonly reasons: readonly string[] } {
  const image = node.imageName === undefined ? undefined : snapshot.images.get(node.imageName)
  if (image) return image
  const what = node.imageName === undefined ? 'it has no image' : `image ${node.imageName} is not defined`
  return { reasons: [`${what}: nodeset ${node.name} osimage=<image>`] }
}

/** GRUB takes a compressed kernel where the image has one: over Open Firmware each megabyte costs it two seconds. */
export function imageUrls(
  kind: BootFileKind,
  image: Image,
  base: string,
  generation: number | undefined,
  findFile: FindImageFile,
): BootFiles | { readonly fault: string } {
  const compressed = kind === 'grub' ? findFile(image, 'kernel.gz', generation) : undefined
  const kernel = compressed && 'urlPath' in compressed ? compressed : findFile(image, 'kernel', generation)
  if ('fault' in kernel) return kernel
  const initrd = findFile(image, 'initrd', generation)
  if ('fault' in initrd) return initrd
  return { kernelUrl: base + kernel.urlPath, initrdUrl: base + initrd.urlPath }
}
