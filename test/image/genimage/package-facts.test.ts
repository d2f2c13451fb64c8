/** What is made of the words of package managers. */
import test from 'ava'
import { emulationAdvice } from '../../../src/image/genimage/package-facts.ts'

test('a package script that fails under emulation is named, with what to do', (t) => {
  const lines = [
    'Setting up ca-certificates (20230311+deb12u1) ...',
    'dpkg: error processing package ca-certificates (--configure):',
    ' installed ca-certificates package post-installation script subprocess returned error exit status 139',
    'dpkg: error processing package libssl3:ppc64el (--configure):',
    'Errors were encountered while processing:',
    ' ca-certificates',
  ]
  t.regex(
    emulationAdvice(lines, 'ppc64le') ?? '',
    /^a script of ca-certificates, libssl3 failed under qemu-ppc64le, .* Run genimage again; .* image edit, or build on a ppc64le machine/,
  )
})

test('an emulator that dies is enough; what has nothing to do with it is left alone', (t) => {
  t.regex(
    emulationAdvice(['qemu: uncaught target signal 11 (Segmentation fault) - core dumped'], 'aarch64') ?? '',
    /^a program of the image failed under qemu-aarch64/,
  )
  t.is(emulationAdvice(['E: Unable to locate package nosuchthing'], 'ppc64le'), undefined)
})
