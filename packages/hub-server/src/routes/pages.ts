import { Hono } from 'hono';
import { html } from 'hono/html';
import { maySee } from '../http/access.ts';
import { readCard, readText } from '../http/card.ts';
import { HubRefusal } from '../http/errors.ts';
import { callerOf, type Hub, type HubEnv, type HubRequest, locate, openRepo, rawParts } from '../http/request.ts';
import type { RepoType } from '../options.ts';
import type { Repository } from '../storage/repository.ts';

type Markup = ReturnType<typeof html>;

/** What a browser sees: repositories, the files and card of one, and its discussions. No scripts, nothing from elsewhere. */
export function pageRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  app.get('/', async (c) => {
    const models = await visible(hub, c, 'model');
    const datasets = await visible(hub, c, 'dataset');
    return page(c, {
      title: 'Hub',
      body: html`<h2>Models</h2>${linkList(models)}<h2>Datasets</h2>${linkList(datasets)}`,
    });
  });
  for (const [prefix, skip] of [
    ['/datasets', 3],
    ['', 2],
  ] as const) {
    const base = `${prefix}/:namespace/:name`;
    app.get(base, (c) => repositoryPage(hub, c, ['main']));
    app.get(`${base}/:verb{tree|commit}/*`, (c) => repositoryPage(hub, c, rawParts(c).slice(skip + 1)));
    app.get(`${base}/blob/*`, (c) => c.redirect(new URL(c.req.url).pathname.replace('/blob/', '/resolve/'), 302));
    app.get(`${base}/discussions/:number{[0-9]+}`, (c) => discussionPage(hub, c));
  }
  return app;
}

async function repositoryPage(hub: Hub, c: HubRequest, parts: readonly string[]): Promise<Response> {
  const { repository } = await openRepo(hub, c);
  const { revision, commit, path } = await locate(repository, parts);
  const files = commit.files.filter((file) => path === '' || file.path.startsWith(`${path}/`));
  const { tags } = await readCard(repository, commit);
  const card = await readText(repository, commit, 'README.md');
  const at = encodeURIComponent(revision);
  return page(c, {
    title: repository.id,
    body: html`<p>${repository.type}, revision ${revision}, commit <code>${commit.id}</code>: ${commit.title}
(${commit.author}, ${commit.date})</p>
<p>${tags.map((tag) => html`<span class="tag">${tag}</span> `)}</p>
<table>${files.map(
      (
        file,
      ) => html`<tr><td><a href="${homeOf(repository)}/resolve/${at}/${encodePath(file.path)}">${file.path}</a></td>
<td class="number">${file.size.toLocaleString('en')}</td><td><code>${file.lfs ? file.sha256 : file.oid}</code></td></tr>
`,
    )}</table>
${card === undefined ? '' : html`<h2>README.md</h2><pre>${card}</pre>`}`,
  });
}

async function discussionPage(hub: Hub, c: HubRequest): Promise<Response> {
  const { repository } = await openRepo(hub, c);
  const discussion = await repository.discussions.get(Number(c.req.param('number')));
  if (discussion === undefined) throw new HubRefusal({ status: 404, message: 'Discussion not found' });
  const ref = `refs/pr/${discussion.number}`;
  return page(c, {
    title: `${discussion.title} #${discussion.number}`,
    body: html`<p><a href="${homeOf(repository)}">${repository.id}</a>,
${discussion.isPullRequest ? html`pull request <a href="${homeOf(repository)}/tree/${encodeURIComponent(ref)}">${ref}</a>` : 'discussion'}
by ${discussion.author}: ${discussion.status}</p>
${discussion.events.map(
  (event) => html`<h3>${event.type}, ${event.author}, ${event.createdAt}</h3>
<pre>${Object.values(event.data).map(String).join('\n')}</pre>`,
)}`,
  });
}

async function visible(hub: Hub, c: HubRequest, type: RepoType): Promise<Repository[]> {
  const caller = callerOf(hub, c);
  const shown: Repository[] = [];
  for (const repository of await hub.store.list(type)) {
    const settings = await repository.settings();
    if (settings !== undefined && maySee(caller, repository.namespace, settings)) shown.push(repository);
  }
  return shown;
}

function linkList(repositories: readonly Repository[]): Markup {
  return html`<ul>${repositories.map(
    (repository) => html`<li><a href="${homeOf(repository)}">${repository.id}</a></li>
`,
  )}</ul>`;
}

function homeOf({ type, id }: { type: RepoType; id: string }): string {
  return `/${type === 'model' ? '' : 'datasets/'}${id}`;
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td{padding:.2rem 1rem .2rem 0;border-bottom:1px solid #8884}
td code{font-size:.75rem;word-break:break-all}.number{text-align:right}pre{white-space:pre-wrap}
.tag{border:1px solid #8888;border-radius:.3rem;padding:0 .4rem;font-size:.85rem}`;

async function page(c: HubRequest, { title, body }: { title: string; body: Markup }): Promise<Response> {
  c.header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
  c.header('X-Content-Type-Options', 'nosniff');
  return c.html(
    html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${STYLE}</style></head>
<body><h1>${title}</h1>${await body}</body></html>
`,
  );
}
