// Validates CycloneDX 1.5 documents against the official schema, strictly:
//
//   node validate.mjs FOLDER_OF_NODE_MODULES FILE...
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [folder, ...files] = process.argv.slice(2)
const { Spec, Validation } = createRequire(join(folder, 'package.json'))('@cyclonedx/cyclonedx-library')
const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot5)
let failures = 0
const check = async (name, text, isValid) => {
  const error = await validator.validate(text)
  if ((error === null) === isValid) return
  ++failures
  console.error(name, isValid ? JSON.stringify(error).slice(0, 2000) : 'passes, though it is wrong: the validator sleeps')
}
for (const file of files) {
  const text = readFileSync(file, 'utf8')
  await check(file, text, true)
  // What must fail, so that it is known that something was looked at.
  const broken = JSON.parse(text)
  broken.components.push({ type: 'nonsense', name: 7 })
  await check(file, JSON.stringify(broken), false)
}
console.log(`${files.length} documents, ${failures} failures`)
process.exit(files.length > 0 && failures === 0 ? 0 : 1)
