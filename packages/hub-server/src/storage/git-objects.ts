import { createHash } from 'node:crypto';

/*
 * Identities as git computes them, so that ids of commits, folders and files are what a git clone of the same content
 * would show. Formats: "Git Internals - Git Objects" of the git book.
 */

function objectId(kind: 'blob' | 'tree' | 'commit', body: Uint8Array): string {
  return createHash('sha1').update(`${kind} ${body.length}\0`).update(body).digest('hex');
}

/** Id of a file's content. */
export function blobId(content: Uint8Array): string {
  return objectId('blob', content);
}

/** The text that git keeps in place of a file that lies in Large File Storage. */
export function lfsPointer(file: { sha256: string; size: number }): Buffer {
  return Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${file.sha256}\nsize ${file.size}\n`);
}

interface TreeNode {
  files: Map<string, string>;
  folders: Map<string, TreeNode>;
}

/** Ids of all folders by path; the root's path is the empty string. */
export function treeIds(files: Iterable<{ path: string; oid: string }>): Map<string, string> {
  const root: TreeNode = { files: new Map(), folders: new Map() };
  for (const { path, oid } of files) {
    const parts = path.split('/');
    const name = parts.pop() ?? '';
    let node = root;
    for (const part of parts) {
      let next = node.folders.get(part);
      if (next === undefined) {
        next = { files: new Map(), folders: new Map() };
        node.folders.set(part, next);
      }
      node = next;
    }
    node.files.set(name, oid);
  }
  const ids = new Map<string, string>();
  nameTree({ node: root, path: '', ids });
  return ids;
}

function nameTree({ node, path, ids }: { node: TreeNode; path: string; ids: Map<string, string> }): string {
  const entries: { sortKey: Buffer; line: Buffer }[] = [];
  const add = (name: string, oid: string, folder: boolean) => {
    entries.push({
      // git sorts a folder as if its name ended with a slash.
      sortKey: Buffer.from(folder ? `${name}/` : name),
      line: Buffer.concat([Buffer.from(`${folder ? '40000' : '100644'} ${name}\0`), Buffer.from(oid, 'hex')]),
    });
  };
  for (const [name, oid] of node.files) add(name, oid, false);
  for (const [name, child] of node.folders) {
    add(name, nameTree({ node: child, path: path === '' ? name : `${path}/${name}`, ids }), true);
  }
  entries.sort((a, b) => Buffer.compare(a.sortKey, b.sortKey));
  const id = objectId('tree', Buffer.concat(entries.map((entry) => entry.line)));
  ids.set(path, id);
  return id;
}

/** Id of a commit. */
export function commitId(commit: {
  tree: string;
  parents: readonly string[];
  author: string;
  date: Date;
  title: string;
  message: string;
}): string {
  const seconds = Math.floor(commit.date.getTime() / 1000);
  const signature = `${commit.author} <${commit.author}@users.noreply.hub> ${seconds} +0000`;
  const text = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${signature}`,
    `committer ${signature}`,
    '',
    commit.message === '' ? commit.title : `${commit.title}\n\n${commit.message}`,
    '',
  ].join('\n');
  return objectId('commit', Buffer.from(text));
}
