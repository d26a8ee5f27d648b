// Writes posts. A post that is there already is never written over.
const fs = require('fs')
const path = require('path')
const say = message => fs.writeSync(3, JSON.stringify(message) + '\n')
function fail (summary, hint = '') {
  say({ error: { summary, hint } })
  process.exit(1)
}

let settings
try {
  const request = JSON.parse(fs.readFileSync(0, 'utf8').split('\n')[0])
  if (request.protocol !== 1) throw new Error('unknown protocol')
  settings = request.settings
  if (typeof settings.site !== 'string') throw new Error('no site')
} catch (error) {
  fail(`invalid request: ${error.message}`)
}

const target = path.join(settings.site, 'source', settings.draft ? '_drafts' : '_posts')
if (!fs.existsSync(path.join(settings.site, '_config.yml'))) fail(`${settings.site} is no Hexo site: it has no _config.yml`, 'correct "site"')
fs.mkdirSync(target, { recursive: true })

const slug = title => title.trim().toLowerCase().replace(/[\s/\\?%*:|"<>.#&]+/g, '-').replace(/^-+|-+$/g, '') || 'post'
function write (title, text) {
  const file = path.join(target, slug(title) + '.md')
  const now = new Date().toISOString().replace('T', ' ').slice(0, 19)
  const head = ['---', `title: ${JSON.stringify(title)}`, `date: ${now}`, ...(settings.tags.length ? [`tags: ${JSON.stringify(settings.tags)}`] : []), '---', '', '']
  // What has a head of its own keeps it.
  if (/^---\r?\n/.test(text)) head.length = 0
  try {
    fs.writeFileSync(file, head.join('\n') + text.replace(/^\s+/, '') + '\n', { flag: 'wx' })
  } catch (error) {
    if (error.code === 'EEXIST') fail(`there is a post ${path.basename(file)} already`, 'choose another title, or remove it')
    throw error
  }
  console.log(`wrote ${file}`)
}

let count = 0
if (settings.inbox) {
  if (!fs.existsSync(settings.inbox)) fail(`the folder ${settings.inbox} does not exist`, 'correct "inbox", or create it')
  const names = fs.readdirSync(settings.inbox).filter(name => name.endsWith('.md')).sort()
  const posted = path.join(settings.inbox, 'posted')
  for (const name of names) {
    const text = fs.readFileSync(path.join(settings.inbox, name), 'utf8')
    // The title is a heading at the very beginning, else the file's name.
    const heading = text.match(/^\s*#\s+(.+)\r?\n?/)
    write(heading ? heading[1] : path.basename(name, '.md'), heading ? text.slice(heading[0].length) : text)
    fs.mkdirSync(posted, { recursive: true })
    let place = path.join(posted, name)
    for (let number = 2; fs.existsSync(place); number++) place = path.join(posted, `${path.basename(name, '.md')}-${number}.md`)
    fs.renameSync(path.join(settings.inbox, name), place)
    say({ progress: { step: 'writing', done: ++count, total: names.length, unit: 'posts' } })
  }
} else {
  if (!settings.title) fail('there is neither an "inbox" nor a "title"', 'set one of them')
  write(settings.title, settings.text)
  count = 1
}
say({ output: { posts: count } })
say({ result: { summary: count === 1 ? 'one post written' : `${count} posts written` } })
