// A real server of the AT Protocol behind a proxy, and its own client in front.
//
//     node tests/real_pds.mjs target/node
//
// Prints the port of the server; reads the addresses of two proxies before it, of which the second lets repositories be
// imported; and posts through the first: a line for each thing that was tried, its name and what came of it. The packages
// are taken from the folder that is given. Everything listens on the loopback interface only.

import { createRequire } from 'node:module'
import { Server } from 'node:net'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

const listen = Server.prototype.listen
Server.prototype.listen = function (where, ...more) {
  const options = typeof where === 'object' ? where : { port: Number(where) }
  return listen.call(this, { ...options, host: '127.0.0.1' }, ...more.filter((one) => typeof one === 'function'))
}

const require = createRequire(`${resolve(process.argv[2])}/`)
const { TestNetworkNoAppView } = require('@atproto/dev-env')
const { AtpAgent } = require('@atproto/api')

const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgAB5Sfe/AAAAABJRU5ErkJggg==',
  'base64',
)
const LINKS = { fine: 'https://fine.example/page', listed: 'https://listed.example/a' }
const CAR = { encoding: 'application/vnd.ipld.car' }
const COLLECTIONS = ['app.bsky.feed.post', 'app.bsky.actor.profile', 'app.bsky.graph.list']

// The server names its own port as the one for clients, where the name of a real one leads to the proxy.
const client = (proxy) =>
  new AtpAgent({
    service: proxy,
    fetch: (url, init) => {
      const { pathname, search } = new URL(url instanceof Request ? url.url : url)
      return fetch(new URL(pathname + search, proxy), url instanceof Request ? url : init)
    },
  })

const post = (more) => ({ $type: 'app.bsky.feed.post', text: 'see this', createdAt: new Date().toISOString(), ...more })
const external = (uri, title = 'a') => ({
  $type: 'app.bsky.embed.external',
  external: { uri, title, description: 'b' },
})
const image = (image, alt) => ({ $type: 'app.bsky.embed.images', images: [{ image, alt }] })
const facet = (uri) => ({
  index: { byteStart: 4, byteEnd: 8 },
  features: [{ $type: 'app.bsky.richtext.facet#link', uri }],
})

// Each gives the address of what it stored.
function attempts(agent, link, quoted, blob) {
  const [repo, api] = [agent.assertDid, agent.com.atproto.repo]
  const create = (record, collection = record.$type) =>
    api.createRecord({ repo, collection, record }).then(({ data }) => data.uri)
  const withMedia = (media) => ({ $type: 'app.bsky.embed.recordWithMedia', record: { record: quoted }, media })
  const put = (collection, rkey, record) =>
    api.putRecord({ repo, collection, rkey, record }).then(({ data }) => data.uri)
  return {
    text: async () => (await agent.post(post({ text: `see ${link}` }))).uri,
    facet: () => create(post({ facets: [facet(link)] })),
    external: () => create(post({ embed: external(link) })),
    title: () => create(post({ embed: external('https://fine.example/', `see ${link}`) })),
    'alternative text': () => create(post({ embed: image(blob, `see ${link}`) })),
    'record with media': () => create(post({ embed: withMedia(external(link)) })),
    'record with pictures': () => create(post({ embed: withMedia(image(blob, link)) })),
    tag: () => create(post({ tags: [link] })),
    put: () => put('app.bsky.feed.post', '3kaaaaaaaaa2a', post({ text: `see ${link}` })),
    writes: async () => {
      const create = (value) => ({
        $type: 'com.atproto.repo.applyWrites#create',
        collection: 'app.bsky.feed.post',
        value,
      })
      const writes = [create(post({ text: 'first' })), create(post({ facets: [facet(link)] }))]
      return (await api.applyWrites({ repo, writes })).data.results[1].uri
    },
    profile: () => put('app.bsky.actor.profile', 'self', { $type: 'app.bsky.actor.profile', description: `at ${link}` }),
    list: () =>
      create({
        $type: 'app.bsky.graph.list',
        purpose: 'app.bsky.graph.defs#curatelist',
        name: 'a',
        description: link,
        createdAt: new Date().toISOString(),
      }),
  }
}

async function stored(agent, uri) {
  const [repo, collection, rkey] = uri.slice('at://'.length).split('/')
  return JSON.stringify((await agent.com.atproto.repo.getRecord({ repo, collection, rkey })).data.value)
}

async function tell(name, attempt) {
  try {
    console.log(`${name}: ${await attempt()}`)
  } catch (error) {
    console.log(`${name}: ${error.status} ${error.error} ${error.message}`)
  }
}

async function main() {
  const network = await TestNetworkNoAppView.create({})
  console.log(new URL(network.pds.url).port)
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  const [proxy, importing] = [(await lines.next()).value, (await lines.next()).value]
  const agent = client(proxy)
  const account = { handle: 'someone.test', email: 'someone@mail.test', password: 'a long password' }
  await tell('account', async () => (await agent.createAccount(account)).data.handle)
  await tell('login', async () => (await agent.login({ identifier: account.handle, password: account.password })).success)
  const { uri, cid } = await agent.post(post({}))
  const { blob } = (await agent.uploadBlob(PICTURE, { encoding: 'image/png' })).data
  console.log(`blob: ${blob.size}`)
  for (const [kind, link] of Object.entries(LINKS)) {
    for (const [name, attempt] of Object.entries(attempts(agent, link, { uri, cid }, blob))) {
      await tell(`${kind} ${name}`, async () => ((await stored(agent, await attempt())).includes(link) ? 'stored' : 'lost'))
    }
  }
  const direct = network.pds.getClient()
  const all = COLLECTIONS.map((collection) =>
    direct.com.atproto.repo.listRecords({ repo: agent.assertDid, collection, limit: 100 }),
  )
  const records = (await Promise.all(all)).flatMap(({ data }) => data.records)
  console.log(`records: ${records.length}, listed: ${JSON.stringify(records).split('listed.example').length - 1}`)
  const archive = (await agent.com.atproto.sync.getRepo({ did: agent.assertDid })).data
  await tell('import', async () => (await agent.com.atproto.repo.importRepo(archive, CAR)).success)
  const allowed = client(importing)
  await allowed.login({ identifier: account.handle, password: account.password })
  await tell('allowed import', async () => (await allowed.com.atproto.repo.importRepo(archive, CAR)).success)
  await network.close()
  process.exit(0)
}

await main()
