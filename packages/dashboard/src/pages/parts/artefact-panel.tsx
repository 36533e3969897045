import { listArtefacts } from '../api/api.ts';
import { addressOf } from '../api/request.ts';
import { useLoad } from '../state/use-load.ts';
import { formatBytes } from '../text/units.ts';

/** What a run made, to be downloaded. @param version Changes whenever there may be more. */
export function ArtefactPanel({ id, version }: { id: string; version: string }) {
  const { value } = useLoad(`${id} ${version}`, (signal) => listArtefacts(id, signal));
  if (value === undefined || value.length === 0) return null;
  return (
    <section aria-labelledby="artefacts-title">
      <h3 id="artefacts-title">Artefacts</h3>
      <ul class="artefacts">
        {value.map(({ path, size, sha256, url }) => (
          <li key={path}>
            <a href={addressOf(url.replace(/^\//, ''))} download={path.split('/').at(-1)}>
              {path}
            </a>
            <span class="soft small number">{size === undefined ? '' : formatBytes(size)}</span>
            {sha256 !== undefined && (
              <span class="soft small mono" title={sha256}>
                sha256 {sha256.slice(0, 12)}
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
