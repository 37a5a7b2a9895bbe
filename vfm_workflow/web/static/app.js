// The pages work without this file. With it: GOV.UK's components come alive, and long drafts save themselves.
import { initAll } from './govuk-frontend.min.js'

const WAIT_AFTER_TYPING = 1500
const WAIT_AFTER_FAILURE = 30000
const SIGNED_OUT =
  'Not saved: you are signed out. Sign in again in another tab, then carry on: what you typed is still here.'

// What a form would send, without its files: they travel once, when the form itself is sent.
function fieldsOf(form) {
  const fields = new URLSearchParams()
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string') fields.append(name, value)
  }
  return fields
}

// Returns {saved, at, revision} or {saved: false, message, retry}, and never throws.
async function post(url, form, keepalive) {
  let response
  try {
    response = await fetch(url, {
      method: 'POST',
      body: fieldsOf(form),
      headers: { Accept: 'application/json', 'X-Autosave': '1' },
      credentials: 'same-origin',
      redirect: 'manual',
      keepalive
    })
  } catch {
    return { saved: false, message: 'Not saved: the server cannot be reached. We will try again.', retry: true }
  }
  // A redirect here can only lead to the sign-in page.
  if (response.type === 'opaqueredirect' || response.status === 401) {
    return { saved: false, message: SIGNED_OUT, retry: true }
  }
  try {
    const reply = await response.json()
    if (reply.saved) return reply
    const message = reply.message || `the server answered ${response.status}.`
    const said = message.startsWith('Not saved') ? message : `Not saved: ${message}`
    return { saved: false, message: said, revision: reply.revision }
  } catch {
    const message = `Not saved: the server answered ${response.status}. We will try again.`
    return { saved: false, message, retry: true }
  }
}

function autosave(form) {
  const status =
    form.querySelector('[data-autosave-status]') ?? document.querySelector('[data-autosave-status]')
  let timer
  let saving = null
  let unsaved = false // typed since the last save began
  let failed = false
  let leaving = false

  function say(text) {
    if (!status) return
    // The same words twice would be read out twice.
    if (status.textContent !== text) status.textContent = text
    status.classList.toggle('is-unsaved', failed)
  }

  function wait(milliseconds) {
    clearTimeout(timer)
    timer = setTimeout(save, milliseconds)
  }

  async function send(keepalive) {
    unsaved = false
    const reply = await post(form.dataset.autosave, form, keepalive)
    failed = !reply.saved
    // A draft that is saved in part carries the marks of what was saved.
    const revision = form.elements.namedItem('revision')
    if (revision && reply.revision !== undefined) revision.value = reply.revision
    if (reply.saved) {
      say(`Saved at ${reply.at}`)
    } else {
      say(reply.message)
      if (reply.retry && !leaving) wait(WAIT_AFTER_FAILURE)
    }
  }

  // One save at a time: a second would carry a revision that the first has just made stale.
  async function save(keepalive = false) {
    clearTimeout(timer)
    if (saving) {
      await saving
      if (!unsaved) return
    }
    saving = send(keepalive === true).finally(() => (saving = null))
    await saving
  }

  form.addEventListener('input', () => {
    unsaved = true
    wait(WAIT_AFTER_TYPING)
  })

  form.addEventListener('submit', (event) => {
    clearTimeout(timer)
    leaving = true
    if (!saving) return
    event.preventDefault()
    saving.finally(() => form.requestSubmit(event.submitter ?? undefined))
  })

  // Back from another page, out of the browser's cache: carry on saving.
  window.addEventListener('pageshow', () => (leaving = false))

  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden' && unsaved && !leaving) save(true)
  })

  window.addEventListener('beforeunload', (event) => {
    // What is merely unsaved leaves with the page, above; ask only where that cannot work.
    if ((failed || (saving && unsaved)) && !leaving) event.preventDefault()
  })
}

// Keeps true what the page said, when it was loaded, of how many words a box holds: under it and in the list of boxes.
function countWords(box) {
  const places = document.querySelectorAll(`[data-words-of="${box.id}"]`)
  box.addEventListener('input', () => {
    const words = box.value.split(/\s+/).filter(Boolean).length
    for (const place of places) say(place, words, Number(place.dataset.least))
  })

  function say(place, words, least) {
    const tag = place.querySelector('.govuk-tag')
    const enough = words >= least
    tag.className = `govuk-tag govuk-tag--${enough ? 'green' : words ? 'yellow' : 'grey'}`
    tag.textContent = enough ? 'Enough' : words ? 'Too short' : 'Not written'
    const [said, last] = enough ? [words, words] : [words ? `${words} of at least ${least}` : `at least ${least}`, least]
    tag.nextSibling.textContent = ` ${said} ${last === 1 ? 'word' : 'words'}`
  }
}

// A framed mail is as tall as what is in it. Without this file its height is a guess, on the generous side.
function fit(frame) {
  function measure() {
    const page = frame.contentDocument?.documentElement
    if (!page) return
    frame.height = 0 // else the page is never shorter than the frame
    frame.height = page.scrollHeight
  }
  frame.addEventListener('load', measure)
  window.addEventListener('resize', measure)
  measure()
}

initAll()
document.querySelectorAll('textarea[data-counted]').forEach(countWords)
document.querySelectorAll('form[data-autosave]').forEach(autosave)
document.querySelectorAll('iframe[data-fit]').forEach(fit)
