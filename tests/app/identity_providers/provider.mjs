// A real provider of identities on loopback, for the tests: `node provider.mjs REDIRECT_URI`.
// It prints its port. Who signs in, and at what level, is said by the login form of /interaction.
import http from 'node:http';
import { generateKeyPair, exportJWK } from 'jose';
import { Provider } from 'oidc-provider';

const [redirectUri] = process.argv.slice(2);
const server = http.createServer();
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const { port } = server.address();
const issuer = `http://127.0.0.1:${port}`;

async function newKey(kid) {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' };
}

const adapterStore = new Map();
class Kept {
  constructor(name) { this.name = name; }
  key(id) { return `${this.name}:${id}`; }
  async upsert(id, payload) { adapterStore.set(this.key(id), payload); }
  async find(id) { return adapterStore.get(this.key(id)); }
  async findByUid(uid) {
    return [...adapterStore.entries()].find(([key, item]) => key.startsWith(this.name) && item.uid === uid)?.[1];
  }
  async consume(id) { adapterStore.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { adapterStore.delete(this.key(id)); }
  async revokeByGrantId() {}
}

function build(keys) {
  const provider = new Provider(issuer, {
    adapter: Kept,
    jwks: { keys },
    cookies: { keys: ['a key of the tests'] },
    clients: [{
      client_id: 'atelier',
      client_secret: 'secret-of-the-tests+/=',
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [redirectUri.replace('/connexion/fournisseur/retour', '/connexion')],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    }],
    scopes: ['openid', 'scope_all', 'profile', 'email'],
    claims: { openid: ['sub'], acr: null, scope_all: ['SubjectNameID', 'family_name'] },
    acrValues: ['eidas1', 'eidas2'],
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, SubjectNameID: id.startsWith('nothing') ? undefined : id, family_name: 'Durand' }),
    }),
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid scope_all profile email');
      await grant.save();
      return grant;
    },
  });
  return provider;
}

let provider = build([await newKey('first')]);
server.on('request', async (req, res) => {
  const address = new URL(req.url, issuer);
  if (address.pathname.startsWith('/interaction/')) {
    const login = { accountId: address.searchParams.get('who'), remember: false };
    if (address.searchParams.get('acr')) login.acr = address.searchParams.get('acr');
    const result = address.searchParams.get('who') ? { login } : { error: 'access_denied' };
    return provider.interactionFinished(req, res, result);
  }
  if (address.pathname === '/rotate') {
    provider = build([await newKey(`other-${Date.now()}`)]);
    return res.end('ok');
  }
  return provider.callback()(req, res);
});
console.log(port);
