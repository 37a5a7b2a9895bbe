// Compiles app.scss and copies the scripts into the package. Run it with `make assets`.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile } from 'sass'

const here = dirname(fileURLToPath(import.meta.url))
const modules = join(here, 'node_modules')
const target = join(here, '..', 'vfm_workflow', 'web', 'static')
const govuk = join(modules, 'govuk-frontend', 'dist', 'govuk')

const { css } = compile(join(here, 'app.scss'), {
  loadPaths: [modules],
  style: 'compressed',
  quietDeps: true
})
for (const forbidden of ['GDS Transport', '@font-face', 'govuk-crest', '.woff']) {
  if (css.includes(forbidden)) throw new Error(`app.css must not carry ${forbidden}: only GOV.UK itself may use it.`)
}
writeFileSync(join(target, 'app.css'), css.trimEnd() + '\n')

// The licence asks that its notice travels with the copies.
const notice = '/*! govuk-frontend, copyright (c) 2017 Crown Copyright (Government Digital Service), MIT licence */\n'
const script = readFileSync(join(govuk, 'govuk-frontend.min.js'), 'utf8').replace(/\/\/# sourceMappingURL=.*\s*$/, '')
writeFileSync(join(target, 'govuk-frontend.min.js'), notice + script.trimEnd() + '\n')
writeFileSync(join(target, 'app.js'), readFileSync(join(here, 'app.mjs'), 'utf8'))
